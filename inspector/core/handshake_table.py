"""How a provider finds out whether a URL is its receiver's: one entry of its file's `handshake`. These are the keys:

    method  = "GET"                         one or several; POST if left out
    when    = ["query:hub.mode=subscribe"]  what its request holds, all of it; `unless`: what it does not, none of it
    verify  = true                          it is signed like any delivery, and refused if the check fails
    require = { "query:hub.verify_token" = "{setting:verify_token}" }   values that must be the endpoint's verify_token
    status  = 200                           the answer's, 2xx
    headers = { X-Hook-Secret = "{header:X-Hook-Secret}" }
    body    = "{query:hub.challenge}"       sent as text/plain; or else
    json    = { plainToken = "{json:payload.plainToken}", ok = true }   sent compactly, in this order
    keep    = "header:X-Hook-Secret"        a header that holds a secret, which the endpoint keeps
    asks    = "asked for its challenge back"   what it did, after its name

A value with braces is a template, one without is the text itself. `{hmac.hex:LOCATOR}`, on its own, is the HMAC-SHA256
of a value with the endpoint's secret. `handshake` is such a table, or a list of them of which the first that fits
counts; an empty one takes an inherited one back.
"""

import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from inspector.core.conditions import Condition
from inspector.core.fields import Fields
from inspector.core.table import Table
from inspector.core.templates import SECRET, Builtin, Kind, Locator, Template
from inspector.errors import ConfigError

BODY_MAX_BYTES = 64 * 1024
"""A longer body is no handshake: theirs have a few hundred bytes, and this look is taken at every delivery."""

_KEYS = (
    "method",
    "when",
    "unless",
    "verify",
    "require",
    "status",
    "headers",
    "body",
    "json",
    "keep",
    "asks",
)
_VERIFY_TOKEN = "{setting:verify_token}"  # noqa: S105 - a placeholder
_METHOD = re.compile(r"[A-Z]{1,16}")
_HMAC_HEX = "hmac.hex:"
_HMAC = re.compile(r"\{" + re.escape(_HMAC_HEX) + r"([^{}]+)\}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_FRAMING = frozenset({"connection", "content-length", "date", "transfer-encoding"})
_TEXT = "text/plain"
_JSON = "application/json"
_IN_BODY = frozenset({Kind.FORM, Kind.JSON, Kind.XML})
_ASKS = "asked whether this URL is yours"

JsonFields = tuple[tuple[str, Template | int | bool], ...]


@dataclass(frozen=True, slots=True)
class Handshake:
    """One request that only asks, told apart by its method and what it holds, and the answer to it."""

    methods: tuple[str, ...] = ("POST",)
    when: tuple[Condition, ...] = ()
    unless: tuple[Condition, ...] = ()
    verify: bool = False
    token: tuple[Locator, ...] = ()
    """What has to equal the endpoint's verify token."""
    status: int = 200
    headers: tuple[tuple[bytes, Template], ...] = ()
    body: Template | None = None
    json: JsonFields | None = None
    keep: Locator | None = None
    asks: str = _ASKS
    """What it did, for a sentence that begins with its name."""
    needs_key: bool = field(init=False, repr=False, compare=False)
    """Whether the answer is made with the endpoint's secret."""
    reads_body: bool = field(init=False, repr=False, compare=False)
    """Whether its body has to be looked into to know it."""

    def __post_init__(self) -> None:
        parts = [part for template in self._templates() for part in template.placeholders()]
        made = any(isinstance(part, Builtin) and part.name.startswith(_HMAC_HEX) for part in parts)
        object.__setattr__(self, "needs_key", made)
        kinds = {condition.locator.kind for condition in (*self.when, *self.unless)}
        object.__setattr__(self, "reads_body", not kinds.isdisjoint(_IN_BODY))

    def fits(self, fields: Fields) -> bool:
        """Whether this request is one."""
        request = fields.request
        return (
            request.method in self.methods
            and not (self.reads_body and len(request.body) > BODY_MAX_BYTES)
            and all(condition.holds(fields) for condition in self.when)
            and not any(condition.holds(fields) for condition in self.unless)
        )

    def _templates(self) -> Iterator[Template]:
        yield from (value for _, value in self.headers)
        yield from (value for _, value in self.json or () if isinstance(value, Template))
        if self.body is not None:
            yield self.body


def parse(table: Table) -> tuple[Handshake, ...]:
    """Read what `table`, a provider's, has under `handshake`. Raises ConfigError."""
    value = table.value("handshake")
    if type(value) is list and all(type(each) is dict for each in value):
        return tuple(_one(table.within("handshake", each)) for each in value)
    only = table.table("handshake")
    return (_one(only),) if only is not None and list(only) else ()


def _one(table: Table) -> Handshake:
    table.only(_KEYS)
    body = table.checked("body", _text)
    json = None if table.value("json") is None else tuple(_json(_under(table, "json")))
    if body is not None and json is not None:
        raise table.error("'body' and 'json' cannot both be the answer", "json")
    status = table.integer("status", 200, 299) or 200
    content_type = _TEXT if body is not None else _JSON if json is not None else None
    if status == 204 and content_type:
        raise table.error("a 204 has no body", "status")
    keep = table.checked("keep", _header)
    when = (*((Condition(keep),) if keep else ()), *table.each("when", Condition.parse))
    made = Handshake(
        methods=table.each("method", _method) or ("POST",),
        # The body last: most deliveries have no such header, and are then let go unread.
        when=tuple(sorted(when, key=lambda condition: condition.locator.kind in _IN_BODY)),
        unless=table.each("unless", Condition.parse),
        verify=table.flag("verify") or False,
        token=tuple(_tokens(_under(table, "require"))),
        status=status,
        headers=tuple(_headers(_under(table, "headers"), content_type)),
        body=body,
        json=json,
        keep=keep,
        asks=table.text("asks") or _ASKS,
    )
    if not when and "POST" in made.methods:
        raise table.error("missing: every delivery would be taken for a handshake", "when")
    return made


def _under(table: Table, key: str) -> Table:
    return table.table(key) or table.within(key, {})


def _tokens(table: Table) -> Iterator[Locator]:
    for name in table:
        if table.text(name) != _VERIFY_TOKEN:
            raise table.error(
                f"expected '{_VERIFY_TOKEN}': any other value belongs in `when`", name
            )
        try:
            yield Locator.parse(name)
        except ConfigError as error:
            raise table.error(str(error), name) from error


def _headers(table: Table, content_type: str | None) -> Iterator[tuple[bytes, Template]]:
    """Yield the headers of an answer, with those that keep a browser from taking what it echoes for a page."""
    safe = (
        {"content-type": content_type, "x-content-type-options": "nosniff"} if content_type else {}
    )
    for name in table:
        wanted = safe.get(name.lower())
        value = table.text(name) or ""
        if not _HEADER_NAME.fullmatch(name) or not value.isprintable():
            raise table.error("not a header", name)
        if name.lower() in _FRAMING:
            raise table.error("follows from the rest of the answer", name)
        if wanted and (value.partition(";")[0] != wanted or "{" in value):
            raise table.error(f"must be '{wanted}', since a stranger's text is sent back", name)
        yield name.encode(), _template(table, name)
    named = {name.lower() for name in table}
    for name, value in safe.items():
        if value and name not in named:
            yield name.title().encode(), _text(value)


def _json(table: Table) -> Iterator[tuple[str, Template | int | bool]]:
    for name in table:
        value = table.value(name)
        plain = type(value) is bool or type(value) is int
        yield name, value if plain else _template(table, name)


def _template(table: Table, name: str) -> Template:
    found = table.checked(name, _text)
    assert found is not None, "the table has this name"
    return found


def _text(text: str) -> Template:
    if found := _HMAC.fullmatch(text):
        return Template((_hmac(Locator.parse(found[1])),))
    if "{" not in text and "}" not in text:
        return Template((text.encode(),))
    template = Template.parse(text)
    for part in template.placeholders():
        if part is SECRET:
            raise ConfigError("'{secret}' would tell the secret to whoever asks")
        if isinstance(part, Locator) and part.kind is Kind.PAIR:
            raise ConfigError(f"'{part.label}' can only be signed")
    return template


def _hmac(of: Locator) -> Builtin:
    def read(fields: Fields) -> bytes | None:
        value = of.read(fields)
        return hmac.digest(fields.secret, value, "sha256").hex().encode() if value else None

    return Builtin(f"{_HMAC_HEX}{of.kind}:{of.name}", of.label, read)


def _header(text: str) -> Locator:
    locator = Locator.parse(text)
    if locator.kind is not Kind.HEADER:
        raise ConfigError(f"'{text}' is not a header")
    return locator


def _method(text: str) -> str:
    if not _METHOD.fullmatch(text):
        raise ConfigError(f"'{text}' is not a method such as GET or POST")
    return text
