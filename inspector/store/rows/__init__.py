"""Records as rows and back, column by column: a module for each, with its SQL.

How each value is held stands in `values`, what guards it in `seals`.
"""

from inspector.store.values import Row


def size_bytes(row: Row) -> int:
    """Return about how much memory a record's row takes while it waits."""
    return sum([len(value) for value in row if type(value) is bytes]) + _OTHERS_BYTES


_OTHERS_BYTES = 1024
"""For the columns that are short."""
