"""What strace wrote down, read back as the steps of a disk: writes, truncations, syncs, and what was acknowledged."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_LINE = re.compile(r"(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)")
_UNFINISHED = " <unfinished ...>"
_FILE = re.compile(r"\d+<([^>]*)>")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_ACKNOWLEDGED = re.compile(rb"\r\n\r\nstored as #(\d+)\n")


@dataclass(frozen=True, slots=True)
class Written:
    path: str
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncated:
    path: str
    length: int


@dataclass(frozen=True, slots=True)
class Syncing:
    """A sync has begun: what was written before it is covered."""

    path: str


@dataclass(frozen=True, slots=True)
class Synced:
    """It is over, and what it covers is on disk."""

    path: str


@dataclass(frozen=True, slots=True)
class Removed:
    path: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A sender is about to be told that this delivery is stored."""

    number: int


Step = Written | Truncated | Syncing | Synced | Removed | Acknowledged


def read(log: Path, folder: Path) -> list[Step]:
    """Return the steps, in order, that concern files of `folder` or an acknowledgement.

    A call that strace saw begin and end apart counts at its beginning, but for a sync, which helps at its end only.
    """
    with log.open(encoding="ascii") as lines:
        return list(_steps(lines, f"{folder.resolve()}/"))


def _steps(lines: Iterator[str], folder: str) -> Iterator[Step]:
    begun: dict[str, str] = {}
    for line in lines:
        found = _LINE.match(line)
        if found is None:  # a signal, or an exit
            continue
        thread, resumed, call, rest = found.groups()
        if resumed:
            arguments = begun.pop(thread, "")
            if resumed in {"fdatasync", "fsync"} and rest.endswith(" = 0"):
                yield from _synced(arguments, folder)
            continue
        begun[thread] = rest
        yield from _begun(call, rest, folder)
        if call in {"fdatasync", "fsync"} and rest.endswith(" = 0"):
            yield from _synced(rest, folder)


def _begun(call: str, arguments: str, folder: str) -> Iterator[Step]:
    if call in {"write", "writev", "sendto", "sendmsg"}:
        for string in _STRING.findall(arguments):
            for number in _ACKNOWLEDGED.findall(_bytes(string)):
                yield Acknowledged(int(number))
    path = _path(arguments) if call != "unlink" else _bytes(_STRING.findall(arguments)[0]).decode()
    if not path.startswith(folder):
        return
    match call:
        case "pwrite64":
            string = _STRING.search(arguments)
            assert string, "strace has left bytes out"
            offset = arguments.removesuffix(_UNFINISHED).partition(")")[0].rsplit(", ", 1)[1]
            yield Written(path, int(offset), _bytes(string[1]))
        case "ftruncate":
            length = arguments.removesuffix(_UNFINISHED).partition(")")[0].rsplit(", ", 1)[1]
            yield Truncated(path, int(length))
        case "fdatasync" | "fsync":
            yield Syncing(path)
        case "unlink":
            yield Removed(path)


def _synced(arguments: str, folder: str) -> Iterator[Step]:
    path = _path(arguments)
    if path.startswith(folder):
        yield Synced(path)


def _path(arguments: str) -> str:
    found = _FILE.match(arguments)
    return _bytes(found[1]).decode("utf-8", "replace") if found else ""


def _bytes(string: str) -> bytes:
    return bytes.fromhex(string.replace("\\x", ""))
