"""The line on top: where deliveries go in, whether the inspector answers, how many there are, and whether we follow."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from inspector.core.text import safe
from tui import labels
from tui.throttle import Throttle

COUNT_S = 0.25
"""Between two counts that are shown: while deliveries rush in, nobody reads more."""
ROOMY = 110
"""Columns from which on everything is said in words."""


class TopBar(Widget):
    """A line that lays itself out for its width."""

    ingress: reactive[str] = reactive("")
    """Base URL of the public door; empty until it is known."""
    connected: reactive[bool] = reactive(default=True)
    deliveries: reactive[int] = reactive(0, repaint=False)
    following: reactive[bool] = reactive(default=True)
    unseen: reactive[int] = reactive(0, repaint=False)
    folded: reactive[bool] = reactive(default=False)
    """Whether the list has one line for each event."""
    picked: reactive[int | None] = reactive(None)
    """The delivery that the next one is to be compared with."""
    progress: reactive[str] = reactive("")
    """How far what takes longer has come; it takes the place of all but the last word, or of all."""

    def __init__(self) -> None:
        super().__init__()
        self._counting = Throttle(self, COUNT_S, self.refresh)

    def watch_deliveries(self) -> None:
        """Count on."""
        self._counting.ask()

    def watch_unseen(self) -> None:
        """Count on."""
        self._counting.ask()

    def render(self) -> Content:
        """Lay out the line: the URL left, the state right."""
        if self.progress:
            return self._tell(f" {self.progress}")
        if self.picked is not None:
            text = f" #{self.picked} is picked: D on another compares them, D on it forgets it"
            return self._tell(text)
        url = f"{safe(self.ingress)}/in/<name>" if self.ingress else ""
        left = Content.assemble((" hooktap ", ".bar-name"), f"  {url}")
        right = Content("   ").join(
            [self._connection(), self._count(), *self._fold(), self._follow(), Content("")]
        )
        return self._fill(left, right)

    def _tell(self, text: str) -> Content:
        """Give a text all of the line, if it would not fit beside the last word."""
        left, right = Content(text), self._follow() + "   "
        fits = left.cell_length + right.cell_length < self.size.width
        return self._fill(left, right if fits else Content())

    def _fill(self, left: Content, right: Content) -> Content:
        room = max(self.size.width - right.cell_length - 1, 0)
        return left.truncate(room, ellipsis=True, pad=True) + " " + right

    def _connection(self) -> Content:
        if self.connected:
            return Content.styled("● connected", labels.GOOD)
        return Content.styled("○ reconnecting", labels.DOUBTFUL)

    def _count(self) -> Content:
        if self.size.width < ROOMY:
            return Content(f"{self.deliveries:,}")
        return Content(labels.count(self.deliveries, "delivery", "deliveries"))

    def _fold(self) -> list[Content]:
        return [Content.styled(f"{labels.FOLDED} folded", labels.NEUTRAL)] if self.folded else []

    def _follow(self) -> Content:
        if self.following:
            return Content.styled("▼ following", labels.GOOD)
        news = f", {self.unseen:,} new" if self.unseen else ""
        return Content.styled(f"‖ paused{news}", labels.DOUBTFUL)
