"""A disk whose power may fail: it keeps what was synced, and of everything else whatever the dice say."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.syscalls import Removed, Step, Synced, Syncing, Truncated, Written

SECTOR_BYTES = 512
"""What a disk writes whole or not at all."""

Change = Written | Truncated
Survives = Callable[[Change], list[Change]]
"""What of a change that was not synced is on the disk all the same, and in which pieces."""


@dataclass(slots=True)
class _File:
    durable: bytearray = field(default_factory=bytearray)
    covered: list[Change] = field(default_factory=list)
    """Made before the sync that is under way."""
    pending: list[Change] = field(default_factory=list)


class Disk:
    """The files of one directory, step by step as strace saw them.

    A removal counts at once; a file is there from its first sync on.
    """

    def __init__(self) -> None:
        self._files: dict[str, _File] = {}

    def apply(self, step: Step) -> None:
        match step:
            case Written() | Truncated():
                self._files.setdefault(step.path, _File()).pending.append(step)
            case Syncing() if file := self._files.get(step.path):
                file.covered += file.pending
                file.pending = []
            case Synced() if file := self._files.get(step.path):
                _make(file.durable, file.covered)
                file.covered = []
            case Removed():
                self._files.pop(step.path, None)
            case _:
                pass

    def fail(self, folder: Path, survives: Survives) -> None:
        """Write what a power loss at this moment leaves into `folder`."""
        folder.mkdir()
        for path, file in self._files.items():
            if path.endswith("-shm"):  # never written back on purpose: SQLite makes it anew
                continue
            content = bytearray(file.durable)
            for change in file.covered + file.pending:
                _make(content, survives(change))
            if content:
                (folder / Path(path).name).write_bytes(content)


def nothing(_: Change) -> list[Change]:
    """The worst case: only what was synced is there."""
    return []


def torn(dice: random.Random) -> Survives:
    """Any subset of what was not synced, each write in any subset of its sectors."""

    def survives(change: Change) -> list[Change]:
        fate = dice.random()
        if fate < 1 / 3:
            return []
        if fate < 2 / 3 or isinstance(change, Truncated):
            return [change]
        return [
            Written(change.path, change.offset + at, change.data[at : at + SECTOR_BYTES])
            for at in range(0, len(change.data), SECTOR_BYTES)
            if dice.random() < 1 / 2
        ]

    return survives


def _make(content: bytearray, changes: list[Change]) -> None:
    for change in changes:
        if isinstance(change, Truncated):
            del content[change.length :]
            content.extend(bytes(change.length - len(content)))
        else:
            content.extend(bytes(max(0, change.offset - len(content))))
            content[change.offset : change.offset + len(change.data)] = change.data
