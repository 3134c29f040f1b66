"""A provider read from TOML. These are the keys:

    title     = "Acme"                    what people call it; the provider's name is its file's
    docs      = ["https://..."]           what was read
    note      = "..."                     unsigned: the sentence shown instead of a verdict
    extends   = "other"                   start from that provider's keys, all but title, docs, note, recognise, older
    recognise = ["header:X-Acme-Event"]   what a delivery of it has, all of it: `header:X`, `json:type=ping`; several
                                          such lists are alternatives; if left out, the signature's header
    scheme    = "hmac"                    hmac, digest, token, basic, ed25519, ecdsa-p256 or unsigned; or one that is
                                          code: contentful, jwt, paypal, sns or rfc9421
    digest    = "sha256"                  sha1, sha256 or sha512
    secret    = { strip = "whsec_", decode = "base64" }   the key is the text itself, unless cut and decoded; `prefix`
                                          is what secrets begin with and the key keeps
    signature = "header:X-Acme-Signature" where it stands
    older     = "header:X-Acme-Sig"       headers it stood in before, which are not checked
    format    = "prefix:sha256="          plain, prefix:TEXT, pairs:SEP:KEY or list:SEP:TEXT: the signatures in it
    encoding  = "hex"                     hex or base64
    signed    = "{header:X-Acme-Time}.{body}"
    timestamp = { from = "header:X-Acme-Time", unit = "s", tolerance = 300, window = "both" }   s, ms or rfc3339; past
                                          or both; without a tolerance the time is shown, not checked
    event     = "json:event"              the event's type
    dedupe    = "header:X-Acme-Event"     the same on every retry of one event
    attempt   = "header:X-Acme-Delivery"  one per retry
    ack       = "2xx"                     the statuses it takes as success
    empty_ack = true                      it counts an acknowledgement that has a body as a failure
    handshake = { ... }                   what it asks before it sends, and the answer: see `handshake_table`

`signature`, `signed` and `timestamp.from` may be lists of one length: the first of each belong together, and so on.
`event`, `dedupe` and `attempt` may be lists: the first that can be read whole counts. Each is a locator, or a template
that joins several: `"{json:type}.{json:action}"`. An empty string takes an inherited key back.

A scheme that is code knows what is signed, and how: of the keys about the signature it takes `secret`, `signature` (for
`jwt` the token's place, for the others only shown) and `timestamp` (where the scheme says when, without `from`).

A few need more: `url_variants`, spellings of the URL that may have been signed (`as-is`, `decoded`, `without-port`,
`with-default-port`); `also`, what must be equal besides, `[{ equal = ["{query:hash}", "{body.sha256.hex}"] }]`;
`json_root`, the items of a body that are signed one by one (`json:` locators of `signature` and `signed` are then read
within each); `missing`, the text that stands for a signed value that is absent.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from inspector.core import handshake_table
from inspector.core.bodyfields import EVERY
from inspector.core.conditions import Condition
from inspector.core.formats import Encoding, Format, Shape
from inspector.core.handshake_table import Handshake
from inspector.core.keys import KeyForm
from inspector.core.providers import BARE, CODED, Placement, Provider, Scheme, UrlVariant
from inspector.core.table import Table, nearest
from inspector.core.templates import SECRET, Kind, Locator, Template
from inspector.core.timestamps import TimeRule, Unit, Window
from inspector.errors import ConfigError

T = TypeVar("T")

_OWN_KEYS = frozenset({"title", "docs", "note", "recognise", "older", "extends"})
"""Not inherited: they name one provider, or tell it apart."""
_SIGNING_KEYS = ("signature", "signed", "timestamp", "also", "json_root")
_FORM_KEYS = ("digest", "format", "encoding", "url_variants", "missing")
_DATA_KEYS = ("signed", "also", "json_root", *_FORM_KEYS)
"""What a scheme that is code does not leave to the file."""
_KEYS = _OWN_KEYS.union(
    _SIGNING_KEYS,
    _FORM_KEYS,
    ("scheme", "secret"),
    ("event", "dedupe", "attempt", "ack", "empty_ack", "handshake"),
)
_DIGESTS = ("sha1", "sha256", "sha512")
_ACK = re.compile(r"[1-5](xx|[0-9][0-9])")
_TOLERANCE_MAX_S = 10 * 366 * 86_400
_NOTHING = Template(())


def parse(
    name: str,
    values: Mapping[str, Any],
    bases: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    file: str = "",
) -> Provider:
    """Read the provider `name` from a TOML table.

    `bases` are the tables of the providers that `extends` may name. Raises ConfigError; its sentence begins with
    `file` (`NAME.toml`, if left out) and the key.
    """
    own = Table(values, file or f"{name}.toml")
    own.only(_KEYS)
    table = _with_inherited(own, values, bases or {}, file or f"{name}.toml")
    scheme = Scheme(_needed(table, "scheme", table.choice("scheme", Scheme)))
    shape = _format(table, scheme)
    root = _json_root(table)
    placements = _placements(table, scheme, root)
    _check(table, scheme, shape, placements)
    return Provider(
        name=name,
        title=table.text("title") or name,
        scheme=scheme,
        docs=tuple(table.texts("docs")),
        note=table.text("note", blank=True) or "",
        placements=placements,
        digest=table.choice("digest", _DIGESTS) or "sha256",
        secret=_key_form(table.table("secret")),
        format=shape,
        encoding=Encoding(table.choice("encoding", Encoding) or Encoding.HEX),
        time=_time_rule(table.table("timestamp"), scheme),
        also=tuple(_equalities(table)),
        url_variants=table.each("url_variants", _url_variant) or (UrlVariant.AS_IS,),
        json_root=root,
        missing=_missing(table),
        event=table.each("event", _named),
        dedupe=table.each("dedupe", _named),
        attempt=table.each("attempt", _named),
        ack=table.checked("ack", _ack) or "2xx",
        empty_ack=table.flag("empty_ack") or False,
        handshake=_handshakes(table, scheme),
        older_headers=table.each("older", _header_name),
        recognised_by=_recognised_by(table, placements),
    )


def _with_inherited(
    own: Table, values: Mapping[str, Any], bases: Mapping[str, Mapping[str, Any]], file: str
) -> Table:
    merged = dict(values)
    seen: list[str] = []
    name = own.text("extends")
    while name is not None:
        if name in seen:
            raise own.error(f"goes in a circle: {' -> '.join([*seen, name])}", "extends")
        if name not in bases:
            raise own.error(f"unknown provider '{name}' {nearest(name, bases)}", "extends")
        seen.append(name)
        base = bases[name]
        merged = {key: base[key] for key in base if key not in _OWN_KEYS} | merged
        name = Table(base, f"{name}.toml").text("extends")
    return Table(merged, file)


def _placements(table: Table, scheme: Scheme, root: tuple[str, ...]) -> tuple[Placement, ...]:
    if scheme is Scheme.UNSIGNED:
        return ()
    if scheme in CODED and scheme is not Scheme.JWT and not table.value("signature"):
        return ()
    timestamp = table.table("timestamp")
    found = _needed(table, "signature", table.each("signature", Locator.parse))
    signatures = [_within(root, locator) for locator in found]
    signed = table.each("signed", Template.parse)
    times = timestamp.each("from", Locator.parse) if timestamp else ()
    size = max(len(signatures), len(signed), len(times))
    rows = zip(
        _stretched(table, "signature", signatures, size),
        _stretched(table, "signed", signed or [_NOTHING], size),
        _stretched(table, "timestamp", times or [None], size),
        strict=True,
    )
    return tuple(Placement(*row) for row in rows)


def _stretched(table: Table, key: str, column: Sequence[T], size: int) -> Sequence[T]:
    if len(column) == 1:
        return [column[0]] * size
    if len(column) != size:
        raise table.error(f"has {len(column)} entries where another key has {size}", key)
    return column


def _within(root: tuple[str, ...], locator: Locator) -> Locator:
    """Return a locator of the whole body as one of the item it points into."""
    steps = locator.path[: len(root)]
    fits = len(steps) == len(root) and all(
        want in (step, EVERY) for want, step in zip(root, steps, strict=True)
    )
    if not root or locator.kind is not Kind.JSON or not fits:
        return locator
    return Locator(Kind.JSON, ".".join(locator.path[len(root) :]))


def _check(table: Table, scheme: Scheme, shape: Format, placements: tuple[Placement, ...]) -> None:
    if scheme is Scheme.UNSIGNED:
        _refuse(table, _SIGNING_KEYS, "a provider whose scheme is 'unsigned' has none")
        return
    if scheme in CODED:
        _refuse(table, _DATA_KEYS, f"the scheme '{scheme}' knows that itself")
        return
    bare = scheme in BARE
    for placement in placements:
        if bare != (placement.signed is _NOTHING):
            raise table.error(
                f"scheme '{scheme}' {'signs nothing' if bare else 'needs it'}", "signed"
            )
        if placement.signed.uses(SECRET) != (scheme is Scheme.DIGEST):
            raise table.error("{secret} belongs into a 'digest', and only there", "signed")
        for locator in placement.locators():
            if locator.kind is Kind.PAIR and shape.shape is not Shape.PAIRS:
                raise table.error(f"'{locator.label}' needs the format pairs:SEP:KEY", "signed")
    if placements[0].signature.kind is Kind.PAIR:
        raise table.error("'pair:' is part of a signature's header, not its place", "signature")


def _refuse(table: Table, keys: Iterable[str], sentence: str) -> None:
    for key in keys:
        if table.value(key):
            raise table.error(sentence, key)


def _format(table: Table, scheme: Scheme) -> Format:
    if scheme is Scheme.BASIC:
        return Format(Shape.CREDENTIALS)
    return table.checked("format", Format.parse) or Format()


def _key_form(table: Table | None) -> KeyForm:
    if table is None:
        return KeyForm()
    table.only(("strip", "decode", "prefix"))
    decode = table.choice("decode", Encoding)
    return KeyForm(
        strip=(table.text("strip") or "").encode(),
        decode=Encoding(decode) if decode else None,
        prefix=(table.text("prefix") or "").encode(),
    )


def _time_rule(table: Table | None, scheme: Scheme) -> TimeRule | None:
    if table is None or not list(table):
        return None
    table.only(("from", "unit", "tolerance", "window"))
    if scheme not in CODED:
        _needed(table, "from", table.texts("from"))
    return TimeRule(
        unit=Unit(table.choice("unit", Unit) or Unit.S),
        tolerance_s=table.integer("tolerance", 0, _TOLERANCE_MAX_S),
        window=Window(table.choice("window", Window) or Window.BOTH),
    )


def _equalities(table: Table) -> Iterator[tuple[Template, Template]]:
    values = table.value("also") or []
    if type(values) is not list or not all(isinstance(value, Mapping) for value in values):
        raise table.error("expected an array of tables", "also")
    for value in values:
        equality = table.within("also", value)
        equality.only(("equal",))
        sides = equality.each("equal", Template.parse)
        if len(sides) != 2:
            raise equality.error("expected two templates", "equal")
        yield sides[0], sides[1]


def _json_root(table: Table) -> tuple[str, ...]:
    root = table.text("json_root", blank=True)
    return tuple(root.split(".")) if root else ()


def _missing(table: Table) -> bytes | None:
    text = table.text("missing", blank=True)
    return None if text is None else text.encode()


def _handshakes(table: Table, scheme: Scheme) -> tuple[Handshake, ...]:
    found = handshake_table.parse(table)
    if scheme is Scheme.UNSIGNED and any(handshake.verify for handshake in found):
        raise table.error("nothing can be verified where the scheme is 'unsigned'", "handshake")
    return found


def _recognised_by(
    table: Table, placements: tuple[Placement, ...]
) -> tuple[tuple[Condition, ...], ...]:
    written = table.value("recognise")
    if written is None:
        # Any client may send credentials: they say nothing about who it is.
        found = (
            placement.signature
            for placement in placements
            if placement.signature.kind is Kind.HEADER
            and placement.signature.key != b"authorization"
        )
        return tuple((Condition(locator),) for locator in dict.fromkeys(found))
    if type(written) is not list or list not in map(type, written):
        alternatives = [table.each("recognise", Condition.parse)]
    else:
        rows = table.within("recognise", {str(n): row for n, row in enumerate(written, 1)})
        alternatives = [rows.each(key, Condition.parse) for key in rows]
    return tuple(conditions for conditions in alternatives if conditions)


def _header_name(text: str) -> bytes:
    locator = Locator.parse(text)
    if locator.kind is not Kind.HEADER:
        raise ConfigError(f"'{text}' is not a header")
    return locator.key


def _named(text: str) -> Template:
    template = Template.parse(text)
    for part in template.placeholders():
        if isinstance(part, Locator) and part.kind is Kind.PAIR:
            raise ConfigError(f"'{part.label}' can only be signed")
    return template


def _url_variant(text: str) -> UrlVariant:
    if text not in list(UrlVariant):
        raise ConfigError(f"unknown value '{text}' {nearest(text, UrlVariant)}")
    return UrlVariant(text)


def _ack(text: str) -> str:
    if not _ACK.fullmatch(text):
        raise ConfigError(f"'{text}' is not a status such as 200, or a class such as 2xx")
    return text


def _needed(table: Table, key: str, value: T | None) -> T:
    if not value:
        raise table.error("missing", key)
    return value
