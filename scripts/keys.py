"""The README's tables of keys: made from the bindings, in the help's groups, so that they cannot say otherwise."""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

from textual.binding import Binding
from textual.keys import format_key

from tui.app import HooktapApp
from tui.keymap import groups

README = Path(__file__).parent.parent / "README.md"
BEGIN = "<!-- keys: made by ./scripts/keys --write -->\n"
END = "<!-- end of keys -->\n"
IN_SIGHT = ("Deliveries", "List", "Detail", "Everywhere")
"""Groups that have a table of their own, and need no unfolding."""


def renewed(readme: str) -> str:
    """Return the README with the tables of now."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def tables() -> str:
    """Return the tables."""
    found = groups(HooktapApp)
    shown = "\n".join(f"**{title}**\n\n{_table(found[title])}" for title in IN_SIGHT)
    folded = _folded({title: found[title] for title in found if title not in IN_SIGHT})
    return f"{shown}\n{folded}"


def _table(bindings: Sequence[Binding]) -> str:
    """Return two bindings a row, to be read down the left half and then the right one."""
    half = (len(bindings) + 1) // 2
    pairs = zip_longest(bindings[:half], bindings[half:])
    rows = ("| " + " | ".join(f"{_keys(each)} | {_does(each)}" for each in pair) for pair in pairs)
    return "| key | does | key | does |\n|---|---|---|---|\n" + "".join(
        f"{row} |\n" for row in rows
    )


def _folded(found: Mapping[str, Sequence[Binding]]) -> str:
    """Return a table that is to be opened, a group a row."""
    rows = (
        f"| {title} | {' · '.join(f'{_keys(each)} {_does(each)}' for each in bindings)} |\n"
        for title, bindings in found.items()
    )
    head = "| where | keys |\n|---|---|\n"
    title = "<summary>The keys within these, and those of the dialogs</summary>"
    return f"<details>\n{title}\n\n{head}{''.join(rows)}\n</details>\n"


def _keys(binding: Binding | None) -> str:
    names = key_names(binding) if binding is not None else ()
    return " ".join(f"`{name}`" for name in names).replace("|", "\\|")


def _does(binding: Binding | None) -> str:
    return "" if binding is None else binding.tooltip or binding.description


def key_names(binding: Binding) -> Iterator[str]:
    """Yield each of its keys as it is read on a keyboard: a character, or what the configuration calls it."""
    for key in binding.key.split(","):
        shown = format_key(key)
        is_character = re.fullmatch(r"[!-~]", shown)
        yield shown if is_character else key.replace("escape", "esc")


def main() -> None:
    parser = argparse.ArgumentParser(description="The README's tables of keys.")
    parser.add_argument("--write", action="store_true", help="put them into the README")
    if parser.parse_args().write:
        README.write_text(renewed(README.read_text("utf-8")), "utf-8")
    else:
        print(tables(), end="")


if __name__ == "__main__":
    main()
