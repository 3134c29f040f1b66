"""Lines drawn quickly: of a screen full of them that are all new at once, most of the time goes into this."""

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.style import Style
from textual.widget import Widget


class Pen:
    """Draws the lines of one widget, in the styles that their content names.

    Equal styles are one object here. Textual's own way gives each piece a style that also says where it stands, for
    the mouse to select text by, and then its colours and escape codes are made anew: seven times the work.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._styles: dict[str | Style, Style] = {}

    def draw(self, content: Content, width: int, base: Style) -> Strip:
        """Draw one line upon `base`, cut or filled up to `width` cells."""
        pieces = content.render(base, end="", parse_style=self._style)
        segments = [Segment(text, style.rich_style) for text, style in pieces]
        return Strip(segments, content.cell_length).adjust_cell_length(width, base.rich_style)

    def forget(self) -> None:
        """Look the styles up again: there is another theme."""
        self._styles.clear()

    def _style(self, name: str | Style) -> Style:
        # Textual asks every ancestor whether it knows the name, each time.
        style = self._styles.get(name)
        if style is None:
            style = self._styles[name] = self._widget._get_style(name)  # noqa: SLF001
        return style
