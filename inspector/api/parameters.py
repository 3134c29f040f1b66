"""What a caller asks for, read from path, query and body: valid, or a 400 that says what is not."""

import json
from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import TypeVar

from aiohttp import web

from inspector.api.answers import bad_request
from inspector.core.text import is_unicode
from inspector.core.wire import JSON
from inspector.errors import NotFoundError

NUMBER_MAX = 2**63 - 1
"""The largest number SQLite has."""
PAGE_MAX = 500
PAGE_DEFAULT = 100
NUMBERS_MAX = 50_000
"""Numbers alone are few bytes."""

Choice = TypeVar("Choice", bound=StrEnum)


def query_of(request: web.Request, *allowed: str) -> dict[str, str]:
    """Return the query's parameters, each of them known and given once."""
    _check_names(request.query.keys(), allowed)
    if len(set(request.query)) < len(request.query):
        raise bad_request("each query parameter may be given once")
    return dict(request.query)


async def body_of(
    request: web.Request, *texts: str, numbers: Collection[str] = ()
) -> dict[str, str]:
    """Return the JSON object in the body: known names, each with text, or a number in digits.

    Null is as good as absent.
    """
    return texts_of(await object_of(request), *texts, numbers=numbers)


async def object_of(request: web.BaseRequest) -> JSON:
    """Return the JSON object in the body."""
    try:
        data = json.loads(await request.read())
    except (ValueError, RecursionError, web.RequestPayloadError):
        raise bad_request("the body is not JSON") from None
    if not isinstance(data, dict):
        raise bad_request("the body must be a JSON object")
    return data


def texts_of(data: JSON, *texts: str, numbers: Collection[str] = ()) -> dict[str, str]:
    """Return what `body_of` does, of an object read before."""
    _check_names(data, (*texts, *numbers))
    return {
        name: _digits(name, value) if name in numbers else _text(name, value)
        for name, value in data.items()
        if value is not None
    }


def id_of(request: web.Request) -> int:
    """Return the number in the path; one too large for any record is not found."""
    number = int(request.match_info["id"])
    if number > NUMBER_MAX:
        raise NotFoundError(f"there is nothing with the number {number}")
    return number


def number_in(fields: dict[str, str], name: str) -> int | None:
    """Return the number given as `name`, if there is one."""
    text = fields.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= NUMBER_MAX):
        raise bad_request(f"{name}: must be a number from 0 to {NUMBER_MAX}")
    return int(text)


def numbers_in(fields: dict[str, str], name: str) -> list[int] | None:
    """Return the numbers given as `name`, with commas between, if there are any."""
    text = fields.get(name)
    if text is None:
        return None
    numbers = [number_in({name: each}, name) for each in text.split(",", PAGE_MAX)]
    if len(numbers) > PAGE_MAX:
        raise bad_request(f"{name}: at most {PAGE_MAX} numbers")
    return [number for number in numbers if number is not None]


def limit_in(fields: dict[str, str], *, most: int = PAGE_MAX) -> int:
    """Return how many records the caller wants, which may be up to `most`."""
    limit = number_in(fields, "limit")
    if limit is None:
        return PAGE_DEFAULT
    if not 1 <= limit <= most:
        raise bad_request(f"limit: must be from 1 to {most}")
    return limit


def choice_in(fields: dict[str, str], name: str, choices: type[Choice]) -> Choice | None:
    """Return the one of `choices` given as `name`, if there is one."""
    text = fields.get(name)
    if text is None:
        return None
    try:
        return choices(text)
    except ValueError:
        raise bad_request(f"{name}: must be one of {', '.join(choices)}") from None


def _text(name: str, value: object) -> str:
    if not isinstance(value, str) or not is_unicode(value):
        raise bad_request(f"{name}: must be text")
    return value


def _digits(name: str, value: object) -> str:
    if not isinstance(value, int):
        raise bad_request(f"{name}: must be a whole number")
    return str(value)  # of a truth value it is a word, which is no number


def _check_names(names: Iterable[str], allowed: Collection[str]) -> None:
    if any(name not in allowed for name in names):
        raise bad_request(f"only these are read here: {', '.join(allowed) or 'nothing'}")
