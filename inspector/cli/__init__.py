"""The `hooktap` command: which commands there are. A command's module is imported when it runs, and not before."""

import errno
import importlib
import io
import os
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import click

from inspector import __version__
from inspector.core.text import safe_lines
from inspector.errors import HooktapError


class Entry(NamedTuple):
    """Where a command is, and its line in the list: that list is printed without importing any."""

    module: str
    function: str
    help: str


UNWRITABLE = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO})
"""What is wrong where no more can be written: with the disk, or with what stands for one."""
COMMANDS = {
    "terminal": Entry("terminal", "terminal", "Open the terminal, as `hooktap` alone does."),
    "web": Entry("web", "web", "Open the terminal in a browser."),
    "listen": Entry("listen", "listen", "Run an inspector and print a line per delivery."),
    "list": Entry("deliveries", "list_", "List deliveries, newest first."),
    "search": Entry("deliveries", "list_", "The same as `list`."),
    "show": Entry("deliveries", "show", "Show one delivery and its attempts."),
    "body": Entry("deliveries", "body", "Write a delivery's body, byte for byte."),
    "wait": Entry("wait", "wait", "Wait until a delivery matches a query."),
    "reverify": Entry("reverify", "reverify", "Check stored deliveries once more."),
    "confirm": Entry(
        "confirm", "confirm", "Visit the URL that a subscription asks to have visited."
    ),
    "replay": Entry("replay", "replay", "Send stored deliveries to the app once more."),
    "diff": Entry("diff", "diff", "Show what two deliveries, or two answers, differ in."),
    "mark": Entry("mark", "mark", "Mark stored deliveries, and write notes to them."),
    "export": Entry("export", "export", "Write deliveries as commands, scripts or files."),
    "import": Entry("importing", "import_", "Store the requests in a bundle, HAR or curl file."),
    "send": Entry("send", "send", "Send a sample delivery, signed as its provider would."),
    "lab": Entry("lab", "lab", "Try your app with deliveries as providers really send them."),
    "simulate": Entry("simulate", "simulate", "Stand in for a booking provider."),
    "register": Entry("register", "register", "Register webhooks with a provider, by its API."),
    "verify": Entry("verify", "verify", "Check a signature, and say why it is not right."),
    "provider": Entry("provider", "provider", "Which providers are known, and how they sign."),
    "endpoint": Entry(
        "endpoint", "endpoint", "Which endpoints accept deliveries, and what they do."
    ),
    "prune": Entry("prune", "prune", "Let old deliveries go, and give their space back."),
    "backup": Entry("backup", "backup", "Copy the database into a file, also while it is in use."),
    "doctor": Entry("doctor", "doctor", "Look for what may keep hooktap from working."),
    "completion": Entry("completion", "completion", "Print the completion script for a shell."),
}


class Commands(click.Group):
    """Loads a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click calls it so
        """Return the commands' names in the order of the help."""
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        """Import a command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = importlib.import_module(f"inspector.cli.{entry.module}")
        command: click.Command = getattr(module, entry.function)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put `terminal` in front where no command is named; `hooktap --port 0` has options of its."""
        # Resilient parsing completes a half-written line, in which the command may still be to come.
        if not ctx.resilient_parsing and (not args or _is_option_of_terminal(args[0])):
            args = ["terminal", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one was probably meant."""
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            from inspector.core.table import nearest

            ctx.fail(f"No such command '{args[0]}' {nearest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`hooktap COMMAND --help` says more. Without a command the terminal opens, which takes the options "
    "of `hooktap listen`, e.g. `hooktap --forward-to 3000`.",
)
@click.version_option(__version__, message="hooktap %(version)s")
@click.pass_context
def hooktap(ctx: click.Context) -> None:
    """Receive webhooks on this machine: check, keep, forward and replay them."""
    # https://no-color.org: set, and not to nothing. click itself looks at the terminal only.
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def run(args: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = hooktap.main(args, prog_name="hooktap", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.message = safe_lines(error.message)  # type: ignore[misc] # it quotes what was typed or pasted
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    except HooktapError as error:
        return _tell(error)
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        return _tell(HooktapError(f"cannot write: {error.strerror}"))
    except ExceptionGroup as group:
        ours, others = group.split(HooktapError)
        if ours is None or others is not None:
            raise
        return max(_tell(error) for error in _leaves(ours))
    return code if isinstance(code, int) else 0


def main() -> None:
    """Run the command line and exit; the `hooktap` script."""
    _open_missing_streams()
    sys.exit(run(sys.argv[1:]))


def _open_missing_streams() -> None:
    # Closed by whoever started us, a standard stream's number goes to the next file opened: the database, for one.
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.open(
                os.devnull, os.O_RDWR
            )  # takes the lowest number that is free, which is this one
            setattr(sys, name, os.fdopen(descriptor, "w" if descriptor else "r"))


def _tell(error: HooktapError) -> int:
    # It may quote a sender; a query's has lines of its own.
    click.echo(f"hooktap: {safe_lines(str(error))}", err=True)
    return error.exit_code


def _leaves(group: ExceptionGroup[HooktapError]) -> Iterator[HooktapError]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def _is_option_of_terminal(word: str) -> bool:
    return word.startswith("-") and word not in {"-h", "--help", "--version"}
