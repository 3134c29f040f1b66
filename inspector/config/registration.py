"""`[register.PROVIDER]`: where a provider's management API is, and what opens it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from inspector.config.secrets import Secrets
from inspector.core.peers import is_loopback
from inspector.core.table import Table
from inspector.errors import ConfigError

WINK: Final = "wink"
WINK_API: Final = "https://api.wink.travel"
WINK_TOKENS: Final = "https://iam.wink.travel/oauth2/token"
KEYS: Final = (
    "api",
    "token",
    "client_id",
    "client_secret",
    "token_url",
    "scope",
    "entity",
    "entity_name",
)

_LOSS: Final = "without it Wink lets nobody in"
_SCHEMES: Final = ("http", "https")
_VISIBLE: Final = re.compile(r"[!$-;=@-\[\]-~]+")
_UUID: Final = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SCOPE: Final = re.compile(r"[!#-\[\]-~]+( [!#-\[\]-~]+)*")
"""RFC 6749, 3.3."""
_CLIENT_ID: Final = re.compile(r"[!-9;-~]+")
"""Without a colon, at which it ends in `Authorization: Basic`."""


@dataclass(frozen=True, slots=True)
class Application:
    """The two halves that open Wink's API for as long as one token lasts: OAuth 2 client credentials."""

    token_url: str
    client_id: str
    client_secret: Callable[[], bytes]
    """Fetches it. Raises ConfigError."""
    scope: str | None
    """What the token is to allow; None: whatever the application may do."""


@dataclass(frozen=True, slots=True)
class Registration:
    """How to speak with Wink's API, and for whom."""

    api: str
    """Without a slash at its end."""
    entity: str
    """The managing entity that owns the webhooks."""
    entity_name: str | None
    opened_by: Callable[[], bytes] | Application
    """Fetches the token, or what to ask for one with. Raises ConfigError."""


def read_registrations(top: Table, secrets: Secrets) -> dict[str, Registration]:
    """Read `[register.PROVIDER]`. No secret is fetched yet."""
    parent = top.table("register")
    if parent is None:
        return {}
    parent.only((WINK,))
    return {name: _read(table, secrets) for name, table in top.tables("register")}


def _read(table: Table, secrets: Secrets) -> Registration:
    table.only(KEYS)
    entity = table.checked("entity", _uuid)
    if entity is None:
        raise table.error("missing: the identifier of the managing entity, a UUID", "entity")
    return Registration(
        api=(table.checked("api", _base) or WINK_API).rstrip("/"),
        entity=entity,
        entity_name=table.text("entity_name"),
        opened_by=_opened_by(table, secrets),
    )


def _opened_by(table: Table, secrets: Secrets) -> Callable[[], bytes] | Application:
    token = secrets.later(table, "token", _LOSS)
    client_id = table.checked("client_id", _client_id)
    client_secret = secrets.later(table, "client_secret", _LOSS)
    application = (client_id, client_secret, table.value("token_url"), table.value("scope"))
    if token is not None:
        if application != (None,) * len(application):
            raise table.error("write either this or client_id and client_secret", "token")
        return token
    if client_id is None and client_secret is None:
        raise table.error(
            'missing; write token = { env = "NAME" } (or file, command, keyring), or client_id and client_secret',
            "token",
        )
    if client_id is None or client_secret is None:
        missing = "client_id" if client_id is None else "client_secret"
        raise table.error("missing: the other half of the application", missing)
    return Application(
        token_url=table.checked("token_url", _base) or WINK_TOKENS,
        client_id=client_id,
        client_secret=client_secret,
        scope=table.checked("scope", _scope),
    )


def _base(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_whole = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        raise ConfigError("cannot be read as a URL") from None
    if (
        not (is_whole and _VISIBLE.fullmatch(text))
        or "@" in parts.netloc
        or parts.scheme not in _SCHEMES
    ):
        raise ConfigError("expected https://, a host and perhaps a path")
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ConfigError("expected https://... (http is for this machine only)")
    return text


def _uuid(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ConfigError("expected a UUID, such as d5b8a3c2-9e6f-4a1b-8d34-7c2e1f0a5b69")
    return text


def _client_id(text: str) -> str:
    if not _CLIENT_ID.fullmatch(text):
        raise ConfigError("expected visible ASCII characters without a colon")
    return text


def _scope(text: str) -> str:
    if not _SCOPE.fullmatch(text):
        raise ConfigError('expected scopes with a blank between, such as "account.read"')
    return text
