"""Which colours the terminal has: those of the configuration, else those chosen last, else dark or light as it is."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from inspector.core.table import Table
from inspector.errors import HooktapError
from tui.private import write_private

DARK, LIGHT = "textual-dark", "textual-light"
AUTO = "auto"
"""Written to have the terminal's own colours decide, whatever was chosen before."""
_LIGHT_BACKGROUNDS = frozenset({"7", "15"})
_STATE_MAX_BYTES = 4096


def read_theme(tops: Sequence[Table], known: Collection[str]) -> str | None:
    """Read `theme` of the configuration files, the strongest first. Raises ConfigError for one that there is not."""
    chosen = [top.choice("theme", (AUTO, *known)) for top in tops]
    return next((name for name in chosen if name is not None), None)


def first_theme(
    configured: str | None, state: Path, known: Collection[str], environ: Mapping[str, str]
) -> str:
    """Return the theme to begin with."""
    if configured is not None and configured != AUTO:
        return configured
    kept = None if configured == AUTO else _kept(state)
    return kept if kept in known and kept is not None else _following(environ)


def keep_theme(state: Path, name: str) -> None:
    """Remember a choice, for the next time and this user; a disk that takes no file forgets it."""
    try:
        write_private(state, json.dumps({"theme": name}) + "\n")
    except HooktapError:
        return


def _kept(state: Path) -> str | None:
    try:
        with state.open("rb") as file:
            found = json.loads(file.read(_STATE_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    name = found.get("theme") if isinstance(found, dict) else None
    return name if isinstance(name, str) else None


def _following(environ: Mapping[str, str]) -> str:
    # `15;0`, or `15;default;0`: foreground and background by their numbers among sixteen. Terminals that say nothing
    # are dark more often than not.
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT if background in _LIGHT_BACKGROUNDS else DARK
