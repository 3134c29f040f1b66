"""The sentences of verification. None holds a secret, a signature that would be right, or text that a sender wrote."""

from collections.abc import Sequence

from inspector.core import schemes
from inspector.core.bodyfields import EVERY
from inspector.core.providers import BARE, Placement, Provider
from inspector.core.templates import Kind, Locator, Template, Unread
from inspector.core.timestamps import TimeRule

UNKNOWN = "no provider is known for this delivery, so nothing was checked"
NO_URL = (
    "the provider signs its URL, and this request does not say which it was: "
    "set public_url to the one the provider was given"
)
GUESSED_URL = (
    "; the URL was made from the Host header: set public_url to the one the provider was given"
)


def unsigned(provider: Provider) -> str:
    """No verdict is possible, and that is the provider's doing."""
    return provider.note or f"{provider.title} documents no signature"


def missing(provider: Provider, signature: Locator) -> str:
    """The signature is not there."""
    return f"no {_place(signature)}, so this is not signed as {provider.title} signs"


def older(name: bytes) -> str:
    """The signature may be elsewhere. The name is one of the provider's table, as the sender spells it."""
    return f"; {name.decode()}, an older name of it, is there"


def incomplete(placement: Placement, part: Locator) -> str:
    """The signature is there, and something that it signs is not."""
    return f"{placement.signature} was sent without the {_place(part)} that it needs"


def empty(part: Locator) -> str:
    """There is nothing between the name and the end."""
    return f"the {_place(part)} is empty"


def unread(part: Unread) -> str:
    """Something may be there, so it is not as if nothing were."""
    match part.kind:
        case Kind.FORM if part.name == EVERY:
            return "the form in the body has more fields, or more escapes, than are read"
        case Kind.JSON:
            why = "it is there twice, is neither text nor an integer, or is in a body that is not read"
        case Kind.XML:
            why = "it has other elements in it, or is in a body that is not read"
        case _:
            why = "it is there several times, or among more than is read"
    return f"the {_place(part)} cannot be told: {why}"


def repeated(part: Locator) -> str:
    """Two programs may well read two different things."""
    return f"the {_place(part)} came several times, each different, and programs differ in which they read"


def no_candidate(provider: Provider, placement: Placement) -> str:
    """The header is there; a signature is not in it."""
    return f"{placement.signature} holds no {provider.format}"


def no_pair(placement: Placement, part: Locator) -> str:
    """An element of the signature header is not there."""
    return f"{placement.signature} holds no '{part}='"


def no_time(rule: TimeRule, part: Locator) -> str:
    """The time is there, and is none."""
    return f"{part} is not {rule.unit.description}"


def no_secret(placement: Placement) -> str:
    """There is a signature, and nothing to check it with."""
    return f"{placement.signature} was sent, and this endpoint has no secret to check it with"


def verified(provider: Provider, placement: Placement, index: int, count: int) -> str:
    """One of the secrets made the signature."""
    which = one_of(_noun(provider), index, count)
    if provider.scheme in BARE:
        return f"{placement.signature} holds {which}; nothing else of the request is signed"
    made, text = schemes.name(provider), placement.signed.text
    if provider.is_asymmetric:
        return f"{made} signature of {text} fits {which}"
    return f"{made} of {text} matches {which}"


def mismatch(provider: Provider, placement: Placement, keys: Sequence[bytes | None]) -> str:
    """None of the secrets made the signature."""
    noun, signature, text = _noun(provider), placement.signature, placement.signed.text
    count = len(keys)
    if provider.scheme in BARE:
        said = f"{signature} does not hold {any_of(noun, count)}"
    elif provider.is_asymmetric:
        said = f"{signature} over {text} does not fit {any_of(noun, count)}"
    elif count == 1:
        said = f"the {noun} does not reproduce {signature} over {text}"
    else:
        said = f"none of {count} {noun}s reproduces {signature} over {text}"
    useless = [one_of(noun, index, count) for index, key in enumerate(keys) if key is None]
    if not useless:
        return said
    verb = "is" if len(useless) == 1 else "are"
    return f"{said}; {', '.join(useless)} {verb} empty or not {provider.secret.description}"


def length(said: int, here: int) -> str:
    """What was signed cannot be what is here."""
    return f"; Content-Length says {said} bytes, and {here} are here"


def unequal(pair: tuple[Template, Template]) -> str:
    """The signature is right, and what it stands for is not there."""
    return f"signature is right, but {pair[0].text} is not {pair[1].text}"


def _place(part: Locator) -> str:
    match part.kind:
        case Kind.HEADER:
            return f"{part.name} header"
        case Kind.JSON | Kind.XML | Kind.FORM:
            return f"{part.label} in the body"
        case _:
            return f"{part.label} in the URL"


def _noun(provider: Provider) -> str:
    return "public key" if provider.is_asymmetric else "secret"


def any_of(noun: str, count: int) -> str:
    """Return the whole of an endpoint's secrets in words: `the secret`, `any of 3 secrets`."""
    return f"the {noun}" if count == 1 else f"any of {count} {noun}s"


def one_of(noun: str, index: int, count: int) -> str:
    """Return one of an endpoint's secrets in words: `the secret`, `secret 2 of 3`."""
    return f"the {noun}" if count == 1 else f"{noun} {index + 1} of {count}"
