"""The panel of endpoints: what each is for, how its target does, and the switch that pauses it."""

from collections.abc import Awaitable, Callable
from datetime import tzinfo
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from inspector.client import Client
from inspector.core.text import safe
from inspector.core.wire import JSON
from inspector.errors import HooktapError
from tui import endpointlines, labels
from tui.messages import Told

LOOK_S = 1.0
LABEL_WIDTH = 12
EMPTY = "There is no endpoint yet: one comes into being with the first delivery to it."


class EndpointsScreen(ModalScreen[str | None]):
    """Answers with the endpoint whose deliveries are to be listed, or None."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *("good", "bad", "doubtful", "neutral", "faint", "strong", "name", "key")
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "p,space", "switch", "Pause or resume", id="endpoint.switch",
            tooltip="Stop forwarding to the endpoint's target, or go on with what waits",
        ),
        Binding("c", "copy_url", "Copy URL", id="endpoint.copy", tooltip="Copy the endpoint's URL"),
        Binding("enter", "list", "List", id="endpoint.list", tooltip="List only its deliveries"),
        Binding("j", "move('cursor_down')", "Next", show=False, id="endpoint.next"),
        Binding("k", "move('cursor_up')", "Previous", show=False, id="endpoint.previous"),
        Binding("escape,E", "dismiss(None)", "Close", id="endpoint.close"),
    ]  # fmt: skip

    def __init__(
        self,
        client: Client,
        copy: Callable[[str, str], Awaitable[Told]],
        zone: tzinfo | None = None,
    ) -> None:
        """Show what `client` knows; `copy` puts a text of some name on the clipboard."""
        super().__init__()
        self._client = client
        self._copy = copy
        self._zone = zone
        self._endpoints: list[JSON] | None = None
        """None: the inspector has not answered yet."""
        self._problem = ""
        """Why it did not answer when it was asked last."""

    def compose(self) -> ComposeResult:
        """Make the list, and the place for what is known of the chosen one."""
        with Vertical(classes="dialog"):
            yield Static("Endpoints", classes="dialog-title", markup=False)
            yield Static(id="endpoint-head", markup=False)
            yield OptionList(markup=False)
            yield Static(id="endpoint-facts", markup=False)
            yield Static(
                "p pauses, resumes   enter lists   c copies the URL   escape closes",
                classes="dialog-hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Begin to look."""
        self._options.focus()
        self.set_interval(LOOK_S, self._look)
        self._look()

    def on_resize(self) -> None:
        """Lay the lines out anew."""
        self.call_after_refresh(self._show)

    def on_option_list_option_highlighted(self) -> None:
        """Tell all of the endpoint under the cursor."""
        self._show_facts()

    def on_option_list_option_selected(self) -> None:
        """Answer with the endpoint under the cursor."""
        self.action_list()

    def action_move(self, action: str) -> None:
        """Move the cursor."""
        getattr(self._options, f"action_{action}")()

    def action_list(self) -> None:
        """Answer with the endpoint under the cursor."""
        if (endpoint := self._chosen) is not None:
            self.dismiss(str(endpoint["name"]))

    @work(group="switch", exit_on_error=False)
    async def action_switch(self) -> None:
        """Pause the endpoint under the cursor, or resume it."""
        if (endpoint := self._chosen) is None:
            return
        name = str(endpoint["name"])
        switch = self._client.pause if endpoint["paused_at_us"] is None else self._client.resume
        try:
            await switch(name)
        except HooktapError as error:
            self.app.post_message(Told.of(error))
        self._look()

    @work(group="switch", exit_on_error=False)
    async def action_copy_url(self) -> None:
        """Copy the URL of the endpoint under the cursor."""
        if (endpoint := self._chosen) is not None:
            url = str(endpoint["url"])
            self.app.post_message(await self._copy(url, f"the URL of {endpoint['name']}"))

    @work(group="look", exclusive=True, exit_on_error=False)
    async def _look(self) -> None:
        try:
            self._endpoints = await self._client.endpoints()
        except HooktapError as error:
            self._problem = safe(str(error))
        else:
            self._problem = ""
        self._show()

    @property
    def _options(self) -> OptionList:
        return self.query_one(OptionList)

    @property
    def _chosen(self) -> JSON | None:
        at, known = self._options.highlighted, self._endpoints or ()
        return None if at is None or at >= len(known) else known[at]

    def _head(self, width: int) -> Content:
        if self._problem or self._endpoints is None:
            return Content(self._problem)
        return endpointlines.head(width) if self._endpoints else Content(EMPTY)

    def _show(self) -> None:
        options, width = self._options, self._options.scrollable_content_region.width
        self.query_one("#endpoint-head", Static).update(self._head(width))
        lines = [endpointlines.line(each, width) for each in self._endpoints or ()]
        if options.option_count == len(lines):
            for at, line in enumerate(lines):
                options.replace_option_prompt_at_index(at, line)
        else:
            at = options.highlighted or 0
            options.set_options(Option(line) for line in lines)
            options.highlighted = min(at, len(lines) - 1) if lines else None
        self._show_facts()

    def _show_facts(self) -> None:
        facts = [] if self._chosen is None else endpointlines.facts(self._chosen, self._zone)
        panel = self.query_one("#endpoint-facts", Static)
        room = max(panel.size.width - LABEL_WIDTH, LABEL_WIDTH)
        lines: list[Content] = []
        for label, text in facts:
            first, *rest = text.wrap(room) or [text]
            lines.append(Content.styled(f"{label:<{LABEL_WIDTH}}", labels.FAINT) + first)
            lines += (Content(" " * LABEL_WIDTH) + each for each in rest)
        panel.update(Content("\n").join(lines))
