"""What has happened before a picture is taken: a real inspector has received samples of every verdict.

Each goes through the public door, signed as its provider signs or spoilt as the story has it, and on to the demo app.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from inspector import providers
from inspector.client import Client
from inspector.core import signing
from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.datadir import DataDir
from inspector.simulate import sender
from tui.child import running_child

ROOT = Path(__file__).parent.parent.parent
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
    """How long ago it was signed."""
    spoil: Callable[[Request], Request] | None = None


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
    Sample("standardwebhooks", "contact.created", endpoint="acme"),
    Sample("jinko", "booking.completed", spoil=unsigned),
    Sample("jinko", "booking.completed"),
)
"""Some providers and every verdict, oldest first."""
PAUSES_S = (1, 22, 15, 18, 3, 4, 17, 20, 2, 16, 4, 19, 0)
"""After each of them: the terminal shows when deliveries came, and how many, in the last five minutes."""


@dataclass(frozen=True)
class Stage:
    """A running inspector, with the demo app behind it."""

    client: Client
    data_dir: DataDir
    _secrets: dict[str, bytes]

    async def live(self) -> None:
        """Send the story's samples one after the other."""
        known = providers.load()
        for number, (sample, pause_s) in enumerate(zip(STORY, PAUSES_S, strict=True)):
            request = sender.signed_sample(
                known[sample.provider],
                sample.event,
                secret=self._secrets.get(sample.provider),
                now_s=time.time() - sample.age_s,
                unique=str(number),
            )
            if sample.spoil is not None:
                request = sample.spoil(request)
            await sender.send(f"{INGRESS}/in/{sample.endpoint or sample.provider}", request)
            await asyncio.sleep(pause_s)


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    """Run the inspector, with its data in `folder`, and the demo app."""
    secrets = _secrets()
    os.environ |= {f"SECRET_OF_{name.upper()}": secret.decode() for name, secret in secrets.items()}
    (folder / "hooktap.toml").write_text(CONFIG)
    data_dir = DataDir(folder / "data")
    async with AsyncExitStack() as stack:
        stack.enter_context(_app(secrets["jinko"]))
        config = ("--config", str(folder / "hooktap.toml"))
        await stack.enter_async_context(running_child(data_dir, config))
        client = await stack.enter_async_context(Client.of(data_dir))
        yield Stage(client, data_dir, secrets)


def _secrets() -> dict[str, bytes]:
    known = providers.load().values()
    return {
        each.name: signing.sample_keys(each, b"pictures").signing
        for each in known
        if signing.can_sign(each)
    }


@contextmanager
def _app(secret: bytes) -> Iterator[None]:
    """Run the demo app."""
    with subprocess.Popen(
        [sys.executable, ROOT / "scripts" / "demo_app.py", "--port", str(APP_PORT)],
        env=os.environ | {"JINKO_WEBHOOK_SECRET": secret.decode()},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout is not None
        if not process.stdout.readline():
            sys.exit(f"the demo app does not start: is port {APP_PORT} taken?")
        try:
            yield
        finally:
            process.terminate()
