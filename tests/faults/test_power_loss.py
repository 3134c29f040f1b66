"""F2, F3: the power fails. What a real inspector asked of its disk is replayed up to a moment, and the rest is lost."""

import random
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests import process
from tests.faults import disk, strace, syscalls
from tests.faults.disk import Disk, Survives
from tests.faults.syscalls import Acknowledged, Step, Written
from tests.load import Load, stored

SENDERS = 8
BODY_BYTES = 3000
CHECKPOINT = "wal_autocheckpoint=64"
"""Pages: that SQLite moves its log into the database within a few hundred deliveries, too."""
NORMAL = "synchronous=1"


@dataclass(frozen=True)
class Losses:
    """What many power losses left, at worst."""

    acknowledged: int
    images: int
    lost: int
    """In the worst image."""


async def recorded(
    folder: Path, deliveries: int, *pragmas: str
) -> tuple[list[Step], Mapping[int, bytes]]:
    """Run an inspector under strace; return its steps, and each acknowledged number's body."""
    log = folder / "strace.log"
    program = (*strace.recording(log), *strace.altered(CHECKPOINT, *pragmas))
    async with process.inspector(folder, program=program) as running:
        load = Load(running.ingress, body_bytes=BODY_BYTES)
        await load.run(SENDERS, deliveries // SENDERS)
    bodies = {number: body for body, number in load.acknowledged.items()}
    assert len(bodies) == deliveries // SENDERS * SENDERS
    steps = syscalls.read(log, running.data_dir.path)
    database = str(running.data_dir.database)
    written = sum(isinstance(step, Written) and step.path == database for step in steps)
    assert written > deliveries / 4, "the log was not moved into the database under load"
    assert {step.number for step in steps if isinstance(step, Acknowledged)} == bodies.keys()
    return steps, bodies


def losses(
    folder: Path, steps: list[Step], bodies: Mapping[int, bytes], images: int, survives: Survives
) -> Losses:
    """Let the power fail `images` times, each time as a sender is about to read an acknowledgement."""
    moments = [at for at, step in enumerate(steps) if isinstance(step, Acknowledged)]
    chosen = {moments[turn * len(moments) // images] for turn in range(min(images, len(moments)))}
    now, told, worst, made = Disk(), set[int](), 0, 0
    for at, step in enumerate(steps):
        now.apply(step)
        if isinstance(step, Acknowledged):
            told.add(step.number)
        if at in chosen:
            for _ in range(-(-images // len(moments))):
                worst = max(worst, _lost_in_image(now, folder / "image", told, bodies, survives))
                made += 1
    return Losses(len(told), made, worst)


def _lost_in_image(
    now: Disk, image: Path, told: set[int], bodies: Mapping[int, bytes], survives: Survives
) -> int:
    now.fail(image, survives)
    try:
        found = stored_after(image / "hooktap.db")
    finally:
        shutil.rmtree(image)
    return sum(found.get(bodies[number]) != number for number in told)


def stored_after(database: Path) -> Mapping[bytes, int]:
    """Return what is there once SQLite has recovered, as the next start makes it; nothing if that is no database."""
    if not database.exists():
        return {}
    with closing(sqlite3.connect(database)) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'delivery'")
        if tables.fetchone() == (0,):
            return {}
    return stored(database)


async def power_loss(
    folder: Path, deliveries: int, images: int, seed: int
) -> tuple[Losses, Losses]:
    """Return what is lost of a real inspector's deliveries: only synced bytes left, and any others of them too."""
    steps, bodies = await recorded(folder, deliveries)
    return (
        losses(folder, steps, bodies, images, disk.nothing),
        losses(folder, steps, bodies, images, disk.torn(random.Random(seed))),
    )


async def test_power_loss_takes_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """Whatever of the unsynced writes is on disk, whole or torn: the database is sound, and 0 are lost."""
    strace.require()

    synced, torn = await power_loss(tmp_path, deliveries=240, images=60, seed=20261121)

    assert (synced.acknowledged, synced.images, synced.lost) == (240, 60, 0)
    assert (torn.acknowledged, torn.images, torn.lost) == (240, 60, 0)


async def test_the_same_test_fails_with_synchronous_normal(tmp_path: Path) -> None:
    """What it looks for can be lost: one setting less, and acknowledged deliveries are gone."""
    strace.require()

    steps, bodies = await recorded(tmp_path, 240, NORMAL)

    assert losses(tmp_path, steps, bodies, 60, disk.nothing).lost > 0
