"""A provider's scheme for people: as a formula, and in sentences. What a check came to is said by `wording`."""

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple, assert_never

from inspector.core import schemes
from inspector.core.formats import Shape
from inspector.core.keys import KeyForm
from inspector.core.providers import BARE, Placement, Provider, Scheme
from inspector.core.templates import SECRET, Builtin, Kind, Locator, Template
from inspector.core.timestamps import Window, duration

_COMPUTED = {
    "body.sha256.hex": "hex(SHA-256(body))",
    "body.crc32": "decimal(CRC-32(body))",
    "path+query": "path?query",
    "form.sorted": "sorted(form names and values)",
}


class _Coded(NamedTuple):
    """What is said of a scheme that is code."""

    formula: str
    """What stands in the signature's place."""
    signed: str
    sentence: str
    """Follows the provider's title."""


_CODED = {
    Scheme.CONTENTFUL: _Coded(
        r'hex(HMAC-SHA256(secret, method + "\n" + path?query + "\n" + listed headers + "\n" + body))',
        "method, path?query, listed headers, body",
        "signs method, path and query, the headers that x-contentful-signed-headers lists, and the body with "
        "HMAC-SHA256; the secret has 64 characters",
    ),
    Scheme.JWT: _Coded(
        "ES256 token(private key, { iat: time, request_body_sha256: hex(SHA-256(body)) })",
        "time, SHA-256 of body",
        "sends a signed token that names its time and the SHA-256 of the body; the secret is the public key that "
        "the token's kid names, as a JSON Web Key",
    ),
    Scheme.PAYPAL: _Coded(
        'base64(RSA-SHA256(private key, PAYPAL-TRANSMISSION-ID + "|" + PAYPAL-TRANSMISSION-TIME + "|" + secret '
        '+ "|" + decimal(CRC-32(body))))',
        "id, time, webhook id, CRC-32 of body",
        "signs the transmission's id and time, the webhook's id, and the CRC-32 of the body, with the key of a "
        "certificate on its own host that the request names; the secret is the webhook's id",
    ),
    Scheme.SNS: _Coded(
        r'base64(RSA-SHA1 or RSA-SHA256(private key, name + "\n" + value + "\n" of each signed field))',
        "fields of the body",
        "signs fields of the body with the key of a certificate on its own host that the body names; no secret is "
        "needed, and one that is given is the ARN of the topic that is wanted",
    ),
    Scheme.RFC9421: _Coded(
        "base64(algorithm(key, each part that Signature-Input lists))",
        "what Signature-Input lists",
        "signs what its header Signature-Input lists (RFC 9421), the body through Content-Digest (RFC 9530); the "
        "secret is a shared key, or the public key as PEM",
    ),
}


def formulas(provider: Provider) -> list[str]:
    """Return how each of the places for a signature is filled, e.g. `X-Sig = hex(HMAC-SHA256(secret, body))`."""
    return [_formula(provider, placement) for placement in provider.placements]


def signed(provider: Provider) -> str:
    """Return in short what is signed: `X-Jinko-Timestamp.body`."""
    match provider.scheme:
        case Scheme.UNSIGNED:
            return "nothing: it documents no signature"
        case Scheme.TOKEN | Scheme.BASIC:
            return "nothing: the secret itself is sent"
        case _ if provider.is_coded:
            return _CODED[provider.scheme].signed
        case _:
            return provider.placements[0].signed.text


def paragraph(provider: Provider) -> str:
    """Return in words what is signed, with what key, and for how long that is good."""
    return ". ".join(sentence.rstrip(".") for sentence in _sentences(provider)) + "."


def handshakes(provider: Provider) -> str:
    """Return in words what is answered before any delivery comes; empty if nothing is."""
    asked: dict[str, list[str]] = {}
    for each in provider.handshake:
        asked.setdefault(each.asks, []).extend(each.methods)
    told = (f"{asks} ({_list(dict.fromkeys(methods), 'or')})" for asks, methods in asked.items())
    return f"answered at once when {provider.title} has {_list(told, 'or')}" if asked else ""


def success(provider: Provider) -> str:
    """Return in words which answers the provider takes as success."""
    said = f"any {provider.ack}" if provider.ack.endswith("xx") else f"{provider.ack} only"
    return f"{said}, with an empty body" if provider.empty_ack else said


def _sentences(provider: Provider) -> Iterator[str]:
    yield _what(provider)
    if not provider.signs:
        return
    if not provider.is_coded:
        yield f"The key is {_key_in_words(provider)}"
    if provider.json_root:
        items = ".".join(provider.json_root)
        yield f"Each item at {items} in the body has its own, and all of them have to be right"
    if provider.missing is not None:
        yield f"A value that is absent is signed as {_quoted(provider.missing)}"
    for one, other in provider.also:
        yield f"Besides, {_sum(provider, one)} has to be {_sum(provider, other)}"
    if several := _several(provider):
        yield several
    if provider.time is not None or not (provider.is_coded or _is_bare(provider)):
        yield _age(provider)
    if provider.signs_url:
        yield "The URL is the one it was given: set public_url to that"


def _formula(provider: Provider, placement: Placement) -> str:
    scope = f"for each {'.'.join(provider.json_root)}: " if provider.json_root else ""
    return f"{scope}{_term(placement.signature)} = {_header(provider, placement)}"


def _header(provider: Provider, placement: Placement) -> str:
    """Return what stands in the signature's place."""
    if provider.is_coded:
        return _CODED[provider.scheme].formula
    shape = provider.format
    made = _signature(provider, placement)
    match shape.shape:
        case Shape.PLAIN:
            return made
        case Shape.PREFIX | Shape.LIST:
            return f"{_quoted(shape.text)} + {made}"
        case Shape.CREDENTIALS:
            return f'"Basic " + {made}'
        case Shape.PAIRS:
            words: list[str] = []
            for part in dict.fromkeys(placement.locators()):
                if part.kind is Kind.PAIR:
                    words += [_quoted(part.key + b"="), part.name, _quoted(shape.separator)]
            return " + ".join(_merged([*words, _quoted(shape.text + b"="), made]))
        case unreachable:
            assert_never(unreachable)


def _signature(provider: Provider, placement: Placement) -> str:
    key, text = _key(provider.secret), _sum(provider, placement.signed)
    match provider.scheme:
        case Scheme.TOKEN:
            return key
        case Scheme.BASIC:
            return f"base64({key})"
        case Scheme.DIGEST:
            made = f"{schemes.name(provider)}({text})"
        case Scheme.HMAC:
            made = f"{schemes.name(provider)}({key}, {text})"
        case _:
            made = f"{schemes.name(provider)}(private key, {text})"
    return f"{provider.encoding}({made})"


def _sum(provider: Provider, template: Template) -> str:
    terms = (_key(provider.secret) if part == SECRET else _term(part) for part in template.parts)
    return " + ".join(terms)


def _term(part: bytes | Locator | Builtin) -> str:
    match part:
        case bytes():
            return _quoted(part)
        case Locator():
            return part.name if part.kind in {Kind.HEADER, Kind.PAIR} else part.label
        case Builtin():
            return _COMPUTED.get(part.name) or _sorted_headers(part) or part.name
        case unreachable:
            assert_never(unreachable)


def _sorted_headers(part: Builtin) -> str:
    kind, _, prefix = part.name.partition(":")
    return f'join("&", sorted({prefix}* as name=value))' if kind == "headers.sorted" else ""


def _key(form: KeyForm) -> str:
    text = f"secret after {_quoted(form.strip)}" if form.strip else "secret"
    return f"un{form.decode}({text})" if form.decode else text


def _merged(words: Iterable[str]) -> list[str]:
    """Return the terms with texts that follow each other joined: `"," + "v1="` is `",v1="`."""
    merged: list[str] = []
    for word in words:
        if merged and word.startswith('"') and merged[-1].startswith('"'):
            merged[-1] = merged[-1][:-1] + word[1:]
        else:
            merged.append(word)
    return merged


def _quoted(text: bytes) -> str:
    return json.dumps(text.decode("utf-8", "backslashreplace"))


def _what(provider: Provider) -> str:
    title = provider.title
    if not provider.signs:
        return provider.note or f"{title} documents no signature"
    if provider.is_coded:
        return f"{title} {_CODED[provider.scheme].sentence}"
    places = _list((_place(each.signature) for each in provider.placements), "or")
    if _is_bare(provider):
        sent = "the secret itself" if provider.scheme is Scheme.TOKEN else "user name and password"
        return f"{title} sends {sent} in {places}, which says who sent it, and nothing about what was sent"
    covers = _list((_list(each.covered, "and") for each in provider.placements), "or")
    return f"{title} signs {covers} with {schemes.name(provider)}, in {places}; the rest is not covered"


def _is_bare(provider: Provider) -> bool:
    return provider.scheme in BARE


def _place(locator: Locator) -> str:
    match locator.kind:
        case Kind.HEADER:
            return f"the header {locator.name}"
        case Kind.QUERY:
            return f"{locator.label} of the URL"
        case _:
            return f"{locator.label} of the body"


def _key_in_words(provider: Provider) -> str:
    form = provider.secret
    words = ["the public key" if provider.is_asymmetric else "the secret"]
    if provider.scheme is Scheme.BASIC:
        words.append("(USER:PASSWORD)")
    if form.strip:
        words.append(f"without {_quoted(form.strip)}")
    if form.prefix:
        words.append(f"with its {_quoted(form.prefix)}")
    text = " ".join(words)
    return f"{text}, read as {form.decode}" if form.decode else f"{text}, as text"


def _several(provider: Provider) -> str:
    shape = provider.format
    match shape.shape:
        case Shape.PAIRS:
            return (
                f"Several signatures may be sent, each as {shape.text.decode()}=: any may be right"
            )
        case Shape.LIST:
            mark, separator = shape.text.decode(), shape.separator.decode()
            between = "spaces" if separator == " " else f"'{separator}'"
            return f"Several signatures may be sent, each after '{mark}', with {between} between: any may be right"
        case _:
            return ""


def _age(provider: Provider) -> str:
    rule = provider.time
    if rule is None:
        return "No time is signed, so an old delivery stays good"
    places = _list(
        (_time_place(each, each.time) for each in provider.placements if each.time is not None),
        "or",
    )
    when = f"Its time ({places}, {rule.unit.description})" if places else "Its time"
    if rule.tolerance_s is None:
        return f"{when} is shown, not checked"
    return f"{when} may be {_window(rule.window, duration(rule.tolerance_s))}"


def _time_place(placement: Placement, time: Locator) -> str:
    if time.kind is Kind.PAIR:
        return f"{time.name} in {placement.signature.name}"
    return time.label


def _window(window: Window, allowed: str) -> str:
    match window:
        case Window.PAST:
            return f"up to {allowed} old"
        case Window.BOTH:
            return f"up to {allowed} old, or as much ahead of this machine's clock"
        case unreachable:
            assert_never(unreachable)


def _list(words: Iterable[str], last: str) -> str:
    """Return `a, b and c`, each word once."""
    *most, end = list(dict.fromkeys(words)) or [""]
    return f"{', '.join(most)} {last} {end}" if most else end
