"""What workers tell the screen that started them. Widgets' own messages are nested in the widgets."""

from collections.abc import Sequence
from typing import Self

from textual.message import Message
from textual.notifications import SeverityLevel

from inspector.client import Connection
from inspector.core.model import Attempt, Delivery
from inspector.core.wire import JSON
from inspector.errors import HooktapError, ReplayError
from tui.bodyview import Body, BodyView
from tui.verdicts import Checks


class PageLoaded(Message):
    """A page of the history has come; `has_older` says that it is not the last of all."""

    def __init__(
        self, page: Sequence[tuple[Delivery, Sequence[Attempt]]], *, has_older: bool
    ) -> None:
        super().__init__()
        self.page = page
        self.has_older = has_older


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
