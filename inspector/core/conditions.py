"""What a request must hold to be something: a provider's delivery, a handshake."""

from typing import NamedTuple

from inspector.core.fields import Fields
from inspector.core.templates import Kind, Locator
from inspector.errors import ConfigError


class Condition(NamedTuple):
    """A value that has to be there and, if `value` is not None, has to be that."""

    locator: Locator
    value: bytes | None = None

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Read `header:X-Event` or `json:type=ping`. Raises ConfigError."""
        name, equals, value = text.partition("=")
        locator = Locator.parse(name)
        if locator.kind is Kind.PAIR:
            raise ConfigError(f"'{text}': an element of a signature header tells nobody apart")
        return cls(locator, value.encode() if equals else None)

    def holds(self, fields: Fields) -> bool:
        """Whether this request has it. An empty value is there too."""
        found = self.locator.read(fields)
        return found is not None and self.value in (None, found)
