"""Everything about one delivery: its verdict always in sight; body, request and attempts as tabs."""

from collections.abc import Sequence
from datetime import tzinfo

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import ContentSwitcher, Static

from inspector.core.model import Response
from tui import sections
from tui.bodyview import Body, BodyView
from tui.widgets.body_pane import BodyPane
from tui.widgets.line_view import LineView
from tui.widgets.tab_bar import TabBar
from tui.window import Row

ANSWERS = 20
"""Of so many attempts, the newest, the answers' bodies are shown."""


class DetailPane(Vertical):
    """Shows one delivery; bodies are given to it when they have come."""

    class AnswersWanted(Message):
        """The attempts are in sight, and the bodies of these answers are not at hand."""

        def __init__(self, answers: Sequence[tuple[int, Response]]) -> None:
            super().__init__()
            self.answers = answers

    def __init__(self, zone: tzinfo | None = None) -> None:
        super().__init__()
        self._zone = zone
        self._row: Row | None = None
        self._answers: dict[int, BodyView] = {}
        self._wanted: set[int] = set()

    def compose(self) -> ComposeResult:
        """Make the summary and the tabs."""
        yield Static(id="detail-title", markup=False)
        yield Static(id="summary", markup=False)
        yield TabBar("body", "request", "attempts")
        with ContentSwitcher(initial="body"):
            yield BodyPane(id="body")
            yield LineView(id="request")
            yield LineView(id="attempts")

    @property
    def delivery_id(self) -> int | None:
        """Which delivery is shown."""
        return None if self._row is None else self._row.delivery.id

    @property
    def body_pane(self) -> BodyPane:
        """The body's tab."""
        return self.query_one(BodyPane)

    @property
    def tabs(self) -> TabBar:
        """The bar of tabs."""
        return self.query_one(TabBar)

    def show(self, row: Row) -> None:
        """Show a delivery as far as the list knows it, or its new attempts if it is the one shown."""
        is_other = self.delivery_id != row.delivery.id
        self._row = row
        self.query_one("#summary", Static).update(sections.summary(row, self._zone))
        if is_other:
            self._answers.clear()
            self._wanted.clear()
            self.body_pane.expect()
            self.query_one("#detail-title", Static).update(sections.title(row.delivery))
            self._view("request").show(sections.request_lines(row.delivery, self._zone))
        self._show_attempts(keep_place=not is_other)

    def show_body(self, body: Body) -> None:
        """Show the body of the delivery shown."""
        self.body_pane.show(body)

    def show_answer(self, attempt_id: int, answer: BodyView) -> None:
        """Show the body of one attempt's answer."""
        if attempt_id in self._wanted:
            self._answers[attempt_id] = answer
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

    def on_body_pane_shown(self, message: BodyPane.Shown) -> None:
        """Name the view on the body's tab."""
        message.stop()
        self.tabs.remark("body", message.view.view.value if len(message.view.views) > 1 else "")

    def _show_attempts(self, *, keep_place: bool) -> None:
        attempts = () if self._row is None else self._row.attempts
        self.tabs.remark("attempts", str(len(attempts)) if attempts else "")
        lines = sections.attempt_lines(attempts, self._answers, self._zone)
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

    def _view(self, name: str) -> LineView:
        return self.query_one(f"#{name}", LineView)
