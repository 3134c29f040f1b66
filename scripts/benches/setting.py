"""What the sections of one run share: how long and how often, where files go, and what is made once for several."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from scripts.benches.api import looking_at
from scripts.benches.processes import ROOT

T = TypeVar("T")
WARM_UP_S = 1


@dataclass(frozen=True)
class Filled:
    """A data directory that `scripts/fill` has filled, and what it says of it."""

    data_dir: Path
    deliveries: int
    attempts: int
    body_bytes: int
    raw_bytes: int
    indexed_s: float | None
    """How long an inspector then took to have all of it in its text index; None if it has no index."""


class Setting:
    """One run of the bench."""

    def __init__(self, options: argparse.Namespace, work: Path) -> None:
        self.rounds: int = options.rounds
        self.seconds: float = options.seconds
        """How long one contestant is loaded in one round."""
        self.connections: int = options.connections
        self.deliveries: int = options.deliveries
        """How many a million is."""
        self.minutes: float = options.minutes
        """How long the terminal's memory is watched."""
        self._filled: Path | None = options.filled
        self.work = work
        """A folder that is gone afterwards."""

    def say(self, text: str) -> None:
        """Tell the person who waits what is being done."""
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def take_turns(
        self, title: str, runs: Mapping[str, Callable[[], T]], *, rounds: int | None = None
    ) -> dict[str, list[T]]:
        """Run each in turn, round by round, and return by name what each round gave."""
        rounds = self.rounds if rounds is None else rounds
        seen: dict[str, list[T]] = {name: [] for name in runs}
        for number in range(1, rounds + 1):
            for name, run in runs.items():
                self.say(f"{title}, round {number} of {rounds}: {name.strip()}")
                seen[name].append(run())
        return seen

    @cached_property
    def filled(self) -> Filled:
        """The directory with as many realistic deliveries as were asked for, filled when first wanted.

        Or by an earlier run; what has arrived since is then there besides.
        """
        folder = self._filled or self.work / "filled"
        account = folder.with_suffix(".json")
        if not account.exists():
            self.say(f"filling a store with {self.deliveries:,} deliveries")
            account.write_bytes(self._fill(folder))
        said = json.loads(account.read_bytes())
        self.say("waiting for the text index")
        with looking_at(folder) as api:
            indexed_s = api.wait_indexed()
        return Filled(
            data_dir=folder,
            deliveries=said["deliveries"],
            attempts=said["attempts"],
            body_bytes=said["body_bytes"],
            raw_bytes=said["raw_bytes"],
            indexed_s=indexed_s,
        )

    def _fill(self, folder: Path) -> bytes:
        """Fill a directory; return the line of JSON that says with what."""
        command = (sys.executable, "-m", "scripts.fill", str(self.deliveries))
        return subprocess.run(
            [*command, "--data-dir", str(folder)], cwd=ROOT, check=True, stdout=subprocess.PIPE
        ).stdout
