"""The command palette's entries for our keys: whatever a key does can be found by its name."""

from collections.abc import Coroutine, Iterator
from functools import partial

from textual.binding import ActiveBinding
from textual.command import DiscoveryHit, Hit, Hits, Provider

SENTENCE_SCORE = 0.1
"""Below whatever a name scores."""


class KeyCommands(Provider):
    """Offers the bindings that are active where the palette was opened, those of the footer first."""

    async def discover(self) -> Hits:
        """Offer all of them."""
        for name, bound in self._bound():
            yield DiscoveryHit(name, self._run(bound), help=self._help(bound))

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

    def _bound(self) -> Iterator[tuple[str, ActiveBinding]]:
        names: set[str] = set()
        active = self.screen.active_bindings.values()
        for bound in sorted(active, key=lambda bound: not bound.binding.show):
            name = bound.binding.description
            if bound.binding.id and name and name not in names:
                names.add(name)  # one entry for `j` and `down`
                yield name, bound

    def _run(self, bound: ActiveBinding) -> partial[Coroutine[object, object, bool]]:
        return partial(self.app.run_action, bound.binding.action, bound.node)

    def _help(self, bound: ActiveBinding) -> str:
        key = self.app.get_key_display(bound.binding)
        return f"{bound.binding.tooltip} (key: {key})" if bound.binding.tooltip else f"Key: {key}"
