"""What `hooktap.toml` may say: `[inspector]` and `[endpoint.NAME]`, turned into values."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from inspector.config.keeping import Keep, read_keep
from inspector.config.requirements import HEADER_NAME, read_networks, read_overlays
from inspector.config.secrets import Secrets
from inspector.core.forwarding import check_target, normalise_target
from inspector.core.headers import Headers
from inspector.core.model import (
    Endpoint,
    OnDuplicate,
    OnInvalid,
    Reply,
    ReplyMode,
    RetryPolicy,
)
from inspector.core.overlays import Network
from inspector.core.table import Table
from inspector.errors import ConfigError

ENDPOINT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
NONE = "none"
"""Written where a default is to be switched off: `retry = "none"`, `forward_to = "none"`."""

_PORT_MAX = 65535
_BODY_CAP_MAX_BYTES = 1 << 30
_DRAIN_MAX_S = 60
_RATE_MIN, _RATE_MAX = 0.001, 1_000_000
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Settings:
    """What a flag or an `[inspector]` table may say, key by key; None: it does not say."""

    host: str | None = None
    port: int | None = None
    api_port: int | None = None
    forward_to: str | None = None
    strict: bool | None = None
    allow_remote_target: bool | None = None
    fetch_certificates: bool | None = None
    body_cap_bytes: int | None = None
    drain_s: float | None = None
    trusted_proxies: tuple[Network, ...] | None = None
    keep: Keep | None = None

    def over(self, weaker: "Settings") -> "Settings":
        """Return these settings, with `weaker` ones where these do not say."""
        return Settings(**(weaker.given() | self.given()))

    def given(self) -> dict[str, Any]:
        """Return what these settings do say."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


TOP = ("inspector", "endpoint", "register", "theme", "keys", "notify")
"""Of these, `theme`, `keys` and `notify` are the terminal's, which alone knows what they may say."""
SETTINGS = tuple(field.name for field in fields(Settings))
ENDPOINT_KEYS = (
    "provider",
    "secret",
    "signing_key",
    "verify_token",
    "handshake",
    "require",
    "forward_to",
    "reply",
    "on_invalid",
    "duplicates",
    "tolerance_s",
    "public_url",
    "max_rate",
    "retry",
    "keep",
)
FRAMING = frozenset(
    {"connection", "content-length", "keep-alive", "trailer", "transfer-encoding", "upgrade"}
)
"""Headers that we write: twice, or in other words, they make an answer that nobody can read (RFC 9112 section 6)."""
ANSWER, FORWARD = "answer", "forward"
"""Who answers a handshake: we, or the app."""


def read_settings(top: Table) -> Settings:
    """Read `[inspector]`."""
    top.only(TOP)
    table = top.table("inspector")
    if table is None:
        return Settings()
    table.only(SETTINGS)
    return Settings(
        host=table.text("host"),
        port=table.integer("port", 0, _PORT_MAX),
        api_port=table.integer("api_port", 0, _PORT_MAX),
        forward_to=_target(table, target),
        strict=table.flag("strict"),
        allow_remote_target=table.flag("allow_remote_target"),
        fetch_certificates=table.flag("fetch_certificates"),
        body_cap_bytes=table.integer("body_cap_bytes", 1, _BODY_CAP_MAX_BYTES),
        drain_s=table.number("drain_s", 0, _DRAIN_MAX_S),
        trusted_proxies=read_networks(table, "trusted_proxies"),
        keep=read_keep(table),
    )


def read_endpoint(
    name: str,
    table: Table,
    *,
    providers: Collection[str],
    secrets: Secrets,
    proxies: tuple[Network, ...],
    default: str | None,
) -> Endpoint:
    """Read one `[endpoint.NAME]`; without a `forward_to` of its own it forwards to `default`."""
    if not ENDPOINT_NAME.fullmatch(name):
        raise table.error(
            "not an endpoint's name: up to 64 of a-z 0-9 . _ - that begin with a letter or digit"
        )
    table.only(ENDPOINT_KEYS)
    own = _target(table, _or_none)
    return Endpoint(
        name=name,
        provider=table.choice("provider", providers),
        secrets=secrets.several(table, "secret", name),
        signing_key=secrets.one(table, "signing_key", name),
        verify_token=secrets.one(table, "verify_token", name),
        answers_handshakes=table.choice("handshake", (ANSWER, FORWARD)) != FORWARD,
        overlays=read_overlays(table, secrets, proxies),
        tolerance_s=table.integer("tolerance_s", 1, 3650 * _DAY_S),
        public_url=table.checked("public_url", _public_url),
        target=default if own is None else own or None,
        reply=_reply(table),
        on_invalid=OnInvalid(table.choice("on_invalid", OnInvalid) or OnInvalid.ACCEPT),
        duplicates=_duplicates(table),
        max_rate=table.number("max_rate", _RATE_MIN, _RATE_MAX),
        retry=_retry(table),
    )


def target(text: str) -> str:
    """Return a forward target in full: a port alone is one on this machine. Raises ConfigError."""
    url = normalise_target(text)
    if complaint := check_target(url):
        raise ConfigError(complaint)
    return url


def _target(table: Table, read: Callable[[str], str]) -> str | None:
    if type(table.value("forward_to")) is not int:
        return table.checked("forward_to", read)
    port = table.integer("forward_to", 1, _PORT_MAX)
    return read(str(port))


def _or_none(text: str) -> str:
    return "" if text == NONE else target(text)


def _public_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid:
        raise ConfigError("expected the whole URL that the provider was given, https://...")
    return text


def _reply(table: Table) -> ReplyMode | Reply:
    if not isinstance(table.value("reply"), Mapping):
        return ReplyMode(table.choice("reply", ReplyMode) or ReplyMode.ACK)
    fixed = table.table("reply")
    assert fixed is not None
    fixed.only(("status", "headers", "body", "delay_s"))
    return Reply(
        status=fixed.integer("status", 200, 599) or 200,
        headers=_headers(fixed),
        body=(fixed.text("body", blank=True) or "").encode(),
        delay_s=fixed.number("delay_s", 0, 300) or 0.0,
    )


def _duplicates(table: Table) -> OnDuplicate:
    chosen = OnDuplicate(table.choice("duplicates", OnDuplicate) or OnDuplicate.FORWARD)
    if chosen is OnDuplicate.HOLD and table.value("reply") == ReplyMode.TARGET:
        raise table.error(
            "what is held has no answer of the target's to pass on (reply)", "duplicates"
        )
    return chosen


def _headers(reply: Table) -> Headers:
    table = reply.table("headers")
    pairs = []
    for name in table or ():
        assert table is not None
        value = table.text(name, blank=True) or ""
        if not HEADER_NAME.fullmatch(name):
            raise table.error("not a header's name", name)
        if name.lower() in FRAMING:
            raise table.error("where an answer ends is not a reply's to say", name)
        if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
            raise table.error("a header's value holds no control characters", name)
        pairs.append((name.encode(), value.encode()))
    return Headers(tuple(pairs))


def _retry(table: Table) -> RetryPolicy | None:
    if not isinstance(table.value("retry"), Mapping):
        table.choice("retry", (NONE,))
        return None
    policy = table.table("retry")
    assert policy is not None
    policy.only(field.name for field in fields(RetryPolicy))
    attempts = policy.integer("attempts", 1, 1000)
    if attempts is None:
        raise policy.error("missing: how many attempts in all, the first included", "attempts")
    given = {
        "first_s": policy.number("first_s", 0.001, 7 * _DAY_S),
        "factor": policy.number("factor", 1, 100),
        "max_s": policy.number("max_s", 0.001, 7 * _DAY_S),
        "jitter": policy.number("jitter", 0, 1),
    }
    return RetryPolicy(
        attempts, **{key: number for key, number in given.items() if number is not None}
    )
