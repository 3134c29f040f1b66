"""An inspector for tests: the pytest fixture `hooktap` is a `Hooktap`."""

from inspector.testing.received import Received, Sent
from inspector.testing.view import Hooktap

__all__ = ["Hooktap", "Received", "Sent"]
