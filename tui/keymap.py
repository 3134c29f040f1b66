"""Every key of the terminal, where it works, and which of them a person has given another."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.keys import Keys, key_to_character

from inspector.core.table import Table
from tui.screens.autoreplay import AutoReplayScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.deliveries import DeliveriesScreen
from tui.screens.diff import DiffScreen
from tui.screens.edit import EditScreen
from tui.screens.endpoints import EndpointsScreen
from tui.screens.export import ExportScreen
from tui.screens.help import HelpScreen
from tui.screens.note import NoteScreen
from tui.screens.replay import ReplayScreen
from tui.screens.sample import SampleScreen
from tui.screens.saved import NameScreen, SavedScreen
from tui.widgets.body_lines import BodyLines
from tui.widgets.body_pane import BodyPane
from tui.widgets.cursor_view import CursorView
from tui.widgets.delivery_list import DeliveryList
from tui.widgets.filter_bar import FilterInput
from tui.widgets.line_view import LineView
from tui.widgets.panes import Panes

PLACES: Mapping[type[DOMNode], str] = {
    DeliveriesScreen: "Deliveries",
    DeliveryList: "List",
    Panes: "Detail",
    CursorView: "Body, headers, attempts, overview, history",
    BodyLines: "Body as a tree",
    BodyPane: "Part of a body",
    FilterInput: "Filter line",
    DiffScreen: "A comparison",
    EditScreen: "Edit and replay",
    ReplayScreen: "Replay as",
    AutoReplayScreen: "Replay by itself",
    ExportScreen: "Export",
    EndpointsScreen: "Endpoints",
    SavedScreen: "Saved filters",
    NameScreen: "Save a filter",
    NoteScreen: "Note",
    SampleScreen: "Sample",
    ConfirmScreen: "A question",
    LineView: "Lines to read",
    HelpScreen: "This list",
}
"""Whatever has keys, but the application itself, in the order of the help."""

_ON_MAIN = frozenset({DeliveryList, Panes, CursorView, BodyLines, BodyPane, FilterInput})
_ON_DETAIL = frozenset({CursorView, BodyLines, BodyPane})
_NAMES = frozenset(key.value for key in Keys)
_MODIFIERS = ("ctrl+", "shift+", "alt+", "super+", "hyper+", "meta+")


def own_bindings(kind: type[DOMNode]) -> list[Binding]:
    """Return the keys that a class brings itself, those that it inherits left out."""
    return list(_bindings(kind.__dict__.get("BINDINGS", ())))


def groups(app: type[DOMNode]) -> dict[str, list[Binding]]:
    """Return every key by the place where it works; those of `app` work everywhere."""
    palette = Binding("ctrl+p", "command_palette", "Every command, by name")
    found = {title: own_bindings(kind) for kind, title in PLACES.items()}
    return found | {"Everywhere": [*own_bindings(app), palette]}


def read_keys(tops: Sequence[Table], app: type[DOMNode]) -> dict[str, str]:
    """Read `[keys]` of the configuration files, the strongest first: keys by the id of what they do.

    Raises ConfigError for an id that there is not, a key that no keyboard has, and one that does something else
    already in the same place.
    """
    homes = {each.id: kind for kind in (*PLACES, app) for each in own_bindings(kind) if each.id}
    chosen: dict[str, str] = {}
    tables: dict[str, Table] = {}
    for top in tops:
        for name, key, table in _entries(top.table("keys"), homes):
            if name not in chosen:
                chosen[name] = ",".join(_key(each, table, name) for each in key.split(","))
                tables[name] = table
    for name, table in tables.items():
        if taken := _taken(name, chosen, homes, app):
            other, key = taken
            raise table.error(f"'{key}' is the key of '{other}' already: give that another", name)
    return chosen


def rebound(bindings: Iterable[Binding], keys: Mapping[str, str]) -> Iterator[Binding]:
    """Yield the bindings with the keys that they have now."""
    for each in bindings:
        key = keys.get(each.id or "")
        yield each if key is None else each.with_key(key, key_display=None)


def _bindings(listed: Iterable[BindingType]) -> Iterator[Binding]:
    return (each for each in listed if isinstance(each, Binding) and each.description)


def _entries(keys: Table | None, known: Iterable[str]) -> Iterator[tuple[str, str, Table]]:
    if keys is None:
        return
    keys.only(known)
    for name in keys:
        if text := keys.text(name):
            yield name, text, keys


def _key(text: str, table: Table, name: str) -> str:
    """Return a key as Textual calls it."""
    key = text.strip()
    plain = key
    while plain.startswith(_MODIFIERS):
        plain = plain.partition("+")[2]
    if len(plain) == 1 or plain in _NAMES or key in _NAMES or key_to_character(plain) is not None:
        return key
    raise table.error(f"there is no key '{key}' (such as: r, R, f5, ctrl+r, space, enter)", name)


def _taken(
    name: str, chosen: Mapping[str, str], homes: Mapping[str, type[DOMNode]], app: type[DOMNode]
) -> tuple[str, str] | None:
    """Return what else a chosen key does where it is to work, and the key."""
    wanted = set(chosen[name].split(","))
    for kind in (*PLACES, app):
        if not _meet(homes[name], kind, app):
            continue
        for each in rebound(own_bindings(kind), chosen):
            both = wanted.intersection(each.key.split(","))
            if each.id and each.id != name and both:
                return each.id, min(both)
    return None


def _meet(one: type[DOMNode], other: type[DOMNode], app: type[DOMNode]) -> bool:
    """Whether the keys of both may be asked for one that is pressed."""
    pair = {one, other}
    if len(pair) == 1 or app in pair:
        return True
    if DeliveriesScreen in pair:
        return bool(pair & _ON_MAIN)
    return Panes in pair and bool(pair & _ON_DETAIL)
