"""What is written down of a send that was cut off: its task was cancelled, so the Forwarder returned nothing."""

from inspector.core.headers import Headers
from inspector.core.model import Attempt, Delivery, Failure, FailureKind, Trigger


def abandoned(
    delivery: Delivery, target: str, trigger: Trigger, started_us: int, now_us: int
) -> Attempt:
    """Return the attempt, not yet numbered.

    Only a stop cuts a send off: when the sender or the caller it was for leaves, it goes on.
    """
    return Attempt(
        id=0,
        delivery_id=delivery.id,
        number=0,
        trigger=trigger,
        url=target,
        request_headers=Headers(),
        started_at_us=started_us,
        duration_us=now_us - started_us,
        result=Failure(
            FailureKind.ABANDONED,
            "the inspector stopped before the target answered; it may have seen the request",
        ),
    )
