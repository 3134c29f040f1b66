"""What a person does at a provider's: register a webhook, enable it, have an event happen or a test sent."""

import time
import uuid
from dataclasses import replace
from secrets import token_hex
from typing import NamedTuple

from inspector.core import forwarding
from inspector.core.peers import is_loopback
from inspector.core.table import nearest
from inspector.errors import ConfigError, NotFoundError
from inspector.simulate.standins.courier import Courier
from inspector.simulate.standins.ledger import Ledger
from inspector.simulate.standins.model import Occasion, StandIn, Webhook


class Change(NamedTuple):
    """What somebody wants of a webhook; None: as it is."""

    name: str | None = None
    url: str | None = None
    events: tuple[str, ...] | None = None
    format: str | None = None
    enabled: bool | None = None


class Desk:
    """One stand-in, in its user's hands."""

    def __init__(
        self, stand_in: StandIn, ledger: Ledger, courier: Courier, *, https_only: bool
    ) -> None:
        self.stand_in = stand_in
        self.ledger = ledger
        self._courier = courier
        self._https_only = https_only

    async def register(
        self,
        url: str,
        *,
        owner: str = "",
        name: str = "",
        events: tuple[str, ...] = (),
        format: str | None = None,  # noqa: A002 - the providers' word
        enabled: bool = True,
        extra: dict[str, str] | None = None,
    ) -> Webhook:
        """Add a webhook; its secret, if the provider has any, is made here. Raises ConfigError for what is refused."""
        make_secret, now_us = self.stand_in.new_secret, _now_us()
        webhook = Webhook(
            id=str(uuid.uuid4()),
            owner=owner,
            name=name,
            url=self._url(url),
            events=events,
            format=self._format(format),
            secret=make_secret() if make_secret else None,
            created_us=now_us,
            updated_us=now_us,
            enabled=enabled,
            extra=extra,
        )
        await self.ledger.save(webhook)
        return webhook

    async def change(self, webhook: Webhook, change: Change) -> Webhook | None:
        """Save the next version; None if somebody else has saved one meanwhile. Raises ConfigError."""
        wanted = {name: value for name, value in change._asdict().items() if value is not None}
        if change.url is not None:
            self._url(change.url)
        if change.format is not None:
            self._format(change.format)
        saved = replace(webhook, **wanted, version=webhook.version + 1, updated_us=_now_us())
        if not await self.ledger.save(saved):
            return None
        self._courier.wake()
        return await self.ledger.webhook(webhook.id)  # its failures may be forgiven

    async def webhook(self, webhook_id: str) -> Webhook:
        """Return one; raise NotFoundError if there is none."""
        webhook = await self.ledger.webhook(webhook_id)
        if webhook is None:
            raise NotFoundError("there is no such webhook")
        return webhook

    async def happen(self, event: str, about: str | None = None) -> list[Webhook]:
        """Have an event happen; return who is sent it, twice who is sent two. The same `about` is the same booking.

        Raises ConfigError if the provider has no event of that type.
        """
        occasion = Occasion(event, time.time(), token_hex(16), is_test=False, about=about)
        self.stand_in.make(occasion, self.stand_in.formats[0])  # also where nobody wants to know
        webhooks, told = await self.ledger.webhooks(), []
        for name in self.stand_in.sets_off(event):
            for webhook in webhooks:
                if webhook.wants(*self.stand_in.spellings(name)):
                    await self._tell(webhook, occasion, name)
                    told.append(webhook)
        return told

    async def test(self, webhook: Webhook) -> None:
        """Press the button that sends a test."""
        event = self.stand_in.test_event
        occasion = Occasion(event, time.time(), token_hex(16), is_test=True)
        await self._tell(webhook, occasion, event)

    async def _tell(self, webhook: Webhook, occasion: Occasion, event: str) -> None:
        request = self.stand_in.make(occasion, webhook.format)
        event_id = self.stand_in.event_id(request)
        now_us = round(occasion.now_s * 1e6)
        await self.ledger.add(webhook.id, event, event_id, request, now_us)
        self._courier.wake()

    def _url(self, url: str) -> str:
        try:
            origin = forwarding.parse_target(url).origin
        except ValueError as error:
            raise ConfigError(f"the URL: {error}") from error
        if origin.scheme == "https":
            return url
        if self._https_only:
            raise ConfigError(f"{self.stand_in.provider} takes https URLs only")
        # All three providers want https; what stays on this machine may be spared it.
        if not is_loopback(origin.host):
            raise ConfigError(
                f"{self.stand_in.provider} takes https URLs, here http to loopback too"
            )
        return url

    def _format(self, name: str | None) -> str:
        if name is None:
            return self.stand_in.formats[0]
        if name not in self.stand_in.formats:
            known = nearest(name, self.stand_in.formats)
            raise ConfigError(f"{self.stand_in.provider} sends no '{name}' {known}")
        return name


def _now_us() -> int:
    return time.time_ns() // 1000
