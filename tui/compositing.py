"""What spares Textual's compositor work: of each widget it renders the rows that are to be written, and no others.

And the collector: what was written ties no knots.
"""

from collections.abc import Iterable, Iterator

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip

Rendered = tuple[Region, Region, list[Strip]]
"""Where a widget is, what of the screen is rendered of it, and that."""


class SparingCompositor(Compositor):
    """Renders what has changed.

    Textual's own renders all of each widget in the one box around everything that has changed: of a line in the list
    and the count above it, that is nearly the whole screen.
    """

    def __init__(self) -> None:
        super().__init__()
        self._changed: frozenset[Region] | None = None
        """What is to be written; None: everything is."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """Render what has changed since the last time; None: nothing has."""
        self._changed = frozenset(self._dirty_regions)
        try:
            return super().render_partial_update()
        finally:
            self._changed = None

    def _get_renders(self, crop: Region | None = None) -> Iterator[Rendered]:
        changed = self._changed
        renders = super()._get_renders(crop) if changed is None else self._rendered(changed)
        for region, part, lines in renders:
            yield region, part, lines
            _untie(lines)  # by now they have been cut

    def _rendered(self, changed: Iterable[Region]) -> Iterator[Rendered]:
        for widget, (region, clip) in self.visible_widgets.items():
            if not (in_sight := region.intersection(clip)):
                continue
            for rows in _bands(each for each in changed if each.overlaps(in_sight)):
                # All of the width: where a widget is cut depends on what else stands in the row.
                part = in_sight.intersection(
                    Region(in_sight.x, rows.y, in_sight.width, rows.height)
                )
                yield region, part, widget.render_lines(part.translate(-region.offset))


def _untie(lines: Iterable[Strip]) -> None:
    """Let lines that were not cut be freed as soon as nobody holds them.

    Textual keeps such a line in its own cache, as its only part: the collector would have to find it, which is late.
    """
    for line in lines:
        if line._divide_cache.get((line.cell_length,)) is not None:  # noqa: SLF001
            line._divide_cache.clear()  # noqa: SLF001


def _bands(regions: Iterable[Region]) -> list[Region]:
    """Join regions that have rows in common, or rows that touch."""
    bands: list[Region] = []
    for region in sorted(regions, key=lambda each: each.y):
        if bands and region.y <= bands[-1].bottom:
            bands[-1] = bands[-1].union(region)
        else:
            bands.append(region)
    return bands
