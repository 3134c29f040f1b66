"""Everything about one delivery: its verdict always in sight; body, headers, attempts and all the rest as tabs."""

from collections.abc import Container, Sequence
from datetime import tzinfo

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import ContentSwitcher

from inspector.core.model import Delivery, Response
from tui import attemptlines, eventhistory, sections
from tui.bodyview import Body, BodyView, View
from tui.eventhistory import EventHistory
from tui.messages import AnswerLoaded, BodyLoaded, ChecksLoaded, EventHistoryLoaded
from tui.verdicts import Checks
from tui.widgets.body_pane import BodyPane
from tui.widgets.cursor_view import CursorView
from tui.widgets.steady import SteadyText
from tui.widgets.tab_bar import TabBar
from tui.window import Row

TABS = ("body", "headers", "attempts", "overview", "history")
ANSWERS = 20
"""Of so many attempts, the newest, the answers' bodies are shown."""


class DetailPane(Vertical):
    """Shows one delivery; bodies are given to it when they have come."""

    class AnswersWanted(Message):
        """The attempts are in sight, and the bodies of these answers are not at hand."""

        def __init__(self, answers: Sequence[tuple[int, Response]]) -> None:
            super().__init__()
            self.answers = answers

    class ChecksWanted(Message):
        """What is known of this delivery's checks is not at hand; only the last one counts.

        It `may_wait` if it was never sent, and its endpoint is paused.
        """

        def __init__(self, delivery: Delivery, *, may_wait: bool) -> None:
            super().__init__()
            self.delivery = delivery
            self.may_wait = may_wait

        def can_replace(self, message: Message) -> bool:
            """A later wish stands for this one."""
            return isinstance(message, DetailPane.ChecksWanted)

    class HistoryWanted(Message):
        """The history is in sight, and not at hand; only the last wish counts."""

        def __init__(self, delivery: Delivery) -> None:
            super().__init__()
            self.delivery = delivery

        def can_replace(self, message: Message) -> bool:
            """A later wish stands for this one."""
            return isinstance(message, DetailPane.HistoryWanted)

    class JumpWanted(Message):
        """Another delivery of the event was chosen."""

        def __init__(self, delivery_id: int) -> None:
            super().__init__()
            self.delivery_id = delivery_id

    def __init__(self, zone: tzinfo | None = None) -> None:
        super().__init__()
        self._zone = zone
        self._row: Row | None = None
        self._checks: Checks | None = None
        self._configured: Container[str] = ()
        self._paused: frozenset[str] = frozenset()
        self._answers: dict[int, BodyView] = {}
        self._wanted: set[int] = set()
        self._history: EventHistory | None = None
        self._left: tuple[int | None, View | None] = (None, None)
        """A delivery, and the view of its body that was chosen the last time."""
        self.tabs = TabBar(*TABS)
        self.body_pane = BodyPane(id="body")

    def compose(self) -> ComposeResult:
        """Make the summary and the tabs."""
        yield SteadyText(id="detail-title")
        yield SteadyText(id="summary")
        yield self.tabs
        with ContentSwitcher(initial=TABS[0]):
            yield self.body_pane
            for name in TABS[1:]:
                yield CursorView(id=name)

    @property
    def delivery_id(self) -> int | None:
        """Which delivery is shown."""
        return None if self._row is None else self._row.delivery.id

    def begin(self, tab: str, delivery_id: int | None, view: View | None) -> None:
        """Begin with a tab, and with a view of one delivery's body."""
        if tab in TABS:
            self.tabs.active = tab
        self._left = delivery_id, view

    def cycle_body(self) -> None:
        """Show the body the next way."""
        self._left = (None, None)
        self.body_pane.cycle()

    def show(self, row: Row) -> None:
        """Show a delivery as far as the list knows it, or what is new of it if it is the one shown."""
        is_other = self.delivery_id != row.delivery.id
        was, self._row = self._row, row
        if is_other or was is None or was.delivery.verification != row.delivery.verification:
            self._checks = None
            self._want_checks()
        self._show_verdict(keep_place=not is_other)
        self.query_one("#detail-title", SteadyText).show(sections.title(row.delivery))
        if is_other:
            self._answers.clear()
            self._wanted.clear()
            self._history = None
            self.body_pane.expect()
            self._view("headers").show(sections.header_lines(row.delivery))
            self._show_history()
        self._show_attempts(keep_place=not is_other)

    def know_endpoints(self, configured: Container[str]) -> None:
        """Take note of the endpoints that stand in hooktap.toml, and that secrets may be others now."""
        self._configured = configured
        self._show_verdict(keep_place=True)
        self._want_checks()

    def know_paused(self, endpoints: frozenset[str]) -> None:
        """Take note of the endpoints whose forwarding is paused."""
        changed, self._paused = self._paused ^ endpoints, endpoints
        if self._row is not None and self._row.delivery.endpoint in changed:
            self._want_checks()

    def on_body_loaded(self, message: BodyLoaded) -> None:
        """Show the body of the delivery shown; another one's comes too late."""
        if message.delivery_id != self.delivery_id:
            return
        if isinstance(message.body, Body):
            left, view = self._left
            self.body_pane.show(message.body, view if left == message.delivery_id else None)
        else:
            self.body_pane.show_problem(message.body)

    def on_checks_loaded(self, message: ChecksLoaded) -> None:
        """Show why the delivery shown is not verified, and its earlier verdicts."""
        if message.delivery_id == self.delivery_id:
            self._checks = message.checks
            self._show_verdict(keep_place=True)
            self._show_attempts(keep_place=True)

    def on_event_history_loaded(self, message: EventHistoryLoaded) -> None:
        """Show the deliveries of the same event."""
        if message.delivery_id == self.delivery_id:
            self._history = message.history
            self._show_history()

    def on_cursor_view_chosen(self, message: CursorView.Chosen) -> None:
        """Go to the delivery that was chosen in the history."""
        message.stop()
        if message.view.id == "history":
            self.post_message(self.JumpWanted(message.target))

    def on_answer_loaded(self, message: AnswerLoaded) -> None:
        """Show the body of one attempt's answer."""
        if message.attempt_id in self._wanted:
            self._answers[message.attempt_id] = message.answer
            self._show_attempts(keep_place=True)

    def focus_content(self) -> None:
        """Give the keyboard to the active tab's lines."""
        active = self.tabs.active
        (self.body_pane.view_lines if active == "body" else self._view(active)).focus()

    def on_tab_bar_chosen(self, message: TabBar.Chosen) -> None:
        """Bring the chosen tab to the front."""
        message.stop()
        had_focus = self.has_focus_within
        self.query_one(ContentSwitcher).current = message.name
        if had_focus:
            self.focus_content()
        self._want_answers()
        self._want_history()

    def on_body_pane_shown(self, message: BodyPane.Shown) -> None:
        """Name the view on the body's tab."""
        message.stop()
        self.tabs.remark("body", message.view.view.value if len(message.view.views) > 1 else "")

    def _want_checks(self) -> None:
        if (row := self._row) is not None:
            may_wait = not row.attempts and row.delivery.endpoint in self._paused
            self.post_message(self.ChecksWanted(row.delivery, may_wait=may_wait))

    def _show_verdict(self, *, keep_place: bool) -> None:
        if self._row is None:
            return
        delivery, checks = self._row.delivery, self._checks
        is_configured = delivery.endpoint in self._configured
        self.query_one("#summary", SteadyText).show(
            sections.summary(self._row, self._zone, checks, is_configured=is_configured)
        )
        times = len(checks.history) if checks is not None else 0
        self.tabs.remark("overview", str(times) if times > 1 else "")
        lines = sections.overview_lines(self._row, self._zone, checks, is_configured=is_configured)
        self._view("overview").show(lines, keep_place=keep_place)

    def _show_history(self) -> None:
        if self._row is None:
            return
        count = len(self._history.deliveries) if self._history is not None else 0
        self.tabs.remark("history", str(count) if count > 1 else "")
        lines = eventhistory.lines(self._row.delivery, self._history, self._zone)
        self._view("history").show(lines)
        self._want_history()

    def _want_history(self) -> None:
        if (
            self._row is not None
            and self.tabs.active == "history"
            and self._history is None
            and self._row.delivery.event_id is not None
        ):
            self.post_message(self.HistoryWanted(self._row.delivery))

    def _show_attempts(self, *, keep_place: bool) -> None:
        if (row := self._row) is None:
            return
        self.tabs.remark("attempts", str(len(row.attempts)) if row.attempts else "")
        waits = self._checks is not None and self._checks.waits
        lines = attemptlines.lines(
            row.delivery, row.attempts, self._answers, self._zone, waits=waits
        )
        self._view("attempts").show(lines, keep_place=keep_place)
        self._want_answers()

    def _want_answers(self) -> None:
        if self._row is None or self.tabs.active != "attempts":
            return
        missing = [
            (attempt.id, attempt.result)
            for attempt in reversed(self._row.attempts[-ANSWERS:])
            if isinstance(attempt.result, Response)
            and attempt.result.body_bytes
            and attempt.id not in self._wanted
        ]
        self._wanted.update(attempt_id for attempt_id, _ in missing)
        if missing:
            self.post_message(self.AnswersWanted(missing))

    def _view(self, name: str) -> CursorView:
        return self.query_one(f"#{name}", CursorView)
