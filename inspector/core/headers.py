"""HTTP header fields exactly as they stood on the wire: order, case and repeats kept."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

HeaderPair = tuple[bytes, bytes]

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def is_token(name: bytes) -> bool:
    """Whether a method or a field may be called so (RFC 9110, 5.6.2)."""
    return _TOKEN.fullmatch(name) is not None


@dataclass(frozen=True, slots=True)
class Headers:
    """Header pairs in wire order and case; looked up without regard to case (RFC 9110, 5.1)."""

    pairs: tuple[HeaderPair, ...] = ()

    def get(self, name: bytes) -> bytes | None:
        """Return the first value of `name`, or None."""
        wanted = name.lower()
        for key, value in self.pairs:
            if key.lower() == wanted:
                return value
        return None

    def get_all(self, name: bytes) -> list[bytes]:
        """Return every value of `name`, in wire order."""
        wanted = name.lower()
        return [value for key, value in self.pairs if key.lower() == wanted]

    def replacing(self, name: bytes, value: bytes) -> "Headers":
        """Return a copy whose first `name` has `value`, in its old place and spelling.

        Further fields of that name are dropped; an absent one is added at the end.
        """
        wanted = name.lower()
        pairs: list[HeaderPair] = []
        found = False
        for key, old in self.pairs:
            if key.lower() != wanted:
                pairs.append((key, old))
            elif not found:
                pairs.append((key, value))
                found = True
        if not found:
            pairs.append((name, value))
        return Headers(tuple(pairs))

    def without(self, names: Iterable[bytes]) -> "Headers":
        """Return a copy without any field whose name is in `names`, in whatever case."""
        dropped = {name.lower() for name in names}
        return Headers(tuple(pair for pair in self.pairs if pair[0].lower() not in dropped))

    def __iter__(self) -> Iterator[HeaderPair]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __contains__(self, name: bytes) -> bool:
        return self.get(name) is not None
