"""The lines of a body: of JSON they fold."""

from typing import ClassVar

from textual.actions import SkipAction
from textual.binding import Binding, BindingType

from tui.bodyview import BodyView
from tui.widgets.cursor_view import CursorView


class BodyLines(CursorView):
    """Shows one way of looking at a body."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "minus", "level(-1)", "Fold a level", show=False, id="body.fold",
            tooltip="Fold JSON to one level fewer",
        ),
        Binding(
            "plus,equals_sign", "level(1)", "Unfold a level", show=False, id="body.unfold",
            tooltip="Unfold JSON by one level",
        ),
        Binding(
            "asterisk", "unfold_all", "Unfold everything", show=False, id="body.unfold_all",
            tooltip="Unfold all of the JSON",
        ),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._view: BodyView | None = None
        self._folded: set[int] = set()
        self._level = 0
        """How many levels are open."""

    def put(self, view: BodyView | None) -> None:
        """Show a body from its top, all of it unfolded."""
        self._view = view
        self._folded = set()
        self._level = view.tree.depth if view is not None and view.tree is not None else 0
        if view is None:
            self.show(())
        else:
            self.show(view.lines, language=view.language)

    @property
    def path(self) -> str:
        """Where in the JSON the line under the cursor is; empty at its top and elsewhere."""
        if self._view is None or self._view.tree is None or self._target is None:
            return ""
        return self._view.tree.path(self._target)

    @property
    def _target(self) -> int | None:
        return None if self.line is None else self.line.target

    def can_choose(self, target: int) -> bool:
        """Whether there is something to fold, or a part to open. Of the whole of a JSON nothing would be left."""
        if self._view is not None and self._view.tree is not None:
            return target > 0 and self._view.tree.is_foldable(target)
        return True

    def toggle(self, target: int) -> None:
        """Fold a row of the tree, or unfold it."""
        self._show_folded(self._folded ^ {target}, target)

    def action_level(self, by: int) -> None:
        """Fold all that is deeper than one level more or fewer."""
        if self._view is None or self._view.tree is None:
            raise SkipAction
        tree = self._view.tree
        self._level = max(min(self._level + by, tree.depth), 1)
        self._show_folded(tree.deeper_than(self._level), self._target)

    def action_unfold_all(self) -> None:
        """Unfold everything."""
        if self._view is None or self._view.tree is None:
            raise SkipAction
        self._level = self._view.tree.depth
        self._show_folded(set(), self._target)

    def action_copy_value(self) -> None:
        """Copy the value of the line under the cursor; of JSON, without its name and quotes."""
        if self._view is None or self._view.tree is None or self._target is None:
            super().action_copy_value()
            return
        where = self.path
        what = f"the value of {where}" if where else "the value"
        self.post_message(self.CopyWanted(self._view.tree.value(self._target), what))

    def _show_folded(self, folded: set[int], target: int | None) -> None:
        """Show the tree so folded, the cursor on what it was on, or on what that is folded into."""
        if self._view is None or self._view.tree is None:
            return
        self._folded = folded
        lines = list(self._view.tree.lines(folded))
        targets = [line.target for line in lines if line.target is not None]
        self.show(lines, language=self._view.language, keep_place=True)
        self._go(targets.index(max(each for each in targets if each <= (target or 0))))
