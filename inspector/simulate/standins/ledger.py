"""What a stand-in must not forget: who is registered, and what is still to be sent. A small SQLite file.

It is no store of deliveries: losing it costs a registration on this machine, so it is written without a flush to disk.
"""

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, NamedTuple, TypeVar

import aiosqlite

from inspector.core.model import Request
from inspector.core.wire import headers_from_json, headers_to_json
from inspector.errors import StorageError
from inspector.simulate.standins import statefile
from inspector.simulate.standins.model import Parcel, State, Webhook
from inspector.store.connection import in_thread

T = TypeVar("T")

# A version after the first takes the place of one, and is nothing without it: somebody has deleted the webhook.
SAVE_WEBHOOK = """
    INSERT INTO webhook SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
    WHERE ?11 = 0 OR EXISTS (SELECT 1 FROM webhook WHERE id = ?1)
    ON CONFLICT (id) DO UPDATE SET name = excluded.name, url = excluded.url, events = excluded.events,
        format = excluded.format, updated_us = excluded.updated_us, enabled = excluded.enabled,
        version = excluded.version, extra = excluded.extra,
        failures = CASE WHEN excluded.enabled AND NOT enabled THEN 0 ELSE failures END
    WHERE version = excluded.version - 1
"""
WEBHOOKS = "SELECT * FROM webhook ORDER BY created_us, id"
WEBHOOK = "SELECT * FROM webhook WHERE id = ?"
IS_AT = "id = ?1 AND (?2 IS NULL OR version = ?2)"
DROP_PARCELS = f"""
    UPDATE parcel SET state = 'dropped'
    WHERE webhook_id = ?1 AND state = 'pending' AND EXISTS (SELECT 1 FROM webhook WHERE {IS_AT})
"""  # noqa: S608 - a constant
DELETE = f"DELETE FROM webhook WHERE {IS_AT}"  # noqa: S608 - a constant

DUE = """
    SELECT parcel.* FROM parcel
    JOIN webhook ON webhook.id = parcel.webhook_id AND webhook.enabled
    WHERE state = 'pending' AND parcel.id NOT IN (SELECT value FROM json_each(?)) ORDER BY due_us LIMIT ?
"""
NEWEST = "SELECT * FROM parcel ORDER BY id DESC LIMIT ?"
PARCEL = "SELECT * FROM parcel WHERE id = ?"
ADD_PARCEL = """
    INSERT INTO parcel (webhook_id, event, event_id, headers, made_us, due_us, attempts, state, last, body)
    SELECT ?1, ?2, ?3, ?4, ?5, ?6, 0, 'pending', NULL, ?7 WHERE EXISTS (SELECT 1 FROM webhook WHERE id = ?1)
"""
ATTEMPTED = """
    UPDATE parcel SET attempts = ?, state = ?, last = ?, due_us = ?
    WHERE id = ? AND state = 'pending'
"""
SUCCEEDED = "UPDATE webhook SET failures = 0 WHERE id = ?"
FAILED = "UPDATE webhook SET failures = failures + 1 WHERE id = ?"
DISABLE = "UPDATE webhook SET enabled = FALSE, version = version + 1 WHERE id = ? AND enabled AND failures >= ?"

KEEP_DOOR = "INSERT INTO door VALUES (1, ?, ?) ON CONFLICT DO NOTHING"
DOOR = "SELECT provider, token FROM door"


class _Change(NamedTuple):
    sql: str
    values: Sequence[Any]


class Ledger:
    """The tables of one stand-in."""

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    async def webhooks(self) -> list[Webhook]:
        """Return all that are registered, the oldest first."""
        return await self._all(_webhook, WEBHOOKS)

    async def webhook(self, webhook_id: str) -> Webhook | None:
        """Return one."""
        return next(iter(await self._all(_webhook, WEBHOOK, webhook_id)), None)

    async def save(self, webhook: Webhook) -> bool:
        """Add it, or put it in place of the version before it; False if somebody else has saved it meanwhile."""
        values = (
            webhook.id,
            webhook.owner,
            webhook.name,
            webhook.url,
            json.dumps(webhook.events),
            webhook.format,
            webhook.secret,
            webhook.created_us,
            webhook.updated_us,
            webhook.enabled,
            webhook.version,
            webhook.failures,
            None if webhook.extra is None else json.dumps(dict(webhook.extra)),
        )
        return await self._change(_Change(SAVE_WEBHOOK, values))

    async def delete(self, webhook_id: str, version: int | None = None) -> bool:
        """Forget one for good, and send nothing more to it; False if there is none, or none of that version."""
        values = (webhook_id, version)
        return await self._change(_Change(DROP_PARCELS, values), _Change(DELETE, values))

    async def add(
        self, webhook_id: str, event: str, event_id: str, request: Request, now_us: int
    ) -> None:
        """Have something sent, at once; nothing where the webhook is gone."""
        headers = json.dumps(headers_to_json(request.headers))
        values = (webhook_id, event, event_id, headers, now_us, now_us, request.body)
        await self._change(_Change(ADD_PARCEL, values))

    async def due(self, but: Sequence[int], limit: int) -> list[Parcel]:
        """Return what is to be sent next to webhooks that are enabled, now or later; without those named."""
        return await self._all(_parcel, DUE, json.dumps(but), limit)

    async def parcels(self, limit: int) -> list[Parcel]:
        """Return the newest, whatever has become of them."""
        return await self._all(_parcel, NEWEST, limit)

    async def parcel(self, parcel_id: int) -> Parcel | None:
        """Return one."""
        return next(iter(await self._all(_parcel, PARCEL, parcel_id)), None)

    async def attempted(self, parcel: Parcel, disabled_after: int | None) -> None:
        """Write down what came of an attempt, and what that means for the webhook."""
        values = (parcel.attempts, parcel.state, parcel.last, parcel.due_us, parcel.id)
        changes = [_Change(ATTEMPTED, values)]
        if parcel.state is State.DELIVERED:
            changes.append(_Change(SUCCEEDED, (parcel.webhook_id,)))
        else:
            changes.append(_Change(FAILED, (parcel.webhook_id,)))
            if disabled_after is not None:
                changes.append(_Change(DISABLE, (parcel.webhook_id, disabled_after)))
        await self._change(*changes)

    async def token(self, provider: str) -> str:
        """Return what a client of the provider's API shows: made up once, and kept.

        Raises StorageError if this is what the stand-in of another provider remembers.
        """
        await self._change(_Change(KEEP_DOOR, (provider, token_urlsafe(32))))
        ((whose, token),) = await self._all(tuple, DOOR)
        if whose != provider:
            raise StorageError(f"{self._path} is the state of a stand-in for '{whose}'")
        return str(token)

    async def _all(self, read: Callable[[sqlite3.Row], T], sql: str, *values: Any) -> list[T]:
        with statefile.explained(self._path):
            return await in_thread(self._connection, _read, read, sql, values)

    async def _change(self, *changes: _Change) -> bool:
        """Make all changes or none; return whether the last one has changed anything."""
        with statefile.explained(self._path):
            return await in_thread(self._connection, _make, changes)


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Ledger]:
    """Open the ledger at `path`, or make one. Raises StorageError where it cannot be used."""
    async with statefile.opened(path) as connection:
        yield Ledger(connection, path)


def _read(
    connection: sqlite3.Connection,
    read: Callable[[sqlite3.Row], T],
    sql: str,
    values: Sequence[Any],
) -> list[T]:
    return [read(row) for row in connection.execute(sql, values)]


def _make(connection: sqlite3.Connection, changes: Sequence[_Change]) -> bool:
    changed = 0
    with connection:
        for sql, values in changes:
            changed = connection.execute(sql, values).rowcount
    return changed > 0


def _webhook(row: sqlite3.Row) -> Webhook:
    values = dict(row)
    values["events"] = tuple(json.loads(row["events"]))
    values["enabled"] = bool(row["enabled"])
    values["extra"] = None if row["extra"] is None else json.loads(row["extra"])
    return Webhook(**values)


def _parcel(row: sqlite3.Row) -> Parcel:
    values = dict(row)
    headers = headers_from_json(json.loads(values.pop("headers")))
    values["request"] = Request("POST", b"/", headers, values.pop("body"))
    values["state"] = State(row["state"])
    return Parcel(**values)
