"""What spares Textual's compositor work: of each widget it renders the rows that are to be written, and no others."""

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

    def _get_renders(self, crop: Region | None = None) -> Iterable[Rendered]:
        return (
            super()._get_renders(crop) if self._changed is None else self._rendered(self._changed)
        )

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


def _bands(regions: Iterable[Region]) -> list[Region]:
    """Join regions that have rows in common, or rows that touch."""
    bands: list[Region] = []
    for region in sorted(regions, key=lambda each: each.y):
        if bands and region.y <= bands[-1].bottom:
            bands[-1] = bands[-1].union(region)
        else:
            bands.append(region)
    return bands
