"""The line above the keys: what comes in, what goes wrong, what is paused or down, and how full the disk is."""

from collections.abc import Iterable, Iterator, Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inspector.core.text import safe, shorten
from inspector.core.wire import JSON
from tui import labels
from tui.pulse import SPAN_S, Beat, Pulse
from tui.widgets.sparkline import sparkline

SPARK_COLUMNS = (60, 30, 15)
"""How wide the sparkline may be: a quarter of the line at most."""
NAMES_MAX = 30
GAP = "   "


class StatusLine(Widget):
    """Lays itself out for its width: what matters least gives way first."""

    muted: reactive[bool] = reactive(default=False)
    """Whether nothing is told in toasts."""

    def __init__(self) -> None:
        super().__init__()
        self._pulse = Pulse()
        self._now_us = 0
        self._endpoints: Sequence[JSON] = ()
        self._health: JSON = {}
        self._shown: Content | None = None

    def show(self, pulse: Pulse, now_us: int) -> None:
        """Show how things go at a time; drawn only if that looks different."""
        self._pulse, self._now_us = pulse, now_us
        self._redraw()

    def know_endpoints(self, endpoints: Sequence[JSON]) -> None:
        """Take note of how the endpoints do."""
        self._endpoints = endpoints
        self._redraw()

    def know_health(self, health: JSON) -> None:
        """Take note of how the inspector does."""
        self._health = health
        self._redraw()

    def render(self) -> Content:
        """Lay out the line."""
        self._shown = self._line(self.size.width)
        return self._shown

    def _redraw(self) -> None:
        if self._shown is None or self._line(self.size.width) != self._shown:
            self.refresh()

    def _line(self, width: int) -> Content:
        line = _joined(Content(" "), self._state(), width)
        room = min(width - line.cell_length - len(GAP), width // 4)
        if columns := next((count for count in SPARK_COLUMNS if count <= room), 0):
            line = (
                Content(" ") + sparkline(self._pulse.columns(self._now_us, columns)) + "  " + line
            )
        return _joined(line, self._rest(), width).truncate(width, ellipsis=True)

    def _state(self) -> Iterator[Content]:
        """Yield what there is to say, the most important first."""
        if self._health.get("holds_damage"):
            yield Content.styled("! the database was damaged: hooktap doctor --repair", labels.BAD)
        yield Content(f"{_rate(self._pulse.rate(self._now_us))}/s")
        if (wrong := _wrong(self._pulse.total(self._now_us))) is not None:
            yield wrong
        if down := [each for each in self._endpoints if _is_down(each)]:
            yield Content.styled(f"✗ {_named(down)} down", labels.BAD)
        if paused := [each for each in self._endpoints if each.get("paused_at_us")]:
            yield Content.styled(f"‖ {_named(paused)} paused{_waiting(paused)}", labels.DOUBTFUL)
        elif waiting := _waiting(self._endpoints):
            yield Content.styled(f"▶ backlog{waiting}", labels.NEUTRAL)

    def _rest(self) -> Iterator[Content]:
        """Yield what is said where there is room."""
        yield from self._disk()
        if self.muted:
            yield Content.styled("toasts off", labels.FAINT)

    def _disk(self) -> Iterator[Content]:
        store_bytes, free_bytes = (
            self._health.get(name) for name in ("store_bytes", "disk_free_bytes")
        )
        if free_bytes is not None and self._health.get("disk_is_scarce"):
            yield Content.styled(f"! only {labels.size(free_bytes)} left on the disk", labels.BAD)
        elif free_bytes is not None:
            yield Content.styled(f"{labels.size(free_bytes)} free", labels.FAINT)
        if store_bytes is not None:
            yield Content.styled(f"{labels.size(store_bytes)} stored", labels.FAINT)


def _joined(line: Content, parts: Iterable[Content], width: int) -> Content:
    """Return the line with each further part that it has room for."""
    for part in parts:
        longer = line + (GAP if line.cell_length > 1 else "") + part
        if longer.cell_length <= width:
            line = longer
    return line


def _rate(rate: float) -> str:
    return f"{rate:.1f}" if 0 < rate < 10 else f"{rate:,.0f}"


def _wrong(beat: Beat) -> Content | None:
    parts = []
    if beat.invalid:
        parts.append(labels.count(beat.invalid, "failed check", "failed checks"))
    if beat.failed:
        parts.append(labels.count(beat.failed, "failed attempt", "failed attempts"))
    if not parts:
        return None
    said = f"✗ {', '.join(parts)} in {SPAN_S // 60} min"
    return Content.styled(said, labels.BAD if beat.failed else labels.DOUBTFUL)


def _is_down(endpoint: JSON) -> bool:
    health = endpoint.get("health")
    return health is not None and not health["up"]


def _named(endpoints: Sequence[JSON]) -> str:
    if len(endpoints) > 1:
        return f"{len(endpoints)} endpoints"
    return shorten(safe(str(endpoints[0]["name"])), NAMES_MAX)


def _waiting(endpoints: Sequence[JSON]) -> str:
    count = sum(int(each.get("backlog", 0)) for each in endpoints)
    return f", {count:,} waiting" if count else ""
