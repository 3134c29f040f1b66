"""One TOML table being read: every complaint names the file, the key's path and what would be right."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from inspector.core.toml import line_of
from inspector.errors import ConfigError

T = TypeVar("T")
N = TypeVar("N", bound=float)

_KINDS: Mapping[type, str] = {
    dict: "a table",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
}


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the parenthesis that helps somebody who wrote `word`: the closest of `known`, else all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1)
    if close:
        return f"(did you mean '{close[0]}'?)"
    return f"(one of: {', '.join(names)})"


class MistakeError(ConfigError):
    """What is wrong with one key: `acme.toml:7: signed: unknown placeholder '{bod}'`."""

    def __init__(self, sentence: str, place: tuple[str, ...], file: str, text: str = "") -> None:
        line = line_of(text, place) if text else None
        where = f"{file}:{line}" if line else file
        super().__init__(f"{where}: {sentence}" if where else sentence)
        self.sentence = sentence
        self.place = place
        """The path of the key; that of the table, where a key is missing from it."""


class Table:
    """A table of the configuration, read key by key; an absent key is None."""

    def __init__(
        self, values: Mapping[str, Any], file: str, path: tuple[str, ...] = (), *, text: str = ""
    ) -> None:
        """Begin to read `values`; with the `text` of the whole file, complaints name the line as well."""
        self._values = values
        self._file = file
        self._path = path
        self._text = text

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def error(self, sentence: str, *keys: str) -> MistakeError:
        """Return, for raising, `file:line: path.to.key: sentence`."""
        return self._mistake(sentence, keys, keys)

    def only(self, known: Iterable[str]) -> None:
        """Raise ConfigError if there is any key but the `known` ones."""
        allowed = set(known)
        for key in self._values:
            if key not in allowed:
                raise self._mistake(f"unknown key '{key}' {nearest(key, allowed)}", (), (key,))

    def value(self, key: str) -> Any:
        """Return whatever stands under `key`."""
        return self._values.get(key)

    def text(self, key: str, *, blank: bool = False) -> str | None:
        """Return a string; an empty one only where it may be `blank`."""
        text = self._typed(key, str)
        if text is not None and not blank and not text.strip():
            raise self.error("must not be empty", key)
        return text

    def texts(self, key: str) -> list[str]:
        """Return the strings of an array, or a string on its own as the only one; an empty one is none at all."""
        value = self._values.get(key)
        if type(value) is not list:
            text = self.text(key, blank=True)
            return [text] if text else []
        if not all(type(text) is str and text for text in value):
            raise self.error("expected strings that are not empty", key)
        return value

    def flag(self, key: str) -> bool | None:
        """Return a boolean."""
        return self._typed(key, bool)

    def integer(self, key: str, low: int, high: int) -> int | None:
        """Return an integer from `low` to `high`."""
        return self._between(key, self._typed(key, int), low, high)

    def number(self, key: str, low: float, high: float) -> float | None:
        """Return a number from `low` to `high`, written with a point or without."""
        value = self._values.get(key)
        # An integer is a number to TOML's reader; a boolean is one to Python only.
        number = float(value) if type(value) is int else self._typed(key, float)
        return self._between(key, number, low, high)

    def choice(self, key: str, known: Iterable[str]) -> str | None:
        """Return a string that is one of `known`."""
        word = self._typed(key, str)
        names = list(known)
        if word is not None and word not in names:
            raise self.error(f"unknown value '{word}' {nearest(word, names)}", key)
        return word

    def checked(self, key: str, read: Callable[[str], T]) -> T | None:
        """Return the string as `read` understands it; its ConfigError is told with the place."""
        text = self.text(key)
        if text is None:
            return None
        try:
            return read(text)
        except ConfigError as error:
            raise self.error(str(error), key) from error

    def each(self, key: str, read: Callable[[str], T]) -> tuple[T, ...]:
        """Return `texts` as `read` understands them; its ConfigError is told with the place."""
        texts = self.texts(key)
        try:
            return tuple(read(text) for text in texts)
        except ConfigError as error:
            raise self.error(str(error), key) from error

    def table(self, key: str) -> "Table | None":
        """Return the table under `key`."""
        values = self._typed(key, dict)
        return None if values is None else self.within(key, values)

    def within(self, key: str, values: Mapping[str, Any]) -> "Table":
        """Return `values`, which stand somewhere under `key`, as a table to be read."""
        return Table(values, self._file, (*self._path, key), text=self._text)

    def tables(self, key: str) -> "Iterator[tuple[str, Table]]":
        """Yield the tables in the table under `key` by name, as in `[endpoint.NAME]`."""
        parent = self.table(key)
        if parent is None:
            return
        for name in parent:
            child = parent.table(name)
            assert child is not None
            yield name, child

    def _mistake(
        self, sentence: str, shown: tuple[str, ...], place: tuple[str, ...]
    ) -> MistakeError:
        where = ".".join(filter(None, (*self._path, *shown)))
        said = f"{where}: {sentence}" if where else sentence
        return MistakeError(said, (*self._path, *place), self._file, self._text)

    def _typed(self, key: str, kind: type[T]) -> T | None:
        value = self._values.get(key)
        # Not isinstance: True is an int in Python, and not in TOML.
        if value is None or type(value) is kind:
            return value
        found = _KINDS.get(type(value), "a date or time")
        raise self.error(f"expected {_KINDS[kind]}, got {found}", key)

    def _between(self, key: str, number: N | None, low: float, high: float) -> N | None:
        # Negated, so that nan, which is on neither side of anything, does not slip through.
        if number is not None and not low <= number <= high:
            raise self.error(f"expected {low:g} to {high:g}", key)
        return number
