"""The lowest line: the keys that are of use now. Each of them can be clicked."""

from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget


class Key(NamedTuple):
    """A key, and what it does."""

    key: str
    name: str
    """As it is shown."""
    description: str
    is_enabled: bool
    tooltip: str

    @property
    def content(self) -> Content:
        """Return what is shown of it."""
        shown = Content.assemble((f" {self.name} ", ".key"), f"{self.description} ")
        return shown if self.is_enabled else shown.stylize("dim")


class KeyLine(Widget):
    """Textual's footer drawn as one line: with a widget for each key, other keys take longer than other deliveries."""

    ALLOW_SELECT = False

    pointed: reactive[Key | None] = reactive(None)
    """The key under the mouse."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: list[Key] = []

    def on_mount(self) -> None:
        """Begin to follow what the screen offers."""
        self.screen.bindings_updated_signal.subscribe(self, self._look)

    def render(self) -> Content:
        """Put the keys side by side."""
        return Content.assemble(
            *(
                each.content.stylize(".pointed") if each is self.pointed else each.content
                for each in self._keys
            )
        )

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Explain the key under the mouse."""
        self.pointed = self._at(event.x)
        self.tooltip = self.pointed.tooltip if self.pointed else None

    def on_leave(self) -> None:
        """Explain nothing more."""
        self.pointed = None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Press the key under the mouse."""
        key = self._at(event.x)
        if key is not None and key.is_enabled:
            self.app.simulate_key(key.key)
        elif key is not None:
            self.app.bell()

    def _look(self, screen: Screen[object]) -> None:
        if self.app.app_focus and screen is self.screen:
            self.call_after_refresh(self._show)

    def _show(self) -> None:
        if not self.is_attached:
            return  # the screen has been closed meanwhile
        offered: dict[str, Key] = {}
        for _, binding, is_enabled, tooltip in self.screen.active_bindings.values():
            if binding.show and binding.action not in offered:
                name = self.app.get_key_display(binding)
                key = Key(binding.key, name, binding.description, is_enabled, tooltip)
                offered[binding.action] = key
        if (keys := [*offered.values()]) != self._keys:
            self._keys = keys
            self.pointed = None
            self.refresh()

    def _at(self, x: int) -> Key | None:
        end = 0
        for each in self._keys:
            end += each.content.cell_length
            if x < end:
                return each
        return None
