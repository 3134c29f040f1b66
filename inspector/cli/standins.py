"""What `hooktap simulate` prints: where everything is, and what came of every attempt. For a person, or as JSON."""

import contextlib
import json
import sys
import time
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from shlex import quote
from typing import Final

import click

from inspector.cli.look import Look, clock
from inspector.config import ENDPOINT_NAME
from inspector.core import forwarding
from inspector.core.text import fit, safe
from inspector.core.timestamps import duration
from inspector.core.wire import JSON, dumps
from inspector.simulate.standins.model import Parcel, Rules, StandIn, State, Webhook
from inspector.simulate.standins.service import Open
from inspector.simulate.standins.wire import parcel_to_json, webhook_to_json

EVENT_WIDTH: Final = 20
EVENT_MAX: Final = 40
OUTLOOK_WIDTH: Final = 26
HERE_WIDTH: Final = 14
"""Of how long a wait is in truth."""


class AsJson:
    """One JSON object a line."""

    def __init__(self, stand_in: StandIn, _speed: float, authority: Path | None) -> None:
        self._stand_in = stand_in
        self._authority = authority
        self._off = _Off(stand_in.rules)

    def ready(self, running: Open) -> None:
        """Say how to call it."""
        ready = {
            "type": "ready",
            "provider": self._stand_in.provider,
            "url": running.url,
            "token": running.token,
            "ca": None if self._authority is None else str(self._authority),
        }
        click.echo(dumps(ready))

    def registered(self, webhook: Webhook, secret_file: Path | None, *, is_new: bool) -> None:
        """Show the secret to whoever has made it, unless it is in a file."""
        secret = webhook.secret if is_new and secret_file is None else None
        self._webhook(webhook, {"secret": secret})

    def attempt(self, webhook: Webhook, parcel: Parcel) -> None:
        """Say what came of it, and how the webhook is if it was disabled for it."""
        click.echo(dumps({"type": "attempt", "url": webhook.url, **parcel_to_json(parcel)}))
        if self._off.is_news(webhook):
            self._webhook(webhook, {})

    def _webhook(self, webhook: Webhook, more: JSON) -> None:
        click.echo(dumps({"type": "webhook", **webhook_to_json(webhook), **more}))


class AsText:
    """Lines for a person, who is told on stderr where everything is."""

    def __init__(self, stand_in: StandIn, speed: float, authority: Path | None) -> None:
        self._stand_in = stand_in
        self._speed = speed
        self._authority = authority
        self._off = _Off(stand_in.rules)
        self._out, self._err = Look.of(sys.stdout), Look.of(sys.stderr)
        self._running: Open | None = None

    def ready(self, running: Open) -> None:
        """Say how to call it, and what it makes up."""
        self._running = running
        title = self._stand_in.title
        self._tell(self._err.colored(f"a stand-in for {title} is ready", "green"))
        self._fact("API", running.url)
        if self._authority is not None:
            self._fact("certificate", f"by the authority in {self._authority}")
        self._fact("token", running.token)
        self._fact("event", self._call("POST", "events", {"event": self._stand_in.test_event}))
        if self._speed > 1:
            self._fact("speed", f"{title}'s waits are {self._speed:g} times shorter here")
        for sentence in self._stand_in.assumed:
            self._fact("assumed", sentence)

    def registered(self, webhook: Webhook, secret_file: Path | None, *, is_new: bool) -> None:
        """Say where the secret is, and how hooktap comes to know it."""
        self._fact("webhook", f"{safe(webhook.url)} is registered{'' if is_new else ' already'}")
        if webhook.secret is None:
            return
        if secret_file is not None:
            self._fact("secret", f"in {safe(str(secret_file))}, which only you can read")
        elif is_new:
            self._fact("secret", f"{webhook.secret} (shown this once)")
        else:
            self._fact("secret", "was shown when it was made; --secret-file FILE writes it down")
        names = ("hooktap.toml",)
        lines = _configuration(self._stand_in.provider, webhook.url, secret_file)
        for name, line in zip_longest(names, lines, fillvalue=""):
            self._fact(name, line)

    def attempt(self, webhook: Webhook, parcel: Parcel) -> None:
        """Say what came of it, and what comes next."""
        look, said = self._out, parcel.last or ""
        has_status = said.isdecimal()
        words = (
            look.faint(clock(time.time_ns() // 1000)),
            fit(safe(parcel.event), EVENT_WIDTH, EVENT_MAX),
            look.faint(f"{parcel.attempts} of {_attempts(self._stand_in.rules)}"),
            look.status(int(said)) if has_status else look.colored(f"{look.mark('✗'):<3}", "red"),
            self._outlook(webhook, parcel),
            look.faint(f"{look.mark('→')} {safe(webhook.url)}"),
            *([] if has_status else [safe(said)]),
        )
        click.echo("  ".join(words))
        if self._off.is_news(webhook):
            self._tell_off(webhook)

    def _outlook(self, webhook: Webhook, parcel: Parcel) -> str:
        """Return what comes next, as wide as most of its kind."""
        rules, look = self._stand_in.rules, self._out
        width = OUTLOOK_WIDTH if self._speed == 1 else OUTLOOK_WIDTH + HERE_WIDTH
        match parcel.state:
            case State.DELIVERED:
                return look.colored(f"{'delivered':<{width}}", "green")
            case State.PENDING if webhook.enabled:
                wait_s = rules.waits_s[parcel.attempts - 1]
                here = f" ({_short(wait_s / self._speed)} here)" if self._speed > 1 else ""
                left = _attempts(rules) - parcel.attempts
                return f"{f'again in {duration(wait_s)}{here}, {left} left':<{width}}"
            case State.PENDING:
                return f"{'again once it is enabled':<{width}}"
            case _:
                return look.colored(f"{f'{parcel.state}: not sent again':<{width}}", "red")

    def _tell_off(self, webhook: Webhook) -> None:
        what = f"{self._err.mark('✗')} {safe(webhook.url)} is disabled"
        self._tell(
            f"{self._err.colored(what, 'red')} after {webhook.failures} failed attempts in a row; "
            "nothing is sent there until you enable it:"
        )
        self._tell(f"  {self._call('PATCH', f'webhooks/{webhook.id}', {'enabled': True})}")

    def _call(self, method: str, path: str, body: JSON) -> str:
        """Return the curl command that calls the dashboard."""
        assert self._running is not None
        trust = "" if self._authority is None else f"--cacert {quote(str(self._authority))} "
        verb = "" if method == "POST" else f"-X {method} "
        return (
            f"curl {trust}{verb}-H 'Authorization: Bearer {self._running.token}' "
            f"--json '{json.dumps(body)}' {self._running.url}/simulate/{path}"
        )

    def _fact(self, name: str, text: str) -> None:
        self._tell(f"  {self._err.faint(f'{name:<12}')} {text}")

    def _tell(self, line: str) -> None:
        with contextlib.suppress(OSError):  # whoever started us may have gone
            click.echo(line, err=True)


Show = AsJson | AsText


class _Off:
    """The webhooks that failures have disabled, and whose user was told so."""

    def __init__(self, rules: Rules) -> None:
        self._limit = rules.disabled_after
        self._ids: set[str] = set()

    def is_news(self, webhook: Webhook) -> bool:
        """Whether an attempt has left a webhook disabled, as the one before had not."""
        if webhook.enabled or self._limit is None or webhook.failures < self._limit:
            self._ids.discard(webhook.id)
            return False
        is_news = webhook.id not in self._ids
        self._ids.add(webhook.id)
        return is_news


def _configuration(provider: str, url: str, secret_file: Path | None) -> Iterator[str]:
    """Yield the lines of hooktap.toml with which the endpoint that `url` leads to checks signatures."""
    found = forwarding.split_ingress(forwarding.parse_target(url).path)
    endpoint = found[0] if found and ENDPOINT_NAME.fullmatch(found[0]) else provider
    yield f"[endpoint.{json.dumps(endpoint) if '.' in endpoint else endpoint}]"
    if secret_file is None:
        yield f'secret = {{ env = "{provider.upper()}_WEBHOOK_SECRET" }}'
    else:
        # What is made safe of a string of TOML is an escape of TOML.
        yield f"secret = {{ file = {safe(json.dumps(str(secret_file), ensure_ascii=False))} }}"
    if endpoint != provider:
        yield f'provider = "{provider}"'


def _attempts(rules: Rules) -> int:
    """Return how many a provider makes at most."""
    return len(rules.waits_s) + 1


def _short(seconds: float) -> str:
    """Return a length of time of which parts of a second count."""
    return duration(seconds) if seconds >= 60 else f"{seconds:.2g} s"
