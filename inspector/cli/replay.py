"""`hooktap replay`: stored deliveries to the app once more."""

import sys
from pathlib import Path

import click

from inspector.cli.edits import editing
from inspector.cli.look import Look
from inspector.cli.options import QueryCommand, as_json, command, pacing, query_of, target_url
from inspector.cli.progress import INTERRUPTED
from inspector.cli.replays import Telling, Wanted, auto, dry, some
from inspector.core.edits import Again, Changes
from inspector.core.model import Sign
from inspector.datadir import DataDir

MOST_AT_ONCE = 32


@command(cls=QueryCommand)
@click.argument("what", nargs=-1, required=True, metavar="ID...|QUERY")
@click.option(
    "--to", type=target_url, metavar="URL|PORT", help="Another target than the endpoint's."
)
@click.option(
    "--sign",
    type=click.Choice([sign.value for sign in Sign]),
    help="fresh: a new signature with the time of now (where a secret is known, the default). "
    "verbatim: every header as it arrived. broken: a well-formed signature that is wrong. "
    "stale: a right one of a time outside the tolerance; both are for seeing the app refuse it.",
)
@editing
@click.option(
    "--order", type=click.Choice(["oldest", "newest"]), help="Of a query: which are sent first."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Of a query: at most N.")
@pacing(MOST_AT_ONCE)
@click.option("--dry-run", is_flag=True, help="Only print the numbers of what would be sent.")
@click.option("--yes", is_flag=True, help="Do not ask before more than 100 are sent.")
@click.option(
    "--watch",
    multiple=True,
    is_flag=False,
    flag_value="",
    metavar="[PATH]",
    help="Send ID now, and again whenever its target comes back after it was down, or a file changes in PATH.",
)
@click.option("--until-success", is_flag=True, help="With --watch: until the answer is 2xx.")
@click.option("--fail", is_flag=True, help="Exit 1 unless the answer is 2xx, also for a single ID.")
@as_json
@click.pass_context
def replay(
    ctx: click.Context,
    /,
    *,
    what: tuple[str, ...],
    to: str | None,
    sign: str | None,
    changes: Changes | Again | None,
    order: str | None,
    limit: int | None,
    rate: float | None,
    concurrency: int,
    dry_run: bool,
    yes: bool,
    watch: tuple[str, ...],
    until_success: bool,
    fail: bool,
    as_json: bool,
) -> None:
    """Send deliveries to the app once more and print what it answered, and what that changed.

    By number, `hooktap replay 12 15`, or those that match a query as in `hooktap list --help`, the oldest first:
    `hooktap replay status:>=500 since:1h`. The delivery stays as it is: a replay is one more attempt. It says
    `fixed` if the last attempt failed and this one succeeded, else `regressed` or `same`.

    Of several, exit 0 if every answer is 2xx, else 1; one that cannot be sent is told on stderr, the others are sent
    all the same, and the exit code is that of the first. Ctrl-C stops after those under way. Exit 130 then.
    """
    from inspector.client.replaying import Order, Pace

    data_dir: DataDir = ctx.obj
    telling = Telling(Look.of(sys.stdout), as_json=as_json)
    how = Order(to, Sign(sign) if sign else None, changes)
    ids = _numbers(what)
    if watch or until_success:
        if not watch or ids is None or len(ids) != 1 or order or limit or rate or dry_run:
            raise click.UsageError("--watch takes one ID, and --until-success takes --watch")
        paths = [Path(path) for path in watch if path]
        ctx.exit(auto(data_dir, ids[0], how, telling, paths, until_success=until_success))
    if isinstance(changes, Again) and (ids is None or len(ids) != 1):
        raise click.UsageError("--edit takes one ID: the edit is one of that delivery's")
    if ids is not None and (order or limit):
        raise click.UsageError(
            "--order and --limit are for a query: numbers are sent as they stand"
        )
    wanted = Wanted(ids, query_of(what), order != "newest", limit)
    if dry_run:
        dry(data_dir, wanted, telling)
        return
    tally, stopped = some(data_dir, wanted, how, Pace(concurrency, rate), telling, ask=not yes)
    if stopped:
        ctx.exit(INTERRUPTED)
    if telling.problem is not None:
        ctx.exit(telling.problem.exit_code)
    is_one = ids is not None and len(ids) == 1
    ctx.exit(1 if tally.failed and (fail or not is_one) else 0)


def _numbers(what: tuple[str, ...]) -> list[int] | None:
    """Return the deliveries' numbers, as people write them, `1042` or `#1042`; None if there is anything else."""
    digits = [word.removeprefix("#") for word in what]
    if all(each.isascii() and each.isdigit() for each in digits):
        return [int(each) for each in digits]
    return None
