"""Bodies of many megabytes, written into their rows and read out of them.

As values of a statement SQLite would copy them twice, into the statement and into the row; so they go straight from our
memory into its pages, and back.
"""

import sqlite3

BIG_BYTES = 1024 * 1024
"""A longer body is stored and read on its own."""

MAKE_ROOM = "UPDATE delivery SET body = zeroblob(:length) WHERE id = :id"


def write(connection: sqlite3.Connection, delivery_id: int, body: bytes) -> None:
    """Write a body into its row, which is there without, as part of the transaction in progress."""
    connection.execute(MAKE_ROOM, {"id": delivery_id, "length": len(body)})
    with connection.blobopen("delivery", "body", delivery_id) as blob:
        blob.write(body)


def read(connection: sqlite3.Connection, delivery_id: int) -> bytes:
    """Return the body of a delivery that is there, and stays there: in a transaction."""
    with connection.blobopen("delivery", "body", delivery_id, readonly=True) as blob:
        return blob.read()
