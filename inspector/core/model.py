"""The words of the product as values: request, delivery, verification, endpoint, attempt.

Every time is in Unix microseconds (`_us`) or seconds (`_s`); `bytes` come from the wire, `str` is for people.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never

from inspector.core.headers import Headers
from inspector.core.overlays import Overlay, SecretPath


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it arrived, or as it will be sent."""

    method: str
    target: bytes
    """The request target of RFC 9112, 3.2: path and query (rarely an absolute URL), never normalised."""
    headers: Headers
    body: bytes
    """De-chunked, but never inflated or decoded."""
    peer: str = ""
    """Address of the connecting socket, `host:port`; empty when nobody connected."""


class Outcome(StrEnum):
    """What checking a delivery's signature came to."""

    VERIFIED = "verified"
    MISMATCH = "mismatch"
    """A signature was sent and no secret reproduces it."""
    STALE = "stale"
    """The signature is right, but its time is outside the tolerance."""
    MISSING = "missing"
    """This provider signs, and the header is absent."""
    MALFORMED = "malformed"
    """The signature or its timestamp cannot be read."""
    NO_SECRET = "no_secret"  # noqa: S105 - a verdict
    """A signature was sent, and nobody told us the secret."""
    UNSIGNED = "unsigned"
    """This provider documents no signature."""
    UNKNOWN = "unknown"
    """No provider is known for this delivery."""

    @property
    def is_invalid(self) -> bool:
        """Whether the check was made and failed, which is what `on_invalid` acts on."""
        return self in _INVALID


_INVALID = frozenset({Outcome.MISMATCH, Outcome.STALE, Outcome.MISSING, Outcome.MALFORMED})


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of checking one delivery against its endpoint's scheme."""

    outcome: Outcome
    detail: str
    """One sentence for a person: what was compared and what differed."""
    secret_index: int | None = None
    """Which of the endpoint's secrets matched, from 0."""
    signed_at_s: int | None = None
    """The time the sender signed, Unix seconds, as the request claims."""
    covered: tuple[str, ...] = ()
    """What the signature authenticates, e.g. `("header X-Jinko-Timestamp", "body")`. The rest of the request could
    have been changed without breaking it."""


_HOW_FAR = (
    Outcome.MISSING,
    Outcome.MALFORMED,
    Outcome.NO_SECRET,
    Outcome.MISMATCH,
    Outcome.STALE,
    Outcome.VERIFIED,
)


def furthest(verdicts: Iterable[Verification]) -> Verification:
    """Return the verdict of the check that came furthest, of several on one delivery; of equals the first."""
    return max(verdicts, key=lambda verdict: _HOW_FAR.index(verdict.outcome))


@dataclass(frozen=True, slots=True)
class Delivery:
    """One received request, stored whole, with what was found out about it on arrival."""

    id: int
    """Its number in the one sequence that deliveries and attempts share; 0 until the store has given it one."""
    uid: str
    """UUIDv7 text: the name that crosses machines."""
    endpoint: str
    received_at_us: int
    via: str
    """The door it came through: `ingress` or `relay`; or `import`, from a file."""
    request: Request
    """Its body is empty in lists and on the feed: `body_bytes` says whether there was one."""
    body_bytes: int
    provider: str | None
    event: str | None
    event_id: str | None
    attempt_id: str | None
    verification: Verification
    """The newest verdict: that of its arrival, until it is checked again (`Verdict`). So for `provider`."""
    handshake: str | None = None
    """The sender only asked whether somebody is there, and we answered: one sentence on how. None: a delivery like any
    other."""
    duplicate_of: int | None = None
    """The first delivery of the same event, which retention may have taken away since; None: it is the first, or there
    is no telling."""
    duplicate_held: bool = False
    """Not forwarded, because the target has the event already."""
    marked: bool = False
    """By a person; so is the note."""
    note: str | None = None

    @property
    def is_invalid(self) -> bool:
        """Whether it failed its check. A handshake was answered, whatever it showed."""
        return self.handshake is None and self.verification.outcome.is_invalid

    def numbered(
        self, number: int, duplicate_of: int | None = None, *, duplicate_held: bool = False
    ) -> "Delivery":
        """Return a copy with its number, and what was found out with it.

        Every delivery passes here: `dataclasses.replace` takes twice as long.
        """
        return Delivery(
            number,
            self.uid,
            self.endpoint,
            self.received_at_us,
            self.via,
            self.request,
            self.body_bytes,
            self.provider,
            self.event,
            self.event_id,
            self.attempt_id,
            self.verification,
            self.handshake,
            duplicate_of,
            duplicate_held,
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one check of a delivery came to. The one of its arrival has the delivery's own number and time."""

    id: int
    """Its number in the sequence it shares with deliveries and attempts; 0 until the store has given it one."""
    delivery_id: int
    checked_at_us: int
    provider: str | None
    """By whose scheme it was checked."""
    verification: Verification


class Trigger(StrEnum):
    """Why an attempt was made."""

    FORWARD = "forward"
    RETRY = "retry"
    REPLAY = "replay"


class FailureKind(StrEnum):
    """Why the target gave no complete answer."""

    REFUSED = "refused"
    """Nobody listens at the target."""
    UNREACHABLE = "unreachable"
    """The name does not resolve, or there is no route."""
    CONNECT_TIMEOUT = "connect_timeout"
    TIMEOUT = "timeout"
    """Connected, but no complete answer within the total time."""
    DISCONNECTED = "disconnected"
    """The target closed or reset the connection before its answer was complete."""
    MALFORMED = "malformed"
    """What the target sent is not HTTP."""
    FORBIDDEN = "forbidden"
    """We do not send there: one of our own listeners, not on this machine, or where it has been before."""
    ABANDONED = "abandoned"
    """The inspector stopped before the answer came; the app may or may not have seen the request."""


@dataclass(frozen=True, slots=True)
class Response:
    """The target's answer."""

    status: int
    headers: Headers
    body: bytes
    """At most the first 256 KiB (`forwarding.RESPONSE_CAP_BYTES`), as sent: not inflated."""
    body_bytes: int
    """Length of the whole body: declared, or counted as far as it was read."""
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened instead of an answer."""

    kind: FailureKind
    detail: str
    """One sentence: what was tried, how far it came, after how long."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Where an attempt's time went, one after the other, as far as it came."""

    connect_us: int | None
    """Opening a connection, its name and TLS included; None: one that was open already was used."""
    wait_us: int | None
    """Sending the request and waiting for the first byte of the answer; None: there was no connection."""
    read_us: int | None
    """Reading the answer; None: no byte of it came."""
    lost_us: int | None = None
    """Before all that, on an open connection that the target closed without a word; None: on none."""


class Part(StrEnum):
    """A part of a request that a person may edit before it is sent again."""

    METHOD = "method"
    TARGET = "target"
    HEADERS = "headers"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at handing a delivery to a target."""

    id: int
    """Its number in the sequence it shares with deliveries; 0 until the store has given it one."""
    delivery_id: int
    number: int
    """Counts the delivery's attempts from 1."""
    trigger: Trigger
    url: str
    request_headers: Headers
    """What was really sent, Host and framing included."""
    started_at_us: int
    duration_us: int
    result: Response | Failure
    edited: tuple[Part, ...] = ()
    """What of the request a person had edited; it was then signed anew or not, as asked."""
    timing: Timing | None = None
    """None: nothing was tried, it is not known how that ended, or it is from before this was kept."""

    def numbered(self, record_id: int, number: int) -> "Attempt":
        """Return a copy with its number in the sequence, and among its delivery's attempts."""
        return Attempt(
            record_id,
            self.delivery_id,
            number,
            self.trigger,
            self.url,
            self.request_headers,
            self.started_at_us,
            self.duration_us,
            self.result,
            self.edited,
            self.timing,
        )

    @property
    def succeeded(self) -> bool:
        """Whether the target answered 2xx."""
        return isinstance(self.result, Response) and 200 <= self.result.status < 300


Record = Delivery | Attempt | Verdict
"""What the store numbers and the feed carries. Of verdicts, only those of later checks: a delivery has its first."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender is told."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    delay_s: float = 0.0


class ReplyMode(StrEnum):
    """Whose answer the sender gets."""

    ACK = "ack"
    """200 as soon as the delivery is on disk."""
    TARGET = "target"
    """The target's own answer, once the delivery is on disk."""


class OnInvalid(StrEnum):
    """What to do with a delivery whose check failed. It is stored whatever this says."""

    ACCEPT = "accept"
    HOLD = "hold"
    """Answer as usual, do not forward."""
    REJECT = "reject"
    """Answer 401, do not forward."""


class OnDuplicate(StrEnum):
    """What to do with a delivery whose event came before. It is stored and marked whatever this says."""

    FORWARD = "forward"
    HOLD = "hold"
    """Answer as usual, and forward it only if its event did not reach the target."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a failed forward is tried again: `first_s`, then each wait `factor` times the last, up to `max_s`."""

    attempts: int
    """Attempts in all, the first one included."""
    first_s: float = 1.0
    factor: float = 2.0
    max_s: float = 3600.0
    jitter: float = 0.1
    """Each wait is moved by up to this share of itself, so that many do not come back at once."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A named place that accepts deliveries: `/in/<name>`."""

    name: str
    provider: str | None = None
    """None: recognised from each delivery's headers."""
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    """Each as the provider shows it; several while rotating, the one to sign with first."""
    handed: tuple[bytes, ...] = field(default=(), repr=False)
    """A secret that its provider handed over in a handshake."""
    signing_key: bytes | None = field(default=None, repr=False)
    """For schemes whose secret is a public key: the private one of a key pair made for testing. None: cannot sign."""
    verify_token: bytes | None = field(default=None, repr=False)
    """What a handshake has to name to be answered, where the provider has a person choose that."""
    answers_handshakes: bool = True
    """False: they go to the target like any delivery."""
    overlays: tuple[Overlay, ...] = ()
    """What a delivery has to show besides its signature, or in place of one."""
    tolerance_s: int | None = None
    """None: what the provider documents."""
    public_url: str | None = None
    """The URL the provider was given, for schemes that sign it."""
    target: str | None = None
    """Base URL on this machine; None: keep, do not forward."""
    reply: ReplyMode | Reply = ReplyMode.ACK
    on_invalid: OnInvalid = OnInvalid.ACCEPT
    duplicates: OnDuplicate = OnDuplicate.FORWARD
    max_rate: float | None = None
    """Deliveries a second; more are answered 429 and not stored. None: as many as come."""
    retry: RetryPolicy | None = None
    """None: one attempt, for a person who watches and presses `r`."""

    @property
    def secret_path(self) -> bytes:
        """The segment after its name that is part of its address; empty if there is none."""
        return next((each.token for each in self.overlays if isinstance(each, SecretPath)), b"")

    def forwards(self, outcome: Outcome) -> bool:
        """Whether a delivery with this outcome goes on to the target."""
        if self.target is None:
            return False
        match self.on_invalid:
            case OnInvalid.ACCEPT:
                return True
            case OnInvalid.HOLD | OnInvalid.REJECT:
                return not outcome.is_invalid
            case unreachable:
                assert_never(unreachable)


class Sign(StrEnum):
    """How a replay is signed."""

    FRESH = "fresh"
    """A new signature with the time of now."""
    VERBATIM = "verbatim"
    """Every header as it arrived."""
    BROKEN = "broken"
    """A well-formed signature that is wrong, to see the app refuse it."""
    STALE = "stale"
    """A right signature of a time outside the tolerance, likewise."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The visit of a URL that a sender wants to see visited before it delivers."""

    url: str
    status: int
    """The HTTP status it answered with."""
