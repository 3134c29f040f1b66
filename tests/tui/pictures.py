"""Pictures of the terminal: SVG small enough to be kept, each text and each background once.

Textual's own screenshot of one screen is a tenth of a megabyte.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from textual.app import App
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input, TextArea

ADVANCE, HEIGHT, BASELINE = 8, 16, 12
"""Of a cell, in a font of 13.3 pixels."""
GAP = 12
ROUNDS_MAX = 100

SIZES = ((120, 40), (80, 24), (60, 20))
THEMES = ("textual-dark", "textual-light")


def sheet(pictures: Sequence[Sequence[str]]) -> str:
    """Put pictures of every size beside each other, one row for each theme."""
    left = [sum(w for w, _ in SIZES[:column]) * ADVANCE + column * GAP for column in range(3)]
    tall = SIZES[0][1] * HEIGHT + GAP
    placed = (
        f'<svg x="{left[column]}" y="{row * tall}"{each.removeprefix("<svg")}'
        for row, beside in enumerate(pictures)
        for column, each in enumerate(beside)
    )
    size = f'width="{left[2] + SIZES[2][0] * ADVANCE}" height="{tall * len(pictures) - GAP}"'
    font = 'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13.3"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font} xml:space="preserve">\n'
    return "".join((head, *placed, "</svg>\n"))


async def at(pilot: Pilot[None], size: tuple[int, int]) -> str:
    """Return what the screen looks like at a size."""
    await pilot.resize_terminal(*size)
    return await still(pilot)


async def still(pilot: Pilot[None]) -> str:
    """Return what the screen looks like when nothing moves any more; no caret blinks."""
    for line in pilot.app.screen.query(Input):
        line.cursor_blink = False
    for area in pilot.app.screen.query(TextArea):
        area.cursor_blink = False
    before: list[Strip] = []
    for _ in range(ROUNDS_MAX):
        await pilot.pause(0.01)
        now = _drawn(pilot.app)
        if now == before:
            return _picture(pilot.app, now)
        before = now
    raise AssertionError("the screen never rests")


def _drawn(app: App[None]) -> list[Strip]:
    """Return the lines of the screen, those of the ones under it included."""
    compositor = app.screen._compositor
    compositor.render_update(full=True, screen_stack=app._background_screens)
    return compositor.render_strips(app.size)[: app.size.height]


def _picture(app: App[None], lines: Sequence[Strip]) -> str:
    ground = app.screen.background_colors[1].hex
    width, height = app.size
    return "".join(
        [
            f'<svg width="{width * ADVANCE}" height="{height * HEIGHT}">',
            f'<rect width="100%" height="100%" fill="{ground}"/>\n',
            *(f"{_line(strip, y, ground)}\n" for y, strip in enumerate(lines)),
            "</svg>\n",
        ]
    )


def _line(strip: Strip, y: int, ground: str) -> str:
    runs = list(_runs(strip))
    behind = (
        f'<rect x="{x * ADVANCE}" y="{y * HEIGHT}" width="{width * ADVANCE}" height="{HEIGHT}" fill="{fill}"/>'
        for x, width, fill in _merged((x, cell_len(text), _back(style)) for x, text, style in runs)
        if fill not in ("", ground)
    )
    above = "".join(_text(x, text, style) for x, text, style in runs if text.strip())
    return "".join((*behind, f'<text y="{y * HEIGHT + BASELINE}">{above}</text>' if above else ""))


def _runs(strip: Strip) -> Iterator[tuple[int, str, Style]]:
    x = 0
    for text, style, _ in strip.simplify():
        yield x, text, style or Style.null()
        x += cell_len(text)


def _merged(runs: Iterable[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    before: tuple[int, int, str] | None = None
    for x, width, fill in runs:
        if before is not None and before[2] == fill:
            before = before[0], before[1] + width, fill
        else:
            if before is not None:
                yield before
            before = x, width, fill
    if before is not None:
        yield before


def _text(x: int, text: str, style: Style) -> str:
    inner = text.strip()
    x += cell_len(text) - cell_len(text.lstrip())
    looks = [f'x="{x * ADVANCE}"', f'fill="{_front(style)}"']
    if (width := cell_len(inner)) > 1:  # whatever font there is
        looks.append(f'textLength="{width * ADVANCE}"')
    if style.bold:
        looks.append('font-weight="bold"')
    if style.italic:
        looks.append('font-style="italic"')
    if style.underline:
        looks.append('text-decoration="underline"')
    return f"<tspan {' '.join(looks)}>{escape(inner, quote=False)}</tspan>"


def _front(style: Style) -> str:
    return _hex(style.bgcolor if style.reverse else style.color)


def _back(style: Style) -> str:
    return _hex(style.color if style.reverse else style.bgcolor)


def _hex(color: Color | None) -> str:
    return color.get_truecolor().hex if color is not None else ""
