"""The terminal, `hooktap`, in a window of its own: keys go in, and what it writes comes out with the moment it came."""

import contextlib
import fcntl
import os
import select
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.benches.contestants import program
from scripts.benches.processes import END_S
from scripts.screen import Screen

COLUMNS, ROWS = 120, 40
WAIT_S = 60
"""For whatever it is to show: only so that a bench that has gone wrong ends."""
READ_BYTES = 65536
IDLE_S = 0.1
BOOKMARK = "bookmark.json"
"""Where the last terminal was left: the next one goes on there."""

Sight = Callable[[Screen], bool]
"""Whether something stands on the screen."""


class UnseenError(Exception):
    """The terminal has not shown what it was to show, or has ended."""


class Terminal:
    """A running terminal and its screen. It has to be read always: who writes more than a window holds, waits."""

    def __init__(self, process: subprocess.Popen[bytes], descriptor: int, started_s: float) -> None:
        self.pid = process.pid
        self.started_s = started_s
        """When its program was started, as all moments by `time.perf_counter`."""
        self.screen = Screen(COLUMNS, ROWS)
        self._descriptor = descriptor

    def press(self, keys: str) -> float:
        """Write keys, as they come from a keyboard; return when."""
        pressed_s = time.perf_counter()
        os.write(self._descriptor, keys.encode())
        return pressed_s

    def until(self, is_there: Sight, what: str, wait_s: float = WAIT_S) -> float:
        """Read until something stands on the screen; return when the last bytes of it had been read.

        What it takes to find out is not in it. Raises UnseenError.
        """
        read_s = time.perf_counter()
        give_up_s = read_s + wait_s
        while not is_there(self.screen):
            arrived = self._read(give_up_s - time.perf_counter())
            if not arrived:
                raise UnseenError(f"the terminal does not show {what}:\n{self.screen}")
            read_s = time.perf_counter()
            self.screen.feed(arrived)
        return read_s

    def painted_ms(self, keys: str, is_there: Sight, what: str) -> float:
        """Press keys; return how long it then takes until something stands on the screen. Raises UnseenError."""
        pressed_s = self.press(keys)
        return (self.until(is_there, what) - pressed_s) * 1000

    def rest(self, seconds: float) -> None:
        """Go on reading for a while, and have everything on the screen that was written by then."""
        end_s = time.perf_counter() + seconds
        while (left_s := end_s - time.perf_counter()) > 0:
            self.screen.feed(self._read(left_s))

    @contextlib.contextmanager
    def unwatched(self) -> Iterator[None]:
        """Read in a thread, without looking, while something else is done that blocks. The screen is stale then."""
        is_over = threading.Event()

        def read() -> None:
            with contextlib.suppress(UnseenError):  # whoever looks next is told
                while not is_over.is_set():
                    self._read(IDLE_S)

        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _read(self, wait_s: float) -> bytes:
        readable, _, _ = select.select([self._descriptor], [], [], max(0.0, wait_s))
        if not readable:
            return b""
        try:
            return os.read(self._descriptor, READ_BYTES)
        except OSError as error:  # EIO: nobody has the other end open any more
            raise UnseenError(f"the terminal has ended:\n{self.screen}") from error


@contextlib.contextmanager
def opened(data_dir: Path, folder: Path) -> Iterator[Terminal]:
    """Run the terminal on the inspector that runs in `data_dir`, as for the first time, and end it afterwards.

    It runs in `folder`, so that nobody's hooktap.toml is found.
    """
    (data_dir / BOOKMARK).unlink(missing_ok=True)
    ours, its = os.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    started_s = time.perf_counter()
    process = subprocess.Popen(
        (program(), "--data-dir", str(data_dir.absolute())),
        cwd=folder,
        env=_environ(folder),
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
    )
    os.close(its)
    terminal = Terminal(process, ours, started_s)
    try:
        yield terminal
    finally:
        _quit(terminal, process)
        os.close(ours)


def _quit(terminal: Terminal, process: subprocess.Popen[bytes]) -> None:
    try:
        with terminal.unwatched():
            process.terminate()
            process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environ(folder: Path) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("HOOKTAP_")}
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        ours.pop(name, None)
    colours = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    return ours | colours | {"XDG_CONFIG_HOME": str(folder)}
