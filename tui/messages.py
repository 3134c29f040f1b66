"""What workers tell the screen that started them. Widgets' own messages are nested in the widgets."""

from collections.abc import Collection, Sequence
from typing import Self

from textual.message import Message
from textual.notifications import SeverityLevel

from inspector.client import Connection
from inspector.core.found import Numbers, Repeat
from inspector.core.model import Attempt, Delivery
from inspector.core.wire import JSON
from inspector.errors import HooktapError, ReplayError
from tui.bodyview import Body, BodyView
from tui.eventhistory import EventHistory
from tui.verdicts import Checks


class HistoryLoaded(Message):
    """Numbers of deliveries have come, newest first: the newest of all, or those before the last that came."""

    def __init__(self, numbers: Sequence[int], repeats: Sequence[Repeat] = ()) -> None:
        super().__init__()
        self.numbers = numbers
        self.repeats = repeats
        """Those of them whose event came before."""


class RowsLoaded(Message):
    """Rows have come that were wanted."""

    def __init__(
        self,
        page: Sequence[tuple[Delivery, Sequence[Attempt]]],
        gone: Collection[int] = (),
        oldest: int | None = None,
    ) -> None:
        super().__init__()
        self.page = page
        self.gone = gone
        """Numbers of deliveries that the store no longer has."""
        self.oldest = oldest
        """The lowest number that it has; None: not asked."""


class MatchesFound(Message):
    """Older deliveries that match the filter have come; `is_first` says that they are the newest of all."""

    def __init__(self, query: str, found: Numbers, *, is_first: bool) -> None:
        super().__init__()
        self.query = query
        self.found = found
        self.is_first = is_first


class MatchesSettled(Message):
    """It is known which of some deliveries match the filter now."""

    def __init__(self, query: str, looked_at: Sequence[int], matching: Collection[int]) -> None:
        super().__init__()
        self.query = query
        self.looked_at = looked_at
        self.matching = matching


class FilterRefused(Message):
    """The filter cannot be read, or nobody is there to look."""

    def __init__(self, query: str, problem: str) -> None:
        super().__init__()
        self.query = query
        self.problem = problem


class ConnectionChanged(Message):
    """The feed was opened, or broke off for some reason."""

    def __init__(self, connection: Connection, reason: str = "") -> None:
        super().__init__()
        self.connection = connection
        self.reason = reason

    def can_replace(self, message: Message) -> bool:
        """Only the present state counts."""
        return isinstance(message, ConnectionChanged)


class HealthLoaded(Message):
    """The inspector has said where it listens, and for which endpoints."""

    def __init__(self, health: JSON, endpoints: Sequence[JSON]) -> None:
        super().__init__()
        self.health = health
        self.endpoints = endpoints


class BodyLoaded(Message):
    """A delivery's body has come, or the sentence why it has not."""

    def __init__(self, delivery_id: int, body: Body | str) -> None:
        super().__init__()
        self.delivery_id = delivery_id
        self.body = body


class AnswerLoaded(Message):
    """The body of an attempt's answer has come."""

    def __init__(self, attempt_id: int, answer: BodyView) -> None:
        super().__init__()
        self.attempt_id = attempt_id
        self.answer = answer


class ChecksLoaded(Message):
    """What is known of a delivery's checks beyond its verdict has come."""

    def __init__(self, delivery_id: int, checks: Checks) -> None:
        super().__init__()
        self.delivery_id = delivery_id
        self.checks = checks


class EventHistoryLoaded(Message):
    """The deliveries of the same event as one's have come."""

    def __init__(self, delivery_id: int, history: EventHistory) -> None:
        super().__init__()
        self.delivery_id = delivery_id
        self.history = history


class Told(Message):
    """Something is to be told in a toast."""

    def __init__(self, sentence: str, severity: SeverityLevel = "information") -> None:
        super().__init__()
        self.sentence = sentence
        self.severity = severity

    @classmethod
    def of(cls, error: HooktapError) -> Self:
        """Tell why something could not be done. That a replay cannot be made as asked is no failure of anybody's."""
        return cls(str(error), "warning" if isinstance(error, ReplayError) else "error")
