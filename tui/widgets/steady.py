"""What spares Textual work that changes nothing on the screen: it would paint all of a view, and lay all of it out."""

from typing import cast

from textual.content import Content
from textual.css.styles import RulesMap
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widgets import Static


class SteadyView(ScrollView):
    """A view that is only brought up to date where a new layout of the screen changes its size."""

    _laid_out: tuple[object, ...] = ()

    def _size_updated(
        self,
        size: Size,
        virtual_size: Size,
        container_size: Size,
        layout: bool = True,  # noqa: FBT001, FBT002 - Textual's
    ) -> bool:
        # Textual takes it for changed at every layout, because it compares the container with itself without its
        # gutter. Then it paints the scrollbar, and, as what is painted is one box, all between that and the cursor.
        seen = (size, virtual_size, container_size, self.virtual_size, self.scrollbars_enabled)
        if seen == self._laid_out:
            return False
        self._laid_out = seen
        # A scrollbar that is refreshed in the middle of a layout is drawn as it was before.
        self.call_after_refresh(self.vertical_scrollbar.refresh)
        return super()._size_updated(size, virtual_size, container_size, layout)


class SteadyText(Static):
    """Text that changes often, and its size seldom: only then is the screen laid out anew."""

    def __init__(self, content: Content | str = "", *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(content, id=id, markup=False)
        self._text = Content("")

    def show(self, content: Content) -> None:
        """Show another text."""
        if self._text.is_same(content):
            return
        self._text = content
        before = self._needed()
        self.update(content, layout=False)
        if self.display and (before is None or self._needed() != before):
            self.refresh(layout=True)

    def _needed(self) -> tuple[int, int] | None:
        """Return the width and height that follow from the text, 0 where they do not; None while it has no place."""
        width = self.content_size.width
        if not width:
            return None
        rules = cast("RulesMap", self.styles)  # which is what Textual itself gives
        needed_width = needed_height = 0
        if self.styles.is_auto_width:
            least = self.styles.min_width  # in cells, wherever there is one
            text_width = self.visual.get_optimal_width(rules, width)
            needed_width = max(text_width + self.gutter.width, int(least.value) if least else 0)
        if self.styles.is_auto_height:
            needed_height = self.visual.get_height(rules, width)
        return needed_width, needed_height
