"""What a provider's API answered: read strictly, and what it refuses told in one sentence."""

import json
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from inspector.core.text import safe, shorten
from inspector.errors import OutsideError
from inspector.outside import Answer

T = TypeVar("T")

_TOLD_MAX: Final = 300
"""Characters of what somebody else wrote, in a sentence of ours."""
_KINDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    dict: "an object",
    list: "a list",
    str: "text",
}


def read(answer: Answer, kind: type[T]) -> T:
    """Return the answer's JSON, which has to be of that kind. Raises OutsideError."""
    value = _parse(answer.body)
    if type(value) is not kind:
        raise OutsideError(
            f"{answer.host} answered {answer.status}, but not with {_KINDS[kind]} as JSON"
        )
    return value


def member(data: Any, name: str, kind: type[T], host: str) -> T:
    """Return a member of an object that has to have it. Raises OutsideError."""
    value = data.get(name) if type(data) is dict else None
    if type(value) is not kind:
        raise OutsideError(f"{host} answered with what has no '{name}' that is {_KINDS[kind]}")
    return value


def told(text: str) -> str:
    """Return what somebody else wrote, on one line and not too long."""
    return shorten(safe(" ".join(text[: 4 * _TOLD_MAX].split())), _TOLD_MAX)


def refusal(answer: Answer) -> str:
    """Say what an answer that is no success comes to.

    Title and detail are those of problem details (RFC 9457), or the error of a token endpoint (RFC 6749, 5.2).
    """
    said = f"{answer.host} answered {answer.status}"
    if 300 <= answer.status < 400:
        return f"{said}: a redirect, which is not followed"
    data = _parse(answer.body)
    if type(data) is not dict:
        return f"{said}, and does not say why"
    names = ("title", "detail", "error", "error_description")
    words = [told(data[name]) for name in names if type(data.get(name)) is str]
    return f"{said}: {': '.join(filter(None, words)) or 'it does not say why'}"


def _parse(body: bytes) -> Any:
    """Return what the JSON says; None if it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
