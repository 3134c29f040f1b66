"""What goes on around the list: the pulse, the toasts about failures, and how endpoints, targets and disk do."""

import time
from collections.abc import Callable, Sequence

from inspector.client import Client
from inspector.core.briefs import News
from inspector.core.wire import JSON
from inspector.errors import HooktapError
from tui.alerts import Alerts
from tui.pulse import SECOND_US, Pulse
from tui.widgets.status_line import StatusLine

LOOK_S = 2.0
"""Between two questions how the endpoints do. It is the question that has a target looked at."""
HEALTH_LOOKS = 5
"""Of so many, one asks for the disk as well."""


class Surroundings:
    """Keeps a status line up to date."""

    def __init__(
        self,
        client: Client,
        status: StatusLine,
        tell: Callable[[str], None],
        *,
        alerts: bool = True,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._client = client
        self._status = status
        self._clock_us = clock_us
        self._pulse = Pulse()
        self._alerts = Alerts(tell, enabled=alerts)
        status.muted = not alerts
        self._looks = 0
        self._shown_s = 0
        self.paused: frozenset[str] = frozenset()
        """The endpoints whose forwarding is."""

    def note(self, records: Sequence[News]) -> None:
        """Take note of what came; called as often as the screen is brought up to date, also with nothing."""
        now_us = self._clock_us()
        self._pulse.note(records, now_us)
        self._alerts.note(records, now_us)
        # Once a second will do: nothing of it is counted in less.
        if now_us // SECOND_US != self._shown_s:
            self._shown_s = now_us // SECOND_US
            self._status.show(self._pulse, now_us)

    def know(self, health: JSON, endpoints: Sequence[JSON]) -> None:
        """Take note of what the inspector said when it was reached."""
        self._status.know_health(health)
        self._know_endpoints(endpoints)

    def toggle_alerts(self) -> str:
        """Tell of failures, or no longer; return a sentence that says which."""
        enabled = self._alerts.toggle()
        self._status.muted = not enabled
        return "failures are told as they happen" if enabled else "failures are no longer told"

    async def look(self) -> None:
        """Ask how the endpoints do, now and then the disk. Where there is no answer the banner says so."""
        try:
            self._know_endpoints(await self._client.endpoints())
            self._looks += 1
            if self._looks % HEALTH_LOOKS == 0:
                self._status.know_health(await self._client.health())
        except HooktapError:
            return

    def _know_endpoints(self, endpoints: Sequence[JSON]) -> None:
        self._status.know_endpoints(endpoints)
        self.paused = frozenset(
            str(each["name"]) for each in endpoints if each.get("paused_at_us") is not None
        )
