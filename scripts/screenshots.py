"""The README's pictures, taken by the terminal itself of a real inspector that has received real samples.

Every delivery goes through the public door, signed as its provider signs (or spoilt, as the story has it), and on to
the demo app. Taken again, the pictures differ in times and ids only.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

from textual.pilot import Pilot

from inspector import providers
from inspector.client import Client
from inspector.core import signing
from inspector.core.headers import Headers
from inspector.core.model import Attempt, Request
from inspector.datadir import DataDir
from inspector.errors import HooktapError
from inspector.simulate import sender
from tui.app import HooktapApp
from tui.child import running_child
from tui.widgets.detail_pane import DetailPane

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
WIDE, TALL, NARROW = (120, 28), (100, 32), (80, 24)
WAIT_S = 20
INGRESS = "http://127.0.0.1:8400"
APP_PORT = 3000

CONFIG = """
[inspector]
port = 8400
api_port = 8401
forward_to = 3000

[endpoint.jinko]
provider = "jinko"
secret = { env = "SECRET_OF_JINKO" }
forward_to = "http://127.0.0.1:3000/webhooks/jinko"

[endpoint.checkfront]
forward_to = "http://127.0.0.1:3000/webhooks/checkfront"

[endpoint.wink]
forward_to = "http://127.0.0.1:3000/webhooks/wink"

[endpoint.slack]
secret = { env = "SECRET_OF_SLACK" }

[endpoint.github]
secret = { env = "SECRET_OF_GITHUB" }

[endpoint.shopify]
secret = { env = "SECRET_OF_SHOPIFY" }

[endpoint.svix]
secret = { env = "SECRET_OF_SVIX" }

[endpoint.acme]
provider = "standardwebhooks"
secret = { env = "SECRET_OF_STANDARDWEBHOOKS" }
forward_to = "http://127.0.0.1:3001/webhooks/acme"
retry = { attempts = 2, first_s = 0.5 }
"""
"""Stripe's secret is missing, and nothing listens at 3001."""


@dataclass(frozen=True)
class Sample:
    """A sample on its way to an endpoint, and what becomes of it before it arrives."""

    provider: str
    event: str
    endpoint: str | None = None
    """None: the one named like the provider."""
    age_s: int = 0
    spoil: Callable[[Request], Request] | None = None
    attempts: int = 1
    """How many are made without anybody's help."""


def rewritten(request: Request) -> Request:
    """Spoil it as a proxy does that parses JSON and writes it anew."""
    return replace(request, body=json.dumps(json.loads(request.body), indent=4).encode())


def unsigned(request: Request) -> Request:
    return replace(request, headers=request.headers.without([b"X-Jinko-Signature"]))


def signed_just_now(request: Request) -> Request:
    return replace(request, headers=request.headers.replacing(b"svix-timestamp", b"just now"))


def by_hand(request: Request) -> Request:
    agent = (b"User-Agent", b"curl/8.9.1")
    return replace(request, headers=Headers((agent,)), body=b'{"hello":"world"}')


STORY = (
    Sample("slack", "app_mention"),
    Sample("github", "push"),
    Sample("checkfront", "booking.PAID"),
    Sample("stripe", "payment_intent.succeeded"),
    Sample("jinko", "booking.completed", spoil=rewritten),
    Sample("shopify", "orders/create"),
    Sample("wink", "booking.create"),
    Sample("jinko", "booking.failed", age_s=1260),
    Sample("svix", "user.created", spoil=signed_just_now),
    Sample("wink", "booking.create", endpoint="tunnel", spoil=by_hand),
    Sample("standardwebhooks", "contact.created", endpoint="acme", attempts=2),
    Sample("jinko", "booking.completed", spoil=unsigned),
    Sample("jinko", "booking.completed"),
)
"""Some providers and every verdict, oldest first."""


async def main() -> None:
    """Live the story, and take the pictures."""
    secrets = _secrets()
    os.environ |= {f"SECRET_OF_{name.upper()}": secret.decode() for name, secret in secrets.items()}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hooktap-pictures-")))
        (folder / "hooktap.toml").write_text(CONFIG)
        data_dir = DataDir(folder / "data")
        stack.enter_context(_app(APP_PORT, secrets["jinko"]))
        config = ("--config", str(folder / "hooktap.toml"))
        await stack.enter_async_context(running_child(data_dir, config))
        client = await stack.enter_async_context(Client.of(data_dir))
        await _live(client, secrets)
        async with _terminal(client, folder, WIDE) as pilot:
            await pilot.press(*"kkkkkkkk")
            await _read(pilot, "re-serialised")
            _take(pilot, "terminal")
        async with _terminal(client, folder, NARROW) as pilot:
            await pilot.press(*"kkkkk")
            await _read(pilot, "booking.failed")
            _take(pilot, "narrow")
        async with _terminal(client, folder, TALL) as pilot:
            await pilot.press(*"kkkkk3z")
            await _read(pilot, "more than 5 minutes off")
            await pilot.press("r")
            await _read(pilot, "jinko: 'booking.failed'")
            _take(pilot, "detail")


def _secrets() -> dict[str, bytes]:
    known = providers.load().values()
    return {
        each.name: signing.sample_keys(each, b"pictures").signing
        for each in known
        if signing.can_sign(each)
    }


@contextmanager
def _app(port: int, secret: bytes) -> Iterator[None]:
    """Run the demo app."""
    with subprocess.Popen(
        [sys.executable, ROOT / "scripts" / "demo_app.py", "--port", str(port)],
        env=os.environ | {"JINKO_WEBHOOK_SECRET": secret.decode()},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            sys.exit(f"the demo app does not start: is port {port} taken?")
        try:
            yield
        finally:
            process.terminate()


async def _live(client: Client, secrets: dict[str, bytes]) -> None:
    """Send the story's samples one after the other, each when the last one's attempts are made."""
    known = providers.load()
    async with aclosing(client.feed(after=0)) as feed:
        for number, sample in enumerate(STORY):
            request = sender.signed_sample(
                known[sample.provider],
                sample.event,
                secret=secrets.get(sample.provider),
                now_s=time.time() - sample.age_s,
                unique=str(number),
            )
            if sample.spoil is not None:
                request = sample.spoil(request)
            await sender.send(f"{INGRESS}/in/{sample.endpoint or sample.provider}", request)
            made = 0
            while made < sample.attempts:
                made += isinstance(await anext(feed), Attempt)


@asynccontextmanager
async def _terminal(
    client: Client, folder: Path, size: tuple[int, int]
) -> AsyncIterator[Pilot[None]]:
    """Run the terminal without a terminal, as soon as it shows the newest delivery's body."""
    app = HooktapApp(client, directory=folder, zone=UTC)
    async with app.run_test(size=size) as pilot:
        await _read(pilot, "JNK-TEST00")
        yield pilot


async def _read(pilot: Pilot[None], text: str) -> None:
    """Let the terminal run until `text` stands in the detail."""
    async with asyncio.timeout(WAIT_S):
        while text not in _detail(pilot):
            await pilot.pause(0.05)
    await pilot.pause()


def _detail(pilot: Pilot[None]) -> str:
    """Return the text of the detail pane."""
    pane = pilot.app.screen.query_one(DetailPane)
    strips = pilot.app.screen._compositor.render_strips(pilot.app.screen.size)  # noqa: SLF001
    return "\n".join(strip.text for strip in strips[pane.region.y : pane.region.bottom])


def _take(pilot: Pilot[None], name: str) -> None:
    svg = pilot.app.export_screenshot(title="hooktap")
    # Its ids are drawn from the content, so they would be others each time; its fonts would be fetched from a stranger.
    svg = re.sub(r"terminal-\d+", f"hooktap-{name}", svg)
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    (DOCS / f"{name}.svg").write_text(svg)
    print(f"docs/{name}.svg: {len(svg):,} bytes")


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except HooktapError as error:
        sys.exit(f"{error}")
