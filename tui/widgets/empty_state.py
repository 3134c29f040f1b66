"""What stands where deliveries will be: how to get the first one."""

from collections.abc import Sequence
from typing import NamedTuple

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from inspector.core.text import safe, shorten
from tui import labels

ENDPOINTS = 6


class Place(NamedTuple):
    """An endpoint that is ready to receive."""

    url: str
    target: str | None


class EmptyState(Vertical):
    """Names the URL to point a provider at, a line to paste, and the key that sends a sample."""

    def compose(self) -> ComposeResult:
        """Make the text, which is filled in when the addresses are known."""
        yield Static(id="empty-text", markup=False)

    @staticmethod
    def command(ingress: str) -> str:
        """Return a line to paste into a shell."""
        return f'curl -d \'{{"hello":"world"}}\' {ingress}/in/demo'

    def show(self, ingress: str, places: Sequence[Place]) -> None:
        """Fill in the addresses."""
        self.query_one("#empty-text", Static).update(_text(safe(ingress), places))


def _text(ingress: str, places: Sequence[Place]) -> Content:
    lines = [
        Content.styled("Waiting for the first delivery", ".strong"),
        Content(),
        Content("Point a provider, or your tunnel, at"),
        Content.assemble("  ", (f"{ingress}/in/<name>", ".name")),
        Content.styled(
            "  Any name will do: an endpoint is made on its first delivery.", labels.FAINT
        ),
        Content(),
    ]
    if places:
        lines += [Content("Ready to receive"), *(_place(place) for place in places[:ENDPOINTS])]
        lines.append(Content())
    lines += [
        Content("Or try it from another terminal"),
        Content.assemble("  ", (EmptyState.command(ingress), ".name")),
        Content.styled("  c copies this line", labels.FAINT),
        Content(),
        Content.assemble("Press ", ("s", ".key"), " to send a signed sample."),
    ]
    return Content("\n").join(lines)


def _place(place: Place) -> Content:
    url, target = shorten(safe(place.url), 60), place.target
    to = "" if target is None else f"  → {shorten(safe(target), 60)}"
    return Content.assemble("  ", (url, ".name"), (to, labels.FAINT))
