"""How a person wants to hear of failures: what `hooktap.toml` says in `[notify]`."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from inspector.core.table import Table


@dataclass(frozen=True, slots=True)
class Notices:
    """What happens when a check or an attempt fails, once every few seconds at most."""

    toasts: bool = True
    """A few words on the screen; a key switches them off and on again, and the others with them."""
    bell: bool = False
    """The terminal rings with each toast."""
    desktop: bool = False
    """Each toast is a notification of the desktop as well, where the terminal passes it on (OSC 9 and 777)."""


KEYS = tuple(field.name for field in fields(Notices))


def read_notices(config: Sequence[Table]) -> Notices:
    """Read `[notify]` of the top tables, the strongest first; what none says is the default. Raises ConfigError."""
    chosen: dict[str, bool] = {}
    for top in reversed(config):
        if (table := top.table("notify")) is not None:
            table.only(KEYS)
            given = {key: table.flag(key) for key in KEYS}
            chosen |= {key: value for key, value in given.items() if value is not None}
    return Notices(**chosen)
