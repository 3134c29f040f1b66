"""`hooktap register`: webhooks at a provider, made and looked after through its own management API."""

import click

from inspector.cli.wink import wink
from inspector.core.table import nearest
from inspector.core.text import safe
from inspector.errors import ConfigError, NotFoundError


class Providers(click.Group):
    """The providers whose API is known; of every other one it is said where to register instead."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the provider's commands."""
        found = super().get_command(ctx, cmd_name)
        return found if found is not None or ctx.resilient_parsing else _elsewhere(cmd_name)


@click.group(cls=Providers, subcommand_metavar="PROVIDER COMMAND [ARGS]...")
def register() -> None:
    """Register webhooks with a provider through its API, as far as one is documented: Wink's.

    Of every other PROVIDER it says where that is done. Nothing but the API that is configured is contacted.
    """


def _elsewhere(name: str) -> click.Command:
    """Return the command that says where webhooks of this provider are registered."""
    from inspector import providers
    from inspector.config import providers_dir
    from inspector.register import elsewhere

    known = providers.load(providers_dir())
    if name not in known:
        raise NotFoundError(f"there is no provider '{safe(name)}' {nearest(name, known)}")

    @click.command(
        name, context_settings={"ignore_unknown_options": True, "allow_extra_args": True}
    )
    def say() -> None:
        raise ConfigError(elsewhere(known[name]))

    return say


register.add_command(wink)
