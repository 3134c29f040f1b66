"""How much of an endpoint's deliveries is kept: `keep = { days = 30, deliveries = 100000, bytes = 1000000000 }`."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from inspector.core.table import Table

ALL = "all"
"""Written where a default is to be switched off: `keep = "all"`."""

_DAYS_MAX = 36_500
_DELIVERIES_MAX = 10**12
_BYTES_MAX = 10**15


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept of one endpoint; the oldest deliveries beyond any of these go. None: no such limit."""

    days: float | None = None
    deliveries: int | None = None
    bytes: int | None = None
    """Of deliveries and their attempts, about, as they lie on disk."""


def read_keep(table: Table, key: str = "keep") -> Keep | None:
    """Read `keep`: a table with one limit at least, or "all"; absent it is None, too."""
    if not isinstance(table.value(key), Mapping):
        table.choice(key, (ALL,))
        return None
    limits = table.table(key)
    assert limits is not None
    limits.only(field.name for field in fields(Keep))
    keep = Keep(
        days=limits.number("days", 0.001, _DAYS_MAX),
        deliveries=limits.integer("deliveries", 1, _DELIVERIES_MAX),
        bytes=limits.integer("bytes", 1, _BYTES_MAX),
    )
    if keep == Keep():
        raise table.error('says nothing: name days, deliveries or bytes, or write "all"', key)
    return keep
