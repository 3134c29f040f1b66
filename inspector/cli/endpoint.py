"""`hooktap endpoint`: the places that accept deliveries, as the running inspector has them."""

import sys

import click

from inspector.cli.look import Look, day
from inspector.cli.options import as_json, command
from inspector.cli.reach import reach
from inspector.core.table import nearest
from inspector.core.text import safe
from inspector.core.wire import JSON, dumps
from inspector.datadir import DataDir
from inspector.errors import NotFoundError


@click.group()
def endpoint() -> None:
    """Which endpoints accept deliveries, and what they do."""


@command(name="list")
@as_json
@click.pass_obj
def list_(data_dir: DataDir, *, as_json: bool) -> None:
    """List the endpoints: those configured, then those that deliveries brought into being."""
    look = Look.of(sys.stdout)
    for found in reach(data_dir, lambda client: client.endpoints()):
        if as_json:
            click.echo(dumps(found))
        else:
            kind = found["provider"] or ("-" if found["configured"] else "made on first use")
            target = found["target"] or "kept, not forwarded"
            line = (
                f"{found['name']:<16}  {look.faint(f'{kind:<18}')}  {look.mark('→')} {safe(target)}"
            )
            if state := _state(found):
                line += look.faint(f"  ({safe(state)})")
            if found["requires"]:
                line += look.faint(f"  (requires {safe(', '.join(found['requires']))})")
            click.echo(line)


@command()
@click.argument("name")
@as_json
@click.pass_obj
def show(data_dir: DataDir, *, name: str, as_json: bool) -> None:
    """Show one endpoint. Of its secrets only how many there are is known here."""
    known = {each["name"]: each for each in reach(data_dir, lambda client: client.endpoints())}
    if name not in known:
        hint = nearest(name, known) if known else "(there are none yet)"
        raise NotFoundError(f"there is no endpoint '{name}' {hint}")
    if as_json:
        click.echo(dumps(known[name]))
        return
    look = Look.of(sys.stdout)
    for label, text in _facts(known[name]):
        click.echo(f"{look.faint(f'{label:<10}')} {safe(text)}")


@command()
@click.argument("name")
@as_json
@click.pass_obj
def pause(data_dir: DataDir, *, name: str, as_json: bool) -> None:
    """Stop forwarding what comes to an endpoint. It is stored and answered as ever, and waits."""
    found = reach(data_dir, lambda client: client.pause(name))
    told = f"{name}: forwarding is paused; `hooktap endpoint resume {name}` sends what has come meanwhile"
    click.echo(dumps(found) if as_json else told)


@command()
@click.argument("name")
@as_json
@click.pass_obj
def resume(data_dir: DataDir, *, name: str, as_json: bool) -> None:
    """Forward again: first what has come meanwhile, one after the other, in the order of arrival."""
    found = reach(data_dir, lambda client: client.resume(name))
    waiting = found["backlog"]
    told = f"{name}: forwarding again" + (f"; {waiting:,} waiting" if waiting else "")
    click.echo(dumps(found) if as_json else told)


def _state(found: JSON) -> str:
    """Say what keeps deliveries from the target, if anything does."""
    parts = []
    if found["paused_at_us"] is not None:
        parts.append("paused")
    if found["backlog"]:
        parts.append(f"{found['backlog']:,} waiting")
    if found["health"] is not None and not found["health"]["up"]:
        parts.append("down")
    return ", ".join(parts)


def _health(found: JSON) -> str:
    health = found["health"]
    if health is None:
        return "there is no target"
    state = "up" if health["up"] else "down"
    why = f": {health['detail']}" if health["detail"] else ""
    return f"{state} since {day(health['since_us'])}{why}"


def _received(tally: JSON) -> str:
    if not tally["deliveries"]:
        return "nothing yet"
    wrong = f"{tally['invalid']:,} with a failed check, {tally['failed']:,} with a failed attempt"
    last = day(tally["last_at_us"])
    return f"{tally['deliveries']:,}, today {tally['recent']:,} ({wrong}), last {last}"


def _forwarding(found: JSON) -> str:
    paused_at_us = found["paused_at_us"]
    state = "on" if paused_at_us is None else f"paused since {day(paused_at_us)}"
    return state + (f", {found['backlog']:,} waiting" if found["backlog"] else "")


def _facts(found: JSON) -> list[tuple[str, str]]:
    origin = "hooktap.toml" if found["configured"] else "made on first use"
    return [
        ("endpoint", f"{found['name']}  ({origin})"),
        ("url", found["url"]),
        ("provider", found["provider"] or "recognised from each delivery"),
        ("secrets", str(found["secrets"])),
        ("requires", ", ".join(found["requires"]) or "nothing besides a signature"),
        ("target", found["target"] or "none: kept, not forwarded"),
        ("health", _health(found)),
        ("forwarding", _forwarding(found)),
        ("reply", str(found["reply"])),
        ("on_invalid", found["on_invalid"]),
        ("duplicates", found["duplicates"]),
        ("received", _received(found["tally"])),
        ("max_rate", f"{found['max_rate']:g} a second" if found["max_rate"] else "as many as come"),
    ]


endpoint.add_command(list_)
endpoint.add_command(show)
endpoint.add_command(pause)
endpoint.add_command(resume)
