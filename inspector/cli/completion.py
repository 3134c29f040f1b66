"""`hooktap completion`: the script that teaches a shell our commands."""

import click
from click.shell_completion import get_completion_class

from inspector.cli.options import command


@command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    bash:  eval "$(hooktap completion bash)"      in ~/.bashrc
    zsh:   eval "$(hooktap completion zsh)"       in ~/.zshrc
    fish:  hooktap completion fish | source       in ~/.config/fish/config.fish
    """
    make = get_completion_class(shell)
    assert make is not None
    click.echo(make(ctx.find_root().command, {}, "hooktap", "_HOOKTAP_COMPLETE").source())
