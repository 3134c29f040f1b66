"""Wink as its description has it, word for word: what it answers in turn, on loopback."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inspector.config import Application, Registration
from inspector.core.wire import JSON
from inspector.register import Wink
from tests.fakes import Peer, Script, Taken, Target, answer
from tests.process import ROOT

DESCRIPTION: JSON = json.loads(
    Path(ROOT, "tests/simulate/standins/wink-webhook-openapi.json").read_text("utf-8")
)
ENTITY = "d5b8a3c2-9e6f-4a1b-8d34-7c2e1f0a5b69"
ID = "b7e4c1a2-3f5d-4e8a-9c21-6f0b5d8e3a47"
TOKEN = "t0ken-cAnArY"
SECRET = "client-cAnArY"
ONE = "/api/managing-entity/{managingEntityIdentifier}/webhook/{id}"
ALL = "/api/managing-entity/{managingEntityIdentifier}/webhook"


def example(path: str, method: str) -> Any:
    """Return the answer that the description shows for a success."""
    content = DESCRIPTION["paths"][path][method]["responses"]["200"]["content"]
    return content["application/json"]["example"]


def record(**changes: Any) -> JSON:
    """Return the webhook that the description shows, otherwise in the fields that are named."""
    return {**example(ONE, "get"), **changes}


def says(value: Any, status: int = 200) -> bytes:
    """Write an answer of JSON."""
    return answer(status, ("Content-Type", "application/json"), body=json.dumps(value).encode())


def problem(status: int, **members: Any) -> bytes:
    """Write problem details."""
    kind = ("Content-Type", "application/problem+json")
    return answer(status, kind, body=json.dumps({"status": status, **members}).encode())


def in_turn(*answers: bytes) -> Script:
    """Give each request, one to a connection, the next answer."""
    left = iter(answers)

    async def script(peer: Peer) -> None:
        if await peer.take():
            await peer.say(next(left))

    return script


def registration(url: str, **changes: Any) -> Registration:
    given = {"entity_name": "The Siam Residences", "opened_by": TOKEN.encode, **changes}
    return Registration(api=url, entity=ENTITY, **given)


def application(url: str, scope: str | None = None) -> Application:
    return Application(f"{url}/oauth2/token", "us", SECRET.encode, scope)


def client(target: Target, **changes: Any) -> Wink:
    return Wink(registration(target.url, **changes))


def lines(target: Target) -> Iterator[str]:
    """Yield the requests that came: method, and what is behind the entity's webhooks."""
    for taken in target.requests:
        method, path, _ = taken.line.decode().split(" ")
        yield f"{method} {path.removeprefix(f'/api/managing-entity/{ENTITY}/webhook')}"


def sent(taken: Taken) -> JSON:
    found: JSON = json.loads(taken.body)
    return found
