"""What a replay came to, as it is told in a toast."""

from inspector.client.replaying import Order
from inspector.core.model import Attempt, Failure, Response, Sign
from inspector.core.turns import Replayed
from tui import labels
from tui.messages import Told

_TO_BE_REFUSED = frozenset({Sign.BROKEN, Sign.STALE})


def replayed(delivery_id: int, outcome: Replayed, order: Order) -> Told:
    """Say what came of a replay, and what it changed."""
    attempt = outcome.attempt
    manner = f" {order.sign}" if order.sign not in (None, Sign.FRESH) else ""
    edited = ", edited" if attempt.edited else ""
    said = f", {outcome.said}" if outcome.said else ""
    sentence = f"#{delivery_id} replayed{manner}{edited}: {came_of(attempt, said)}"
    if is_other_answer(outcome):
        sentence += "\nd compares the two answers"
    if order.sign not in _TO_BE_REFUSED:
        return Told(sentence, "information" if attempt.succeeded else "error")
    if attempt.succeeded:
        return Told(f"{sentence}\nthe app took it, though its check should fail", "warning")
    if isinstance(attempt.result, Response) and 400 <= attempt.result.status < 500:
        return Told(f"{sentence}\nthe app refused it, as it should")
    return Told(sentence, "error")


def came_of(attempt: Attempt, said: str) -> str:
    """Return the result and what it changed."""
    result = labels.result(attempt).text
    if isinstance(attempt.result, Failure):
        return f"{result}{said}\n{attempt.result.detail}"
    return f"{result} in {labels.duration(attempt.duration_us)}{said}"


def is_other_answer(outcome: Replayed) -> bool:
    """Whether the app answered, and otherwise than the last time: what a comparison would show."""
    before, after = outcome.before, outcome.attempt
    if before is None or outcome.is_same_answer:
        return False
    return isinstance(before.result, Response) and isinstance(after.result, Response)
