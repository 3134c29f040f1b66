"""Writing one signature, with its time, into its place in a request. `signing` says where and when."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from inspector.core import keypairs, obstacles, schemes, splicing
from inspector.core.bodyfields import json_items
from inspector.core.fields import Fields
from inspector.core.formats import Shape
from inspector.core.model import Request
from inspector.core.providers import Placement, Provider
from inspector.core.templates import Kind, Locator
from inspector.errors import SigningError

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
"""What a header's value cannot hold (RFC 9110, 5.5)."""

Pairs = dict[bytes, bytes]


class Pen(NamedTuple):
    """What signatures are written with."""

    provider: Provider
    key: bytes
    """Empty where it is a private one."""
    signature: Callable[[bytes], bytes]
    """From a message to the text of its signature."""
    at_s: float
    url: bytes | None

    @classmethod
    def of(
        cls,
        provider: Provider,
        secret: bytes | str,
        at_s: float,
        url: bytes | None,
        *,
        breaks: bool,
    ) -> "Pen":
        """Return one that signs with `secret`, or nearly so if it `breaks` what it writes. Raises SigningError."""
        key, right = _hand(provider, secret)

        def spoilt(message: bytes) -> bytes:
            return schemes.spoilt(provider, right(message))

        return cls(provider, key, spoilt if breaks else right, at_s, url)

    def write(self, placement: Placement, request: Request) -> Request:
        """Return `request` with time and signature in this place; in each item, where items are signed one by one."""
        request, url = self._dated(placement, request)
        pairs = self._pairs(placement, request)
        fields = Fields(request, url)
        values = [self._value(placement, each, pairs) for each in self._items(fields)]
        for value in values:
            self._check(placement.signature, value)
        return self._put(request, placement.signature, values)

    def _dated(self, placement: Placement, request: Request) -> tuple[Request, bytes | None]:
        """Return the request and its URL with the time of now; one within the signature's own header comes later."""
        time = placement.time
        if self.provider.time is None or time is None or time.kind is Kind.PAIR:
            return request, self.url
        now = self.provider.time.write(self.at_s)
        url = self.url
        if url is not None and time.kind is Kind.QUERY:
            url = splicing.replace_query(url, time.key, now)
        items = list(self._items(Fields(request, self.url)))
        return self._put(request, time, [now] * len(items)), url

    def _pairs(self, placement: Placement, request: Request) -> Pairs:
        """Return the elements of the old signature header that the new one needs too, with the time of now."""
        provider = self.provider
        if provider.format.shape is not Shape.PAIRS:
            return {}
        old = provider.format.pairs(request.headers.get(placement.signature.name.encode()) or b"")
        needed = [each.key for each in placement.locators() if each.kind is Kind.PAIR]
        pairs = {key: old[key] for key in reversed(list(old)) if key in needed}
        if provider.time and placement.time and placement.time.kind is Kind.PAIR:
            pairs[placement.time.key] = provider.time.write(self.at_s)
        return pairs

    def _items(self, fields: Fields) -> Iterator[Fields]:
        if not self.provider.json_root:
            yield fields
            return
        for item in json_items(fields.document(), self.provider.json_root):
            yield Fields(fields.request, fields.url, document=item)

    def _value(self, placement: Placement, fields: Fields, pairs: Pairs) -> bytes:
        """Return what the signature's place is to hold."""
        provider = self.provider
        fields.pairs = pairs
        fields.signature_header = placement.signature.key
        fields.secret = self.key
        message = placement.signed.render(fields, provider.missing)
        if message is None:
            raise SigningError(obstacles.lacking(provider, placement, fields))
        if pair := provider.unequal(fields):
            raise SigningError(obstacles.unequal(provider, pair))
        return provider.format.write(self.signature(message), pairs)

    def _check(self, part: Locator, value: bytes) -> None:
        """Refuse what cannot stand there: a token may be any bytes."""
        secret = f"the secret for {self.provider.title}"
        if part.kind is Kind.HEADER and _CONTROL.search(value):
            raise SigningError(f"{secret} has a line break in it, or the like")
        try:
            value.decode("utf-8", "surrogatepass" if part.kind is Kind.JSON else "replace")
        except UnicodeDecodeError:
            raise SigningError(f"{secret} is not UTF-8, which JSON has to be") from None

    def _put(self, request: Request, part: Locator, values: Sequence[bytes]) -> Request:
        made = splicing.put(request, part, values, self.provider.json_root) if values else None
        if made is None:
            raise SigningError(obstacles.no_place(self.provider, part))
        return made


def _hand(provider: Provider, secret: bytes | str) -> tuple[bytes, Callable[[bytes], bytes]]:
    """Return the key, where it is a shared one, and what makes signatures with it."""
    if provider.is_asymmetric:
        private = keypairs.private_key(provider, secret)
        return b"", lambda message: keypairs.signature(provider, private, message)
    key = provider.secret.key(secret)
    if key is None:
        raise SigningError(
            f"the secret for {provider.title} is empty or not {provider.secret.description}"
        )
    return key, lambda message: schemes.expected(provider, key, message)
