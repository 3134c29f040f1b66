"""`scripts/bench`: chooses the sections, measures them one after the other, prints what came of it, writes the page."""

import argparse
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from scripts.benches import machine, wrk
from scripts.benches.figures import Result
from scripts.benches.pace import PaceError
from scripts.benches.report import INSPECTOR, PAGE, TERMINAL, Run, page, table
from scripts.benches.sections import SECTIONS
from scripts.benches.setting import Setting
from scripts.benches.terminal import UnseenError

A_MILLION = 1_000_000
MINUTES = 10


def main() -> None:
    """Measure what was asked for; exit with 1 if a mark is missed."""
    options = read_options(sys.argv[1:])
    wrk.need_wrk()
    # As on Ctrl-C: everything that was started is ended, everything that was written goes.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        results = measured(options)
    except KeyboardInterrupt:
        sys.exit("bench: stopped")
    except (PaceError, UnseenError, subprocess.CalledProcessError) as error:
        sys.exit(f"bench: {error}")
    rows = [row for result in results.values() for row in result.rows]
    print(table(rows))
    sys.exit(1 if any(row.verdict == "missed" for row in rows) else 0)


def measured(options: argparse.Namespace) -> dict[str, Result]:
    """Run the sections, print what each figure is made of, and write the page if that was asked for."""
    results = {}
    with tempfile.TemporaryDirectory(prefix="hooktap-bench-") as folder:
        work = Path(folder)
        now = datetime.now(UTC).date()
        run = Run(
            command=command(sys.argv[1:], options.filled),
            day=now,
            versions=machine.versions(),
            hardware=machine.hardware(work),
            rounds=options.rounds,
            seconds=options.seconds,
        )
        print(f"{run.versions}\n{run.hardware}\n{run.rounds} rounds of {run.seconds:g} s\n")
        setting = Setting(options, work)
        for name in chosen(options):
            results[name] = SECTIONS[name].measure(setting)
            print(f"{name}: {SECTIONS[name].about}\n{results[name].details}\n", flush=True)
    if options.write:
        before = PAGE.read_text("utf-8") if PAGE.exists() else ""
        part = TERMINAL if options.tui else INSPECTOR
        PAGE.write_text(page(part, results, run, before), "utf-8")
        print(f"bench: wrote docs/{PAGE.name}", file=sys.stderr)
    return results


def command(arguments: Sequence[str], filled: Path | None) -> str:
    """Return the command line as anybody may type it: without a folder of this machine's."""
    left_out = {"--filled", f"--filled={filled}", str(filled)}
    return " ".join(("./scripts/bench", *(each for each in arguments if each not in left_out)))


def chosen(options: argparse.Namespace) -> list[str]:
    """Return the sections to measure, in the order in which they are."""
    if options.sections:
        return [name for name in SECTIONS if name in options.sections]
    return [
        name
        for name, section in SECTIONS.items()
        if section.of_terminal == options.tui and not (section.needs_many and options.quick)
    ]


def read_options(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    sections = "\n".join(f"  {name:10} {section.about}" for name, section in SECTIONS.items())
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measure what the marks come to; `scripts/bench verify` is for signatures.",
        epilog=f"sections:\n{sections}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        help="what to measure; everything but the terminal if none is named",
    )
    parser.add_argument("--tui", action="store_true", help="the terminal, and nothing else")
    parser.add_argument("--quick", action="store_true", help="nothing that takes many deliveries")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contestant (5)")
    parser.add_argument("--seconds", type=float, default=3, help="length of each run (3)")
    parser.add_argument("--connections", type=int, default=64, help="senders at a time (64)")
    parser.add_argument(
        "--deliveries",
        type=int,
        default=A_MILLION,
        metavar="N",
        help="how many are many (a million)",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=MINUTES,
        help="how long the terminal's memory is watched (10)",
    )
    parser.add_argument(
        "--filled",
        type=Path,
        metavar="DIR",
        help="where the many are, so that the next run has them; filled if they are not, and added to",
    )
    parser.add_argument("--write", action="store_true", help="write docs/performance.md")
    options = parser.parse_args(arguments)
    if unknown := sorted(set(options.sections) - set(SECTIONS)):
        parser.error(f"no section '{unknown[0]}' (one of: {', '.join(SECTIONS)})")
    if min(options.rounds, options.seconds, options.connections, options.deliveries) < 1:
        parser.error("rounds, seconds, connections and deliveries are 1 or more")
    if options.minutes <= 0:
        parser.error("minutes are more than none")
    is_whole = not options.sections and not options.quick and options.deliveries == A_MILLION
    if options.write and not (is_whole and options.minutes >= MINUTES):
        parser.error(
            "--write is of a whole run: a page with some of the rows would lose the others"
        )
    if options.write and options.filled and not options.tui:
        parser.error("--write with --filled: its size is not that of a store just filled")
    return options


if __name__ == "__main__":
    main()
