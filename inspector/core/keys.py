"""From the secret a provider shows to the bytes that sign."""

import hmac
from dataclasses import dataclass

from inspector.core.formats import Encoding


@dataclass(frozen=True, slots=True)
class KeyForm:
    """How a secret is written, and what of it is the key."""

    strip: bytes = b""
    """What secrets begin with and the key does not; it may be left out."""
    decode: Encoding | None = None
    """None: the text is the key."""
    prefix: bytes = b""
    """What secrets begin with and the key does too."""

    def key(self, secret: bytes | str) -> bytes | None:
        """Return the key; None if there is nothing in `secret`, or not what it should be."""
        raw = secret.encode("utf-8", "surrogatepass") if isinstance(secret, str) else secret
        raw = raw.removeprefix(self.strip)
        return (self.decode.bytes_of(raw) if self.decode else raw) or None

    def written(self, key: bytes) -> bytes:
        """Return a secret whose key is `key`."""
        return self.strip + (self.decode.text_of(key) if self.decode else key)

    def sample(self, seed: bytes, name: str) -> bytes:
        """Return the secret of `name` that follows from `seed`, written as the provider writes its own."""
        raw = hmac.digest(seed, b"sample secret of " + name.encode(), "sha256")
        return self.strip + self.prefix + (self.decode or Encoding.HEX).text_of(raw)

    @property
    def description(self) -> str:
        """What a secret has to be, for a sentence that says it is not."""
        return f"{self.decode} text" if self.decode else "text"
