"""Two deliveries, or two answers, side against side."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import ClassVar, NamedTuple

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from inspector.core.difference import Difference, Subject, compare
from inspector.core.text import safe
from tui import differences, labels
from tui.differences import Shown
from tui.messages import Told
from tui.widgets.cursor_view import CursorView
from tui.widgets.key_line import KeyLine


class Side(NamedTuple):
    """One of the two."""

    name: str
    """What it is called, safe to show."""
    subject: Subject


class DiffScreen(Screen[None]):
    """Shows what two sides differ in, but for what is ignored."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *("good", "bad", "doubtful", "neutral", "faint", "strong", "name", "key", "pointed")
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "i", "ignore", "Ignore", id="diff.ignore",
            tooltip="Leave out what is under the cursor, here and in later comparisons",
        ),
        Binding("I", "heed", "Ignore nothing", id="diff.heed", tooltip="Compare everything again"),
        Binding("x", "swap", "Swap sides", id="diff.swap", tooltip="Make the left side the right one"),
        Binding("escape,q,D", "dismiss(None)", "Close", id="diff.close"),
    ]  # fmt: skip

    def __init__(
        self,
        left: Side,
        right: Side,
        ignored: list[str],
        copy: Callable[[str, str], Awaitable[Told]],
    ) -> None:
        """Compare two sides; what is to be ignored is kept in `ignored`. `copy` puts a text on the clipboard."""
        super().__init__()
        self._sides = left, right
        self._ignored = ignored
        self._copy = copy
        self._shown: list[Shown] = []

    def compose(self) -> ComposeResult:
        """Make the title and the lines."""
        yield Static(id="diff-title", markup=False)
        yield Static(id="diff-ignored", markup=False)
        yield CursorView(id="diff-lines")
        yield KeyLine()

    def on_mount(self) -> None:
        """Compare."""
        self._view.focus()
        self._compare()

    def action_ignore(self) -> None:
        """Leave out what is under the cursor from now on."""
        at = self._view.cursor
        change = self._shown[at].change if at < len(self._shown) else None
        if change is None or change.name is None:
            self.notify("only a header or a value in JSON can be ignored", severity="warning")
            return
        self._ignored.append(change.name)
        self._compare(keep_place=True)

    def action_heed(self) -> None:
        """Compare everything again."""
        self._ignored.clear()
        self._compare()

    def action_swap(self) -> None:
        """Let left and right change places."""
        left, right = self._sides
        self._sides = right, left
        self._compare()

    @work(group="copy", exit_on_error=False)
    async def on_cursor_view_copy_wanted(self, message: CursorView.CopyWanted) -> None:
        """Copy what is under the cursor, or all of it."""
        self.app.post_message(await self._copy(message.text, message.what))

    @property
    def _view(self) -> CursorView:
        return self.query_one(CursorView)

    @work(group="compare", exclusive=True, exit_on_error=False)
    async def _compare(self, *, keep_place: bool = False) -> None:
        left, right = self._sides
        # In a thread: finding equal lines in long texts takes seconds.
        found = await asyncio.to_thread(compare, left.subject, right.subject, tuple(self._ignored))
        self._shown = list(differences.lines(found))
        self._view.show([shown.line for shown in self._shown], keep_place=keep_place)
        self.query_one("#diff-title", Static).update(self._title(found))
        ignored = self.query_one("#diff-ignored", Static)
        ignored.update(f"ignored: {', '.join(map(safe, self._ignored))}")
        ignored.display = bool(self._ignored)

    def _title(self, found: Difference) -> Content:
        left, right = self._sides
        count = len(found.changes) + sum(line.kind.value in "+-" for line in found.lines)
        said = labels.count(count, "difference", "differences") if count else ""
        same = Content.styled("✓ the same", labels.GOOD)
        return Content.assemble(
            (left.name, labels.BAD), " → ", (right.name, labels.GOOD), "   ",
            same if found.is_empty else said,
        )  # fmt: skip
