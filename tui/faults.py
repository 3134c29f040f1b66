"""A mistake of ours ends one step, and not the application: it is told in a toast, kept in a log, and life goes on.

Textual's way is to end. It calls `App._handle_exception`, and of a widget whose handler raised it stops the message
loop as well, so that a hook there would leave a dead widget on the screen. So what raises is caught where every
message of every widget passes, and where every widget is drawn.
"""

import os
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.text import Text
from textual.app import App
from textual.events import Ready
from textual.geometry import Region
from textual.message import Message
from textual.message_pump import MessagePump
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import Worker, WorkerFailed, WorkerState

from inspector.core.text import safe, safe_lines, shorten

SPIN_FAULTS = 5
SPIN_S = 1.0
"""So many mistakes within so long, and it will not get better."""
AGAIN_S = 5.0
"""How long the same mistake is not told a second time."""
LOG_MAX_BYTES = 1024 * 1024
"""A log that has grown longer is begun anew."""
SENTENCE_MAX = 200


class Faults:
    """What went wrong in one application."""

    def __init__(
        self, app: App[None], log: Path, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._app = app
        self._log = log
        self._clock = clock
        self._times: deque[float] = deque(maxlen=SPIN_FAULTS)
        self._told: tuple[str, float] = ("", 0.0)
        self.taking = False
        """Whether the application is up. What cannot even start had better say so and end."""
        self.ended = False

    def take(self, error: Exception) -> None:
        """Log a mistake and tell it; end the application if it makes one after the other."""
        if self.ended:
            return
        if isinstance(error, WorkerFailed):
            error = error.error if isinstance(error.error, Exception) else error
        self.keep(error)
        now = self._clock()
        self._times.append(now)
        said = safe(f"{type(error).__name__}: {error}")
        if len(self._times) == SPIN_FAULTS and now - self._times[0] < SPIN_S:
            self._end(said)
        else:
            self._tell(said, now)

    def keep(self, error: BaseException) -> None:
        """Write a mistake into the log, which only this user can read."""
        lines = "".join(traceback.format_exception(error))
        entry = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {safe_lines(lines)}\n"
        with suppress(OSError):  # the disk may be what is wrong
            descriptor = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
                if file.tell() > LOG_MAX_BYTES:
                    file.truncate(0)
                file.write(entry)

    def _tell(self, said: str, now: float) -> None:
        before, when = self._told
        if said == before and now - when < AGAIN_S:
            return
        self._told = (said, now)
        self._app.notify(
            f"{shorten(said, SENTENCE_MAX)}\n(see {self._log})",
            title="A mistake of hooktap's; it goes on",
            severity="error",
        )

    def _end(self, said: str) -> None:
        self.ended = True
        sentence = (
            f"hooktap: the terminal failed {SPIN_FAULTS} times within a second and has ended: "
            f"{shorten(said, SENTENCE_MAX)} (see {self._log}). No delivery is lost: start it again."
        )
        self._app.exit(return_code=1, message=Text(sentence))


@contextmanager
def surviving(app: App[None], log: Path) -> Iterator[Faults]:
    """Have `app`, run within the block, survive whatever its handlers, workers and widgets raise."""
    faults = Faults(app, log)
    dispatch, render = MessagePump._dispatch_message, Widget.render_lines  # noqa: SLF001
    panic = app._handle_exception  # noqa: SLF001

    async def dispatched(pump: MessagePump, message: Message) -> None:
        faults.taking |= isinstance(message, Ready)
        try:
            await dispatch(pump, message)
        except Exception as error:
            if not faults.taking:
                raise
            faults.take(error)
        if isinstance(message, Worker.StateChanged) and message.state is WorkerState.ERROR:
            _worker_failed(faults, pump, message.worker)

    def rendered(widget: Widget, crop: Region) -> list[Strip]:
        try:
            return render(widget, crop)
        except Exception as error:
            if not faults.taking:
                raise
            faults.take(error)
            return [Strip.blank(crop.width)] * crop.height

    def handled(error: Exception) -> None:
        (faults.take if faults.taking else panic)(error)

    MessagePump._dispatch_message = dispatched  # type: ignore[method-assign,assignment]  # noqa: SLF001
    Widget.render_lines = rendered  # type: ignore[method-assign,assignment]
    app._handle_exception = handled  # type: ignore[method-assign]  # noqa: SLF001
    try:
        yield faults
    finally:
        MessagePump._dispatch_message = dispatch  # type: ignore[method-assign]  # noqa: SLF001
        Widget.render_lines = render  # type: ignore[method-assign]
        del app._handle_exception  # noqa: SLF001


def _worker_failed(faults: Faults, pump: MessagePump, worker: Worker[object]) -> None:
    """Keep what ended a worker; tell it where neither Textual nor the worker's screen does."""
    if worker.error is None:
        return
    if worker.exit_on_error:  # taken already, as WorkerFailed
        return
    if not hasattr(pump, "on_worker_state_changed") and isinstance(worker.error, Exception):
        faults.take(worker.error)
    else:
        faults.keep(worker.error)
