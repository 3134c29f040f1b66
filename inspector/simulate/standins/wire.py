"""What is told of a webhook and of what is sent to it, as JSON."""

from inspector.core.wire import JSON
from inspector.simulate.standins.model import Parcel, Webhook


def webhook_to_json(webhook: Webhook) -> JSON:
    """Return it without its secret."""
    return {
        "id": webhook.id,
        "name": webhook.name,
        "url": webhook.url,
        "events": list(webhook.events),
        "format": webhook.format,
        "enabled": webhook.enabled,
        "version": webhook.version,
        "failures": webhook.failures,
    }


def parcel_to_json(parcel: Parcel) -> JSON:
    """Return it without its body."""
    return {
        "id": parcel.id,
        "webhook": parcel.webhook_id,
        "event": parcel.event,
        "event_id": parcel.event_id,
        "state": str(parcel.state),
        "attempts": parcel.attempts,
        "last": parcel.last,
        "due_us": parcel.due_us,
    }
