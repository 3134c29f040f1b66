"""What a person marked and wrote notes to: the one thing about a delivery that changes as often as they like."""

from inspector.core.marks import Mark, MarkOrder
from inspector.store.commit import Transaction
from inspector.store.values import integer, text

READ = """
    SELECT mark.marked, mark.note
    FROM delivery LEFT JOIN mark ON mark.delivery_id = delivery.id
    WHERE delivery.id = :delivery_id
"""

WRITE = """
    INSERT INTO mark (delivery_id, marked, note) VALUES (:delivery_id, :marked, :note)
    ON CONFLICT (delivery_id) DO UPDATE SET marked = excluded.marked, note = excluded.note
"""

FORGET = "DELETE FROM mark WHERE delivery_id = :delivery_id"


def mark(delivery_id: int, order: MarkOrder, transaction: Transaction) -> Mark | None:
    """Change a delivery's mark as ordered and return what it is now; None if there is no such delivery."""
    number = integer(delivery_id)
    before = transaction.marks.get(number)  # what another of the same commit made of it
    if before is None:
        found = transaction.connection.execute(READ, {"delivery_id": number}).fetchone()
        if found is None:
            return None
        before = Mark(bool(found[0]), found[1])
    now = order.applied_to(before)
    transaction.marks[number] = now
    wanted = {"delivery_id": number, "marked": int(now.marked), "note": text(now.note)}
    transaction.switches.append((WRITE, wanted) if now else (FORGET, wanted))
    return now
