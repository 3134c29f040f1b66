"""A kind of sender as a value: how it signs, and where it puts the names of its events.

`provider_table` reads one from TOML and explains the keys; `verification` and `signing` act on it.
"""

import hmac
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from inspector.core.conditions import Condition
from inspector.core.fields import Fields
from inspector.core.formats import Encoding, Format
from inspector.core.handshake_table import Handshake
from inspector.core.keys import KeyForm
from inspector.core.model import Request
from inspector.core.templates import PATH_AND_QUERY, URL, Builtin, Kind, Locator, Template
from inspector.core.timestamps import TimeRule

LOCATED_MAX = 256
"""Characters kept of an event's type or id: they are shown in lists."""


class Scheme(StrEnum):
    """How a provider signs."""

    HMAC = "hmac"
    DIGEST = "digest"
    """A plain hash over a text that holds the secret."""
    TOKEN = "token"  # noqa: S105 - a scheme
    """The secret itself, in a header: proves who sent, nothing about what."""
    BASIC = "basic"
    """User name and password, as `user:password`: likewise."""
    ED25519 = "ed25519"
    """The secret is the public key, 32 bytes."""
    ECDSA_P256 = "ecdsa-p256"
    """With SHA-256; the secret is the public key, a DER SubjectPublicKeyInfo."""
    CONTENTFUL = "contentful"
    """An HMAC over the headers that another header lists. For this and the next four there is code, in `coded`."""
    JWT = "jwt"
    """A signed token that names the body's digest (Plaid); the secret is the public key, a JWK."""
    PAYPAL = "paypal"
    """By the key of a certificate that the request names; the secret is the webhook's id."""
    SNS = "sns"
    """Likewise, within the body (AWS)."""
    RFC9421 = "rfc9421"
    """HTTP Message Signatures."""
    UNSIGNED = "unsigned"
    """The provider documents no signature."""


BARE = frozenset({Scheme.TOKEN, Scheme.BASIC})
"""Those whose deliveries carry the secret itself."""
CODED = frozenset({Scheme.CONTENTFUL, Scheme.JWT, Scheme.PAYPAL, Scheme.SNS, Scheme.RFC9421})


class UrlVariant(StrEnum):
    """A spelling of the URL that the provider may have signed."""

    AS_IS = "as-is"
    WITHOUT_PORT = "without-port"
    WITH_DEFAULT_PORT = "with-default-port"
    DECODED = "decoded"
    """With `:/?@!$'()*,;` plain where they were percent-encoded."""


@dataclass(frozen=True, slots=True)
class Placement:
    """One place for the signature, with what is signed when it stands there."""

    signature: Locator
    signed: Template
    time: Locator | None = None
    covered: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """What the signature authenticates, in the words of `Verification.covered`."""

    def __post_init__(self) -> None:
        labels = (self._label(part) for part in self.signed.placeholders())
        object.__setattr__(self, "covered", tuple(dict.fromkeys(filter(None, labels))))

    def locators(self) -> Iterator[Locator]:
        """Yield what is read besides the signature: what is signed, and the time."""
        yield from (part for part in self.signed.placeholders() if isinstance(part, Locator))
        if self.time is not None:
            yield self.time

    def _label(self, part: Locator | Builtin) -> str:
        if isinstance(part, Locator) and part.kind is Kind.PAIR:
            return f"{part.name} in {self.signature.name}"
        return part.label


class Located(NamedTuple):
    """What a delivery says about itself."""

    event: str | None
    event_id: str | None
    attempt_id: str | None


@dataclass(frozen=True, slots=True)
class Provider:
    """One kind of sender."""

    name: str
    title: str
    scheme: Scheme
    docs: tuple[str, ...] = ()
    note: str = ""
    placements: tuple[Placement, ...] = ()
    """Tried in order; the first that verifies counts. Empty only where the scheme is `unsigned` or code."""
    digest: str = "sha256"
    secret: KeyForm = field(default_factory=KeyForm)
    format: Format = field(default_factory=Format)
    encoding: Encoding = Encoding.HEX
    time: TimeRule | None = None
    also: tuple[tuple[Template, Template], ...] = ()
    """Pairs that must be equal besides the signature being right."""
    url_variants: tuple[UrlVariant, ...] = (UrlVariant.AS_IS,)
    json_root: tuple[str, ...] = ()
    """Path to the items of a body that are signed one by one; empty: the body is one."""
    missing: bytes | None = None
    """Stands for a signed value that is absent; None: there is then nothing to compare."""
    event: tuple[Template, ...] = ()
    """Alternatives: the first that can be read whole counts. So for the next two."""
    dedupe: tuple[Template, ...] = ()
    attempt: tuple[Template, ...] = ()
    ack: str = "2xx"
    """The statuses it takes as success: all of `2xx`, or one."""
    empty_ack: bool = False
    """Whether what it is acknowledged with must have no body."""
    handshake: tuple[Handshake, ...] = ()
    """What it asks before it sends; of those that fit, the first counts. `handshakes` answers."""
    older_headers: tuple[bytes, ...] = ()
    """Lower-case names under which its signature stood before, made in another way or not: nothing is checked there."""
    recognised_by: tuple[tuple[Condition, ...], ...] = ()
    """Its deliveries hold all of one of these sets. Empty: nothing tells them apart."""
    signs: bool = field(init=False, repr=False, compare=False)
    """Whether the provider documents a signature at all."""
    signs_url: bool = field(init=False, repr=False, compare=False)
    """Whether the URL it was given is part of what it signs."""
    signs_path: bool = field(init=False, repr=False, compare=False)
    """Whether path and query are, without the rest of the URL."""
    is_asymmetric: bool = field(init=False, repr=False, compare=False)
    """Whether the secret we hold is a public key, which cannot sign."""
    is_coded: bool = field(init=False, repr=False, compare=False)
    """Whether its scheme is code, in `coded`, rather than what stands here. Its placements are only shown."""

    def __post_init__(self) -> None:
        signed = any(placement.signed.uses(URL) for placement in self.placements)
        object.__setattr__(self, "signs", self.scheme is not Scheme.UNSIGNED)
        object.__setattr__(self, "signs_url", signed)
        path = any(placement.signed.uses(PATH_AND_QUERY) for placement in self.placements)
        object.__setattr__(self, "signs_path", path)
        asymmetric = self.scheme in {Scheme.ED25519, Scheme.ECDSA_P256}
        object.__setattr__(self, "is_asymmetric", asymmetric)
        object.__setattr__(self, "is_coded", self.scheme in CODED)

    def locate(self, request: Request, fields: Fields | None = None) -> Located:
        """Read the event's type, the event's id and the attempt's id, as far as the request has them.

        `fields` are those of the request, where somebody has read some of them already.
        """
        fields = fields or Fields(request)
        return Located(
            event=_first(self.event, fields),
            event_id=_first(self.dedupe, fields),
            attempt_id=_first(self.attempt, fields),
        )

    def unequal(self, fields: Fields) -> tuple[Template, Template] | None:
        """Return the first two of `also` that are not equal in this request."""
        for one, other in self.also:
            value = one.render(fields)
            if value is None or not hmac.compare_digest(value, other.render(fields) or b""):
                return one, other
        return None


def _first(alternatives: Iterable[Template], fields: Fields) -> str | None:
    for template in alternatives:
        value = template.render(fields)
        if value:
            # Text that any store and any terminal takes; what was not UTF-8 stays tellable apart.
            return value.decode("utf-8", "backslashreplace")[:LOCATED_MAX]
    return None
