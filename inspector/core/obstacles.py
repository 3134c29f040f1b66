"""Why something cannot be signed, in one sentence: the scheme's own reasons, and what a request lacks."""

from collections.abc import Iterator

from inspector.core import coded, wording
from inspector.core.fields import Fields
from inspector.core.providers import Placement, Provider, Scheme
from inspector.core.templates import URL, Kind, Locator, Template, Unread

_OF_BODY = frozenset({"body", "body.sha256.hex", "body.crc32", "form.sorted"})
_OF_TARGET = frozenset({"url", "path+query"})
"""Builtins that hold what stands in a body, or in the target."""

_IN_BODY = frozenset({Kind.JSON, Kind.FORM, Kind.XML})


def needs_private_key(provider: Provider) -> bool:
    """Whether signing takes another key than verifying."""
    return provider.is_asymmetric or provider.scheme is Scheme.JWT


def why_not(provider: Provider, *, private_key: bool) -> str:
    """Return why a request of this provider cannot be signed, as a sentence; empty if it can.

    `private_key` says whether somebody has one for it, made for testing, where its scheme takes one.
    """
    title = provider.title
    if not provider.signs:
        return f"{title} documents no signature, so there is none to make"
    if needs_private_key(provider) and not private_key:
        return (
            f"{title} signs with a private key, which only {title} has: "
            "to sign like it, set signing_key to the private one of a pair made for testing"
        )
    if provider.is_coded:
        return coded.obstacle(provider)
    return next(_of_places(provider), "")


def lacking(provider: Provider, placement: Placement, fields: Fields) -> str:
    """Return what `fields` have no value for that this provider signs."""
    absent = placement.signed.absent(fields)
    if absent == URL:
        return f"{provider.title} signs its URL: set public_url to the one it was given"
    if isinstance(absent, Unread):
        return f"{provider.title} signs what cannot be read here: {wording.unread(absent)}"
    return f"{provider.title} signs {absent}, and this request has none to sign"


def no_place(provider: Provider, part: Locator) -> str:
    """Return what a body has to have so that a signature, or its time, can be put there."""
    path = ".".join((*provider.json_root, part.name)) if part.kind is Kind.JSON else part.name
    return (
        f"{provider.title} writes '{path}' into the {part.kind} body, and this one has no such "
        "place, or several: add it once, with any text as its value"
    )


def no_time(provider: Provider) -> str:
    """Nothing of this provider's goes stale."""
    return f"{provider.title} signs no time, so nothing of it goes stale"


def unequal(provider: Provider, pair: tuple[Template, Template]) -> str:
    """Return which two values of a request have to be one; a signature alone would not do."""
    one, other = (_placed(side) for side in pair)
    return f"{provider.title} needs {one} to be {other}, and here it is not of this body"


def _placed(side: Template) -> str:
    match side.parts:
        case (Locator(kind=Kind.QUERY, name=name),):
            return f"the URL's {name}"
        case _:
            return side.text


def _of_places(provider: Provider) -> Iterator[str]:
    title = provider.title
    for placement in provider.placements:
        kinds = {placement.signature.kind, placement.time.kind if placement.time else None}
        if Kind.XML in kinds or placement.signature.kind is Kind.PAIR:
            yield f"{title} writes into XML or into another header's value, which are not rewritten"
        if provider.json_root and placement.signature.kind is not Kind.JSON:
            yield f"{title} signs each item of a body, and its file names no place in them"
        if _holds_itself(provider, placement):
            yield f"{title} signs what its signature is a part of, so none can be made"


def _holds_itself(provider: Provider, placement: Placement) -> bool:
    around = {Kind.QUERY: _OF_TARGET} | dict.fromkeys(_IN_BODY, _OF_BODY)
    enclosing = around.get(placement.signature.kind, frozenset())
    templates = (placement.signed, *(side for pair in provider.also for side in pair))
    parts = [part for template in templates for part in template.placeholders()]
    return placement.signature in parts or any(
        not isinstance(part, Locator) and part.name in enclosing for part in parts
    )
