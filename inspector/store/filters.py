"""A query as SQL: what each term means. Values are bound, so that nothing a person types is read as SQL."""

import re

from inspector.core.query import Key, Query, Term
from inspector.store.values import integer, text

Parameters = dict[str, str | int | None]

_COLUMNS = {
    Key.ENDPOINT: ("endpoint",),
    # Of the newest verdict, as `SELECT_DELIVERIES` has joined it.
    Key.PROVIDER: ("iif(verdict.id IS NULL, delivery.provider, verdict.provider)",),
    Key.OUTCOME: ("iif(verdict.id IS NULL, delivery.outcome, verdict.outcome)",),
    Key.EVENT: ("event",),
    Key.METHOD: ("method",),
    Key.TEXT: ("endpoint", "event", "event_id", "attempt_id"),
}

_INDEXED = {Key.OUTCOME: "delivery.outcome", Key.PROVIDER: "delivery.provider"}


def conditions(query: Query) -> tuple[str, Parameters]:
    """Return a condition on a row of `SELECT_DELIVERIES` that holds where every term does, and its parameters."""
    parameters: Parameters = {}
    parts = ["TRUE"]
    for number, term in enumerate(query):
        name = f"term_{number}"
        part, parameters[name] = _condition(term, name)
        # Absent is NULL, and a comparison with it neither true nor false: `-event:x` wants those without an event too.
        parts.append(f"({part}) IS NOT TRUE" if term.negated else f"({part})")
    return " AND ".join(parts), parameters


def indexed(query: Query) -> str | None:
    """Return a condition on the first verdicts that an index answers and the query implies, if there is one."""
    for number, term in enumerate(query):
        if term.key in _INDEXED and not (term.prefix or term.negated):
            return f"{_INDEXED[term.key]} = :term_{number} COLLATE NOCASE"
    return None


def _condition(term: Term, name: str) -> tuple[str, str | int | None]:
    if term.key is Key.ID:
        return f"delivery.id = :{name}", integer(int(term.value))
    value = text(term.value)  # as the rows were stored
    # Both comparisons ignore the case of ASCII letters.
    if term.prefix or term.key is Key.TEXT:
        comparison = rf"LIKE :{name} ESCAPE '\'"
        value = re.sub(r"[\\%_]", r"\\\g<0>", value) + "%"
        if term.key is Key.TEXT:
            value = "%" + value
    else:
        comparison = f"= :{name} COLLATE NOCASE"
    return " OR ".join(f"{column} {comparison}" for column in _COLUMNS[term.key]), value
