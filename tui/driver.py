"""Textual's driver for terminals, made to outlive its terminal: what is drawn on a closed window goes nowhere."""

import io
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class TerminalDriver(LinuxDriver):
    """Draws on a terminal that may stand still, be stopped and continued, or be gone at any moment."""

    def __init__(
        self,
        app: App[object],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        assert self._file is not None, "the command line has looked whether there is a terminal"
        # Textual's writing thread dies of the first EIO, and its queue of 30 then blocks the event loop for ever.
        self._file = io.TextIOWrapper(
            io.BufferedWriter(_Window(self._file.fileno(), "w", closefd=False)),
            encoding=self._file.encoding,
            errors=self._file.errors,
            newline="",
        )
        signal.signal(signal.SIGCONT, self._continued)
        self._is_lent = False
        """Whether another program has the terminal."""

    def write(self, data: str) -> None:
        """Draw, unless another program has the terminal: all is drawn anew afterwards.

        Nobody would take it then from the queue of 30, which would block the event loop for ever.
        """
        if not self._is_lent:
            super().write(data)

    def suspend_application_mode(self) -> None:
        """Leave the terminal to another program, or to the shell."""
        super().suspend_application_mode()
        self._is_lent = True

    def resume_application_mode(self) -> None:
        """Take the terminal back."""
        self._is_lent = False
        super().resume_application_mode()

    def run_input_thread(self) -> None:
        """Read keys until the terminal is gone."""
        with suppress(OSError):  # EIO; whoever watches the terminal ends the application
            super().run_input_thread()

    def _continued(self, *_: object) -> None:
        """SIGCONT: the process was stopped; or the window was closed, with which the kernel sends one too.

        Textual starts its threads a second time then, also where the first are running: the new ones take over the
        queue, the old ones are never told to end. And all that in a signal handler, which may interrupt the very write
        whose lock it needs. So it waits for the event loop.
        """
        self._loop.call_soon_threadsafe(self._draw_anew)

    def _draw_anew(self) -> None:
        if not (self._auto_restart and os.isatty(self.fileno)):
            return
        if not self._must_signal_resume:  # stopped by SIGSTOP, which nobody is told of
            self.suspend_application_mode()
        self.resume_application_mode()
        self._app.refresh(layout=True)


class _Window(io.FileIO):
    """The terminal, as a file that can always be written."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write to the terminal; if it is gone, to nowhere."""
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes
