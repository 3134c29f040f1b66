"""Webhooks registered at a provider by its own management API, as far as one is documented: Wink's.

Written against the provider's description; whoever stands in for the provider is nothing this package knows of.
"""

from inspector.register.elsewhere import elsewhere
from inspector.register.records import EventType, Webhook
from inspector.register.wink import Wink

__all__ = ["EventType", "Webhook", "Wink", "elsewhere"]
