"""Which deliveries repeat an event that was delivered before: the writer's memory of events, and the look behind it.

No index finds an event's first delivery. Ids are random, so that each delivery would write a page of the index besides
its own: four in ten fewer a second, and files larger by 2 %, for repeats of what came twenty thousand events ago.
"""

import sqlite3

from inspector.core.model import Delivery, Outcome

KEPT = 10_000
"""Events in each of the two halves of the memory: about 3 MB when both are full."""

READ_FIRSTS = """
    SELECT endpoint, provider, event_id, outcome, coalesce(duplicate.of, id)
    FROM delivery LEFT JOIN duplicate ON duplicate.delivery_id = id
    WHERE id > (SELECT max(id) FROM delivery) - :kept AND event_id IS NOT NULL AND outcome IN ('verified', 'unsigned')
        AND NOT EXISTS (SELECT 1 FROM handshake WHERE delivery_id = id)
    ORDER BY id
"""

# A delivery of this event, to this path and with this very body, that its target has got or is about to get. Where a
# person had it sent says nothing of that. The first and the newest will do: once one has come through, the others of
# its content are held; and were all looked at, each of the many that fail would take longer than the one before.
READ_HANDED = """
    SELECT EXISTS (
        SELECT 1
        FROM delivery
        WHERE id IN (
                SELECT :first
                UNION ALL
                SELECT * FROM (
                    SELECT delivery_id FROM duplicate WHERE of = :first AND NOT held ORDER BY delivery_id DESC LIMIT 16
                )
            )
            AND (
                EXISTS (SELECT 1 FROM schedule WHERE delivery_id = id)
                OR EXISTS (
                    SELECT 1 FROM attempt
                    WHERE delivery_id = delivery.id AND status BETWEEN 200 AND 299 AND trigger <> 'replay'
                )
            )
            AND target = :target AND body_bytes = length(:body) AND body = :body
    )
"""


class Firsts:
    """The first delivery of each recent event, of those that can be relied on."""

    def __init__(self) -> None:
        # Two halves instead of a use list: once the younger is full it becomes the older, whose events are forgotten
        # unless they came again meanwhile. At least `KEPT` events are known, the most recently used ones.
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}

    def find(self, key: str) -> int | None:
        """Return the number of an event's first delivery, if it is known."""
        first = self._young.get(key)
        if first is None and (first := self._old.get(key)) is not None:
            self.keep(key, first)
        return first

    def keep(self, key: str, first: int) -> None:
        """Note an event's first delivery."""
        if len(self._young) >= KEPT:
            self._young, self._old = {}, self._young
        self._young[key] = first

    def fill(self, connection: sqlite3.Connection) -> None:
        """Note the events of the newest deliveries that are stored."""
        for endpoint, provider, event_id, outcome, first in connection.execute(
            READ_FIRSTS, {"kept": 2 * KEPT}
        ):
            key = _key(endpoint, provider, event_id, is_signed=outcome == Outcome.VERIFIED)
            if self.find(key) is None:
                self.keep(key, first)


class Marking:
    """The duplicates among the deliveries of one group commit."""

    def __init__(self, connection: sqlite3.Connection, firsts: Firsts) -> None:
        self._connection = connection
        self._firsts = firsts
        self._new: dict[str, int] = {}
        self._handing: dict[int, list[Delivery]] = {}
        """By the first of their event: deliveries that this commit schedules."""

    def first_of(self, delivery: Delivery, number: int) -> int | None:
        """Return the first delivery of an event that came before; None if there is none, or nothing to tell it by.

        Whoever has no secret can neither be the first of a signed event nor its duplicate. A right signature out of
        time is a captured delivery played back, or a provider's late retry: a duplicate, but no first.
        """
        outcome = delivery.verification.outcome
        is_signed = outcome is Outcome.VERIFIED or outcome is Outcome.STALE
        if (
            delivery.event_id is None
            or not (is_signed or outcome is Outcome.UNSIGNED)
            or delivery.handshake is not None
        ):
            return None
        key = _key(delivery.endpoint, delivery.provider, delivery.event_id, is_signed=is_signed)
        first = self._firsts.find(key) or self._new.get(key)
        if first is None and outcome is not Outcome.STALE:
            self._new[key] = number
        return first

    def is_handed(self, delivery: Delivery, first: int) -> bool:
        """Whether the target has got what this duplicate says, or is about to get it.

        Not where nobody signed: a stranger's delivery says nothing of the provider's. And only of the same content,
        because ids often stand outside what is signed, and some are the same for two changes of one booking.
        """
        if delivery.verification.outcome is Outcome.UNSIGNED:
            return False
        request = delivery.request
        if any(
            (each.request.target, each.request.body) == (request.target, request.body)
            for each in self._handing.get(first, ())
        ):
            return True
        wanted = {"first": first, "target": request.target, "body": request.body}
        (found,) = self._connection.execute(READ_HANDED, wanted).fetchone()
        return bool(found)

    def schedules(self, delivery: Delivery, first: int) -> None:
        """Note that this commit schedules a delivery of the event."""
        self._handing.setdefault(first, []).append(delivery)

    def committed(self) -> None:
        """Remember the events that are now on disk."""
        for key, number in self._new.items():
            self._firsts.keep(key, number)


def _key(endpoint: str, provider: str | None, event_id: str, *, is_signed: bool) -> str:
    # The id last: neither an endpoint's name nor a provider's holds a line feed.
    return f"{endpoint}\n{provider}\n{is_signed:d}{event_id}"
