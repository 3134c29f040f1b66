from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from tui.pen import Pen


class Page(Widget):
    COMPONENT_CLASSES: ClassVar[set[str]] = {"good", "cursor"}
    DEFAULT_CSS = """
        Page { color: white; background: blue; }
        Page .good { color: green; text-style: bold; }
        Page .cursor { background: red; }
        Page.-other .good { color: yellow; }
    """


class Sheet(App[None]):
    def compose(self) -> ComposeResult:
        yield Page()


def seen(strip: Strip) -> list[tuple[str, object]]:
    """Return each character with all that is seen of its style."""
    return [
        (character, (style.color, style.bgcolor, bool(style.bold), bool(style.italic)))
        for text, style, _ in strip
        for character in text
        if style is not None
    ]


@pytest.mark.parametrize(
    "content",
    [
        Content(""),
        Content("plain"),
        Content.assemble("a ", ("good", ".good"), " end"),
        Content.assemble(("both", ".good")).stylize("italic", 1, 3).stylize("on yellow", 2),
        Content("as long as the line is"),
        Content("漢字はひとつで二つ分の幅"),
        Content("e\u0301 and 👩‍👩‍👧 in one cell or two"),
    ],
)
async def test_draws_what_textual_draws(content: Content) -> None:
    async with Sheet().run_test() as pilot:
        page = pilot.app.query_one(Page)
        for base in (page.visual_style, page.get_visual_style("cursor")):
            width = max(content.cell_length, 22)
            theirs = Visual.to_strips(page, content, width, 1, base, pad=True)[0]

            drawn = Pen(page).draw(content, width, base)

            assert seen(drawn) == seen(theirs)
            assert drawn.cell_length == width


async def test_cuts_what_is_too_long_between_two_characters() -> None:
    async with Sheet().run_test() as pilot:
        page = pilot.app.query_one(Page)
        for width in range(12):
            drawn = Pen(page).draw(Content("漢a字b漢c"), width, page.visual_style)
            assert drawn.cell_length == width
            assert "漢a字b漢c".startswith(drawn.text.rstrip())


async def test_equal_styles_are_one_object_until_they_are_forgotten() -> None:
    """Or else Rich makes the same escape codes for each piece of each line."""
    async with Sheet().run_test() as pilot:
        page = pilot.app.query_one(Page)
        pen = Pen(page)

        def good() -> object:
            strip = pen.draw(Content.styled("x", ".good"), 1, page.visual_style)
            return next(style for _, style, _ in strip)

        first = good()
        assert good() is first

        page.add_class("-other")
        await pilot.pause()
        pen.forget()
        assert good() != first
