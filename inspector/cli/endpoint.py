"""`hooktap endpoint`: the places that accept deliveries, as the running inspector has them."""

import sys

import click

from inspector.cli.look import Look
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


def _facts(found: JSON) -> list[tuple[str, str]]:
    origin = "hooktap.toml" if found["configured"] else "made on first use"
    return [
        ("endpoint", f"{found['name']}  ({origin})"),
        ("url", found["url"]),
        ("provider", found["provider"] or "recognised from each delivery"),
        ("secrets", str(found["secrets"])),
        ("requires", ", ".join(found["requires"]) or "nothing besides a signature"),
        ("target", found["target"] or "none: kept, not forwarded"),
        ("reply", str(found["reply"])),
        ("on_invalid", found["on_invalid"]),
    ]


endpoint.add_command(list_)
endpoint.add_command(show)
