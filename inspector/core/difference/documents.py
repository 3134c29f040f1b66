"""Two JSON documents, value by value: what was added, removed or changed, by its path.

A path is that of a locator, `booking.guests.0.name`: a number is an index. Where a list got longer or shorter, equal
items are recognised wherever they went, so that one more at the front does not change all the others; an index counts
in the document that has the item, the new one where both do.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any

from inspector.core.difference.changes import Change

DEPTH_MAX = 100
"""Documents nested deeper are compared as text."""
ALIGNED_MAX = 1000
"""Longer lists are compared index by index: finding equal items takes up to the square of their number."""
EVERY = "*"
"""The step of an ignored path that stands for any key or index."""

Path = tuple[str, ...]


class Scalar(str):
    """Anything but an object or a list, as it stands in the document: `"5"` and `5` differ, so do `5` and `5.0`."""

    __slots__ = ()


class NotComparableError(ValueError):
    """The text is no JSON document, or one nested too deep."""


def parse(text: str) -> Any:
    """Read a document; its scalars stay as they are written. Raises NotComparableError."""
    try:
        document = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        raise NotComparableError(str(error)) from error
    return _written(document, 0)


def changes(before: Any, after: Any, ignoring: Collection[Path] = ()) -> Iterator[Change]:
    """Yield what differs between two parsed documents, in the order of the new one, what was removed first."""
    yield from _compare(before, after, (), ignoring)


def path_of(text: str) -> Path:
    """Read a path as a person writes it: `created_at`, `items.*.id`."""
    return tuple(text.split("."))


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        name, count = key, 1
        while (
            name in made
        ):  # a key that stands twice: parsers differ in which one they take, so both are shown
            count += 1
            name = f"{key} ({count})"
        made[name] = value
    return made


_DECODER = json.JSONDecoder(
    parse_int=Scalar, parse_float=Scalar, parse_constant=Scalar, object_pairs_hook=_pairs
)


def _written(value: Any, depth: int) -> Any:
    if depth > DEPTH_MAX:
        raise NotComparableError(f"nested more than {DEPTH_MAX} deep")
    match value:
        case dict():
            return {key: _written(child, depth + 1) for key, child in value.items()}
        case list():
            return [_written(child, depth + 1) for child in value]
        case Scalar():
            return value
        case _:
            return Scalar(json.dumps(value, ensure_ascii=False))


def _compare(before: Any, after: Any, path: Path, ignoring: Collection[Path]) -> Iterator[Change]:
    if before == after or _is_ignored(path, ignoring):
        return
    match before, after:
        case dict(), dict():
            yield from _objects(before, after, path, ignoring)
        case list(), list():
            yield from _lists(before, after, path, ignoring)
        case _:
            yield Change(_named(path), _shown(before), _shown(after))


def _objects(
    before: dict[str, Any], after: dict[str, Any], path: Path, ignoring: Collection[Path]
) -> Iterator[Change]:
    for key, value in before.items():
        if key not in after:
            yield from _alone(value, (*path, key), ignoring, was=True)
    for key, value in after.items():
        if key in before:
            yield from _compare(before[key], value, (*path, key), ignoring)
        else:
            yield from _alone(value, (*path, key), ignoring, was=False)


def _lists(
    before: Sequence[Any], after: Sequence[Any], path: Path, ignoring: Collection[Path]
) -> Iterator[Change]:
    for start, stop, new_start, new_stop in _unequal(before, after):
        common = min(stop - start, new_stop - new_start)
        for offset in range(common):
            step = str(new_start + offset)
            yield from _compare(
                before[start + offset], after[new_start + offset], (*path, step), ignoring
            )
        for index in range(start + common, stop):
            yield from _alone(before[index], (*path, str(index)), ignoring, was=True)
        for index in range(new_start + common, new_stop):
            yield from _alone(after[index], (*path, str(index)), ignoring, was=False)


def _unequal(before: Sequence[Any], after: Sequence[Any]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the stretches of two lists that are not the same."""
    if max(len(before), len(after)) > ALIGNED_MAX:
        yield 0, len(before), 0, len(after)
        return
    was, now = ([_key(item) for item in items] for items in (before, after))
    for tag, *where in SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if tag != "equal":
            yield where[0], where[1], where[2], where[3]


def _key(value: Any) -> str:
    return value if isinstance(value, Scalar) else json.dumps(value, sort_keys=True)


def _alone(value: Any, path: Path, ignoring: Collection[Path], *, was: bool) -> Iterator[Change]:
    if not _is_ignored(path, ignoring):
        shown = _shown(value)
        yield Change(_named(path), shown if was else None, None if was else shown)


def _is_ignored(path: Path, ignoring: Collection[Path]) -> bool:
    return any(
        len(pattern) == len(path)
        and all(wanted in (EVERY, step) for wanted, step in zip(pattern, path, strict=True))
        for pattern in ignoring
    )


def _named(path: Path) -> str:
    return f"json {'.'.join(path)}" if path else "json"


def _shown(value: Any) -> str:
    match value:
        case Scalar():
            return str(value)
        case dict():
            members = (
                f"{json.dumps(key, ensure_ascii=False)}: {_shown(child)}"
                for key, child in value.items()
            )
            return "{" + ", ".join(members) + "}"
        case _:
            return "[" + ", ".join(_shown(item) for item in value) + "]"
