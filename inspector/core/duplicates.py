"""How it is said that a delivery's event came before. Which do is decided where numbers are given out, in the store."""

from inspector.core.model import Delivery


def mark(delivery: Delivery) -> str | None:
    """Return what stands beside a delivery in a list; None if its event is new."""
    if delivery.duplicate_of is None:
        return None
    said = "held: duplicate of" if delivery.duplicate_held else "dup of"
    return f"{said} #{delivery.duplicate_of}"


def sentence(delivery: Delivery, first: Delivery | None) -> str | None:
    """Return what is known of a duplicate, in one line; `first` is the delivery it repeats, None if that is gone.

    A repeated attempt id is the same sending once more: captured and played back, or doubled on its way. A new one is
    a try of the provider's own. Most providers send none, and then only the event is known to be the same.
    """
    if delivery.duplicate_of is None:
        return None
    held = "; held, not forwarded" if delivery.duplicate_held else ""
    return f"of #{delivery.duplicate_of}: {_what(delivery, first)}{held}"


def _what(delivery: Delivery, first: Delivery | None) -> str:
    if first is None:
        return "its event came before, in a delivery that is no longer stored"
    if delivery.attempt_id is None or first.attempt_id is None:
        return "the same event again"
    if delivery.attempt_id == first.attempt_id:
        return "the same delivery again"
    return "sent again by the provider"
