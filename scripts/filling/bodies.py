"""Bodies in realistic sizes: a provider's sample, and in it as many made-up items as it takes."""

import random
from collections.abc import Sequence
from itertools import accumulate
from urllib.parse import quote_plus

MEDIAN_BYTES = 1500
SIGMA = 0.9
"""Of the sizes' logarithm: a mean of 2.2 KB, and one in a hundred above 12 KB."""
LARGEST_BYTES = 256 * 1024
WORDS = 4000
SENTENCES = 20_000
SYLLABLES = "ba ce di fo gu la me ni ro su ta ve zi ko pu ar en il or un".split()  # noqa: SIM905 - read aloud
ITEM = (
    '{"id":"itm_%016x","sku":"%s-%05d","title":"%s","quantity":%d,"price":"%d.%02d","currency":"%s",'
    '"created_at":"2026-%02d-%02dT%02d:%02d:%02dZ","note":"%s"}'
)
CURRENCIES = ("EUR", "USD", "GBP", "CHF")
OTHERS_BYTES = 200
"""About what an item has besides its sentences."""


class Bodies:
    """Makes sample bodies as large as real ones are, out of a vocabulary in which few words are common."""

    def __init__(self, roll: random.Random) -> None:
        self._roll = roll
        words = ["".join(roll.choices(SYLLABLES, k=roll.randint(1, 5))) for _ in range(WORDS)]
        # Zipf's law, as in any language: the n-th word is used 1/n as often as the first.
        often = list(accumulate(1 / rank for rank in range(1, WORDS + 1)))
        self._words = words
        self._sentences: Sequence[str] = [
            " ".join(roll.choices(words, cum_weights=often, k=roll.randint(3, 12)))
            for _ in range(SENTENCES)
        ]

    def size_bytes(self) -> int:
        """Draw how large a body is to become."""
        return min(LARGEST_BYTES, int(self._roll.lognormvariate(0, SIGMA) * MEDIAN_BYTES))

    def grown(self, body: bytes, size_bytes: int) -> bytes:
        """Return `body` with items in it, about `size_bytes` long; what is neither a JSON object nor a form stays."""
        more_bytes = size_bytes - len(body)
        if more_bytes < OTHERS_BYTES:
            return body
        if body.startswith(b"{") and body.rstrip().endswith(b"}"):
            return body.rstrip()[:-1] + b',"items":[%s]}' % self._items(more_bytes)
        if body.startswith((b"{", b"[", b"<")):
            return body
        return body + b"&Note=" + self._prose(more_bytes)

    def _items(self, size_bytes: int) -> bytes:
        items: list[str] = []
        while size_bytes > 0:
            items.append(self._item())
            size_bytes -= len(items[-1]) + 1
        return ",".join(items).encode()

    def _item(self) -> str:
        roll, dice = self._roll, self._roll.getrandbits(64)
        return ITEM % (
            roll.getrandbits(64),
            self._words[dice % WORDS].upper(),
            dice >> 12 & 0xFFFF,
            self._sentences[(dice >> 8) % SENTENCES],
            dice % 9 + 1,
            dice >> 16 & 0x3FF,
            dice % 100,
            CURRENCIES[dice & 3],
            (dice >> 28 & 7) + 1,
            dice % 28 + 1,
            dice % 24,
            (dice >> 32) % 60,
            (dice >> 40) % 60,
            self._sentences[(dice >> 24) % SENTENCES],
        )

    def _prose(self, size_bytes: int) -> bytes:
        text = ""
        while len(text) < size_bytes:
            text += self._roll.choice(self._sentences) + ". "
        return quote_plus(text[:size_bytes]).encode()
