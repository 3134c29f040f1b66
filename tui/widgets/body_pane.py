"""A delivery's body, pretty, as text or as hex, laid out beside the event loop when it is long."""

import asyncio

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from tui.bodyview import HEX_16_WIDTH, Body, BodyView, View, build
from tui.widgets.line_view import LineView

AT_ONCE_BYTES = 16 * 1024
"""Bodies up to this length take no longer to lay out than a thread takes to start."""
STALE_S = 0.15
"""For so long the last body may stay while the next is on its way: emptying the pane at once would flicker."""


class BodyPane(Vertical):
    """Shows one body at a time."""

    class Shown(Message):
        """The body is on the screen, in this view."""

        def __init__(self, view: BodyView) -> None:
            super().__init__()
            self.view = view

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._body: Body | None = None
        self._shown: BodyView | None = None
        self._stale: Timer | None = None
        self._is_wide = False

    def compose(self) -> ComposeResult:
        """Make the notes and the lines."""
        yield Static(id="body-notes", markup=False)
        yield LineView(id="body-lines")

    @property
    def view_lines(self) -> LineView:
        """The lines, to be focused and scrolled."""
        return self.query_one(LineView)

    def expect(self) -> None:
        """Be ready for another body: the old one goes when the new one does not come soon."""
        self.workers.cancel_group(self, "layout")
        self._body = None
        if self._stale is None:
            self._stale = self.set_timer(STALE_S, lambda: self._put(None))

    def show(self, body: Body, view: View | None = None) -> None:
        """Show a body as `view`, or as what suits it best."""
        self._body = body
        self.workers.cancel_group(self, "layout")
        if len(body.content) <= AT_ONCE_BYTES:
            self._put(build(body, view, width=self.size.width))
        else:
            self._lay_out(body, view)

    def show_problem(self, sentence: str) -> None:
        """Say why there is no body to show."""
        self._put(BodyView(View.TEXT, (), notes=(sentence,)))

    def cycle(self) -> None:
        """Show the body the next way."""
        if self._body is not None and self._shown is not None and self._shown.views:
            views = self._shown.views
            self.show(self._body, views[(views.index(self._shown.view) + 1) % len(views)])

    def on_resize(self) -> None:
        """Lay hex out anew if longer or only shorter lines fit now."""
        is_hex = self._shown is not None and self._shown.view is View.HEX
        if self._body is not None and is_hex and self._is_wide != self._fits_wide():
            self.show(self._body, View.HEX)

    @work(exclusive=True, group="layout", exit_on_error=False)
    async def _lay_out(self, body: Body, view: View | None) -> None:
        self._put(await asyncio.to_thread(build, body, view, width=self.size.width))

    def _fits_wide(self) -> bool:
        return self.size.width >= HEX_16_WIDTH

    def _put(self, shown: BodyView | None) -> None:
        if self._stale is not None:
            self._stale.stop()
            self._stale = None
        self._shown = shown
        self._is_wide = self._fits_wide()
        if shown is None:
            self.view_lines.show(())
        else:
            self.view_lines.show(shown.lines, language=shown.language)
        notes = self.query_one("#body-notes", Static)
        notes.update(Content("\n".join(shown.notes if shown else ())))
        notes.display = bool(shown and shown.notes)
        if shown is not None:
            self.post_message(self.Shown(shown))
