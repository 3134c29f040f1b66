"""The command palette's entries for our keys: whatever a key does can be found by its name."""

from collections.abc import Coroutine, Iterator
from functools import partial
from typing import NamedTuple

from textual.actions import parse
from textual.binding import Binding
from textual.command import DiscoveryHit, Hit, Hits
from textual.dom import DOMNode
from textual.system_commands import SystemCommandsProvider

from tui.keymap import PLACES, own_bindings, rebound

SENTENCE_SCORE = 0.1
"""Below whatever a name scores."""


class _Bound(NamedTuple):
    """A key and what it acts on."""

    binding: Binding
    node: DOMNode


class KeyCommands(SystemCommandsProvider):
    """Offers what the keys do on the screen where the palette was opened, those of the footer first; then the rest.

    Also those of a widget that has not the keyboard: who looks for a command by its name need not know its place.
    """

    async def discover(self) -> Hits:
        """Offer all of them."""
        for name, bound in self._bound():
            yield DiscoveryHit(name, self._run(bound), help=self._help(bound))
        # Not from a provider of its own: that would come first or last, as it falls out.
        async for command in super().discover():
            yield command

    async def search(self, query: str) -> Hits:
        """Offer those whose description matches, the short one of the footer or the long one."""
        matcher = self.matcher(query)
        for name, bound in self._bound():
            score = matcher.match(name)
            # Not by its letters as a name is: a sentence has nearly every letter.
            if not score and query.casefold() in bound.binding.tooltip.casefold():
                score = SENTENCE_SCORE
            if score > 0:
                yield Hit(score, matcher.highlight(name), self._run(bound), help=self._help(bound))
        async for command in super().search(query):
            yield command

    def _bound(self) -> Iterator[tuple[str, _Bound]]:
        active = [_Bound(each.binding, each.node) for each in self.screen.active_bindings.values()]
        names: set[str] = set()
        for bound in (*sorted(active, key=lambda each: not each.binding.show), *self._others()):
            name = bound.binding.description
            if bound.binding.id and name and name not in names:
                names.add(name)  # one entry for `j` and `down`
                yield name, bound

    def _others(self) -> Iterator[_Bound]:
        """Yield the keys of widgets that are in sight, and would obey if they had the keyboard."""
        for node in self.screen.walk_children():
            for kind in type(node).__mro__:
                if kind in PLACES and node.is_on_screen:
                    for binding in rebound(own_bindings(kind), self.app._keymap):  # noqa: SLF001 - there is no other
                        if _is_offered(binding, node):
                            yield _Bound(binding, node)

    def _run(self, bound: _Bound) -> partial[Coroutine[object, object, bool]]:
        return partial(self.app.run_action, bound.binding.action, bound.node)

    def _help(self, bound: _Bound) -> str:
        first = bound.binding.with_key(bound.binding.key.partition(",")[0])
        key = self.app.get_key_display(first)
        return f"{bound.binding.tooltip} (key: {key})" if bound.binding.tooltip else f"Key: {key}"


def _is_offered(binding: Binding, node: DOMNode) -> bool:
    _, action, parameters = parse(binding.action)
    return bool(node.check_action(action, parameters))
