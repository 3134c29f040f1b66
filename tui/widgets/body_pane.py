"""A delivery's body, pretty, as text or as hex, laid out beside the event loop when it is long."""

import asyncio
import contextlib
from threading import Event
from typing import ClassVar

from textual import work
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.timer import Timer

from tui.bodies.hexdump import HEX_16_WIDTH
from tui.bodyview import Body, BodyView, View, build
from tui.folding import GivenUp
from tui.widgets.body_lines import BodyLines
from tui.widgets.cursor_view import CursorView
from tui.widgets.steady import SteadyText

AT_ONCE_BYTES = 16 * 1024
"""Bodies up to this length take no longer to lay out than a thread takes to start."""
STALE_S = 0.15
"""For so long the last body may stay while the next is on its way: emptying the pane at once would flicker."""


class BodyPane(Vertical):
    """Shows one body at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave_part", "Back to the whole body", show=False, id="body.whole")
    ]

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
        self._whole: Body | None = None
        """What the body shown is a part of."""
        self._given_up = Event()

    def compose(self) -> ComposeResult:
        """Make the notes, the lines, and the place in the JSON."""
        yield SteadyText(id="body-notes")
        yield BodyLines(id="body-lines")
        yield SteadyText(id="body-path")

    @property
    def view_lines(self) -> BodyLines:
        """The lines, to be focused and scrolled."""
        return self.query_one(BodyLines)

    @property
    def chosen(self) -> View | None:
        """The view of the body, if it is not the one that suits it best."""
        shown = self._shown
        if shown is None or not shown.views or self._whole is not None:
            return None
        return None if shown.view is shown.views[0] else shown.view

    def expect(self) -> None:
        """Be ready for another body: the old one goes when the new one does not come soon."""
        self._give_up()
        self._body = self._whole = None
        if self._stale is None:
            self._stale = self.set_timer(STALE_S, self._empty)

    def show(self, body: Body, view: View | None = None) -> None:
        """Show a body as `view`, or as what suits it best."""
        self._body = body
        self._give_up()
        if len(body.content) <= AT_ONCE_BYTES:
            self._put(build(body, view, width=self.size.width))
        else:
            self._given_up = Event()
            self._lay_out(body, view, self._given_up)

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

    def action_leave_part(self) -> None:
        """Show the whole body again if a part of it is shown; else leave the key to others."""
        if self._whole is None:
            raise SkipAction
        whole, self._whole = self._whole, None
        self.show(whole)

    def on_cursor_view_chosen(self, message: CursorView.Chosen) -> None:
        """Fold or unfold what was chosen, or open it on its own."""
        message.stop()
        if self._shown is None:
            return
        if self._shown.tree is not None:
            self.view_lines.toggle(message.target)
        elif message.target < len(self._shown.parts):
            part = self._shown.parts[message.target]
            self._whole = self._whole or self._body
            self.show(part)

    def on_mount(self) -> None:
        """Say where the cursor is as it goes there: a message would come after the lines were painted."""
        self.watch(self.view_lines, "cursor", self._show_path, init=False)

    def on_cursor_view_shown(self, message: CursorView.Shown) -> None:
        """Say where in other lines the cursor is."""
        message.stop()
        self._show_path()

    def _show_path(self) -> None:
        path = self.query_one("#body-path", SteadyText)
        path.show(Content(self.view_lines.path))
        path.display = self._shown is not None and self._shown.tree is not None

    def _empty(self) -> None:
        # A timer that is stopped may have gone off just before, and calls once more: the body is here then.
        if self._stale is not None:
            self._put(None)

    def _give_up(self) -> None:
        self.workers.cancel_group(self, "layout")
        self._given_up.set()  # a thread cannot be cancelled, only told

    @work(exclusive=True, group="layout", exit_on_error=False)
    async def _lay_out(self, body: Body, view: View | None, given_up: Event) -> None:
        width = self.size.width
        with contextlib.suppress(GivenUp):
            self._put(await asyncio.to_thread(build, body, view, width=width, stop=given_up))

    def _fits_wide(self) -> bool:
        return self.size.width >= HEX_16_WIDTH

    def _put(self, shown: BodyView | None) -> None:
        if self._stale is not None:
            self._stale.stop()
            self._stale = None
        self._shown = shown
        self._is_wide = self._fits_wide()
        self.view_lines.put(shown)
        notes = self.query_one("#body-notes", SteadyText)
        told = [*(shown.notes if shown else ())]
        if self._whole is not None:
            told.append("one part of the body; esc shows all of them")
        notes.show(Content("\n".join(told)))
        notes.display = bool(told)
        if shown is not None:
            self.post_message(self.Shown(shown))
