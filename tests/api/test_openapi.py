import json
from importlib import resources
from typing import Any

import pytest
import yaml
from aiohttp import ClientSession, hdrs

from inspector.core.briefs import brief, briefs_to_json
from inspector.core.diagnosis import Cause
from inspector.core.edits import Edit
from inspector.core.model import (
    Endpoint,
    Failure,
    FailureKind,
    OnDuplicate,
    OnInvalid,
    Outcome,
    Part,
    Reply,
    ReplyMode,
    Sign,
    Timing,
    Trigger,
    Verification,
)
from inspector.core.wire import (
    JSON,
    attempt_to_json,
    delivery_to_json,
    record_to_json,
    verdict_to_json,
)
from tests import factories
from tests.api.schema import complaints
from tests.api.serving import Serving

SPEC: JSON = yaml.safe_load((resources.files("inspector") / "openapi.yaml").read_text("utf-8"))
SCHEMAS: JSON = SPEC["components"]["schemas"]


def wrong(name: str, value: object) -> list[str]:
    return list(complaints(SPEC, SCHEMAS[name], value, name))


def described() -> dict[tuple[str, str], JSON]:
    return {
        (method.upper(), path): operation
        for path, item in SPEC["paths"].items()
        for method, operation in item.items()
        if method.upper() in hdrs.METH_ALL
    }


async def test_every_route_is_described_and_every_description_routed(api: Serving) -> None:
    """The two sets of method and path are the same."""
    routed = {
        (route.method, route.resource.canonical)
        for route in api.app.router.routes()
        if route.resource is not None
    }
    assert routed == described().keys()


def test_every_reference_leads_somewhere() -> None:
    """What is referred to exists, and every schema is used."""
    text = yaml.safe_dump(SPEC)
    for name in SCHEMAS:
        assert f"#/components/schemas/{name}'" in text or f"#/components/schemas/{name}\n" in text
    assert "default" in described()["GET", "/api/feed"]["responses"]


def test_the_closed_sets() -> None:
    """Each value of each enumeration is described, and no other."""

    def values(schema: str, name: str) -> set[str]:
        return set(SCHEMAS[schema]["properties"][name]["enum"])

    assert values("Verification", "outcome") == set(Outcome)
    assert values("Attempt", "trigger") == set(Trigger)
    assert set(SCHEMAS["Attempt"]["properties"]["edited"]["items"]["enum"]) == set(Part)
    assert values("Failure", "kind") == set(FailureKind)
    assert values("Endpoint", "on_invalid") == set(OnInvalid)
    assert values("Endpoint", "duplicates") == set(OnDuplicate)
    assert values("ReplayOrder", "sign") == set(Sign)
    assert values("Finding", "cause") == set(Cause)


EDIT = Edit("PUT", b"/x", factories.headers(("A", "b")), b"{}")
ANSWERED = factories.attempt(id=2, number=1, edited=EDIT.parts)
FAILED = factories.attempt(
    id=3,
    number=2,
    result=Failure(FailureKind.TIMEOUT, "30 s"),
    timing=Timing(1_000, 30_000_000, None),
)
RECHECKED = factories.verdict(id=4)
VERIFIED = factories.delivery(
    id=1,
    provider="jinko",
    event="booking.completed",
    event_id="evt_1",
    attempt_id="1",
    verification=Verification(Outcome.VERIFIED, "signature matches", 0, factories.NOW_S, ("body",)),
    handshake="answered with its challenge",
    duplicate_of=12,
    duplicate_held=True,
)


def test_the_model_is_as_described() -> None:
    """What `core.wire` writes is what the schemas say, key by key."""
    assert wrong("Delivery", delivery_to_json(factories.delivery())) == []
    assert wrong("Delivery", delivery_to_json(VERIFIED, [ANSWERED, FAILED])) == []
    assert wrong("Verdict", verdict_to_json(RECHECKED)) == []
    for record in (VERIFIED, ANSWERED, FAILED, RECHECKED):
        assert wrong("Record", record_to_json(record)) == []
    briefs = briefs_to_json([brief(record) for record in (VERIFIED, ANSWERED, RECHECKED)])
    assert wrong("Briefs", json.loads(json.dumps(briefs))) == []
    assert wrong("Briefs", {"type": "briefs", "briefs": [[1, "delivery"]]})


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"id": "1"},
        {"status": None},
        {"trigger": "whim"},
        {"failure": {"kind": "refused", "detail": ""}},
        {"request_headers": [[1]]},
    ],
)
def test_the_check_finds_what_is_wrong(change: JSON) -> None:
    """A value that departs from its schema is found out, so that silence means something."""
    assert wrong("Attempt", {**attempt_to_json(ANSWERED), **change})
    assert wrong("Record", {**record_to_json(ANSWERED), **change})
    assert wrong("Attempt", {**attempt_to_json(FAILED), "timing": {"connect_us": 1}})
    for name in attempt_to_json(ANSWERED):
        missing = {key: item for key, item in attempt_to_json(ANSWERED).items() if key != name}
        assert wrong("Attempt", missing)


ARRIVAL = {"endpoint": "demo", "method": "PUT", "target": "/", "headers": [["A", "1"]], "body": ""}
ORDERS: JSON = {
    "/api/samples": {"provider": "jinko"},
    "/api/prune": {"below": 0},
    "/api/import": {"deliveries": [ARRIVAL]},
}
"""What a POST has to say at least."""


async def test_answers_are_as_described(api: Serving) -> None:
    """Each operation's real answer fits its schema, and so does a refusal of each."""
    await _fill(api)
    async with ClientSession(headers=api.authorization) as session:
        for (method, path), operation in described().items():
            if path == "/api/feed":
                continue
            order = ORDERS.get(path, {})
            body = order if method in ("POST", "PUT") else None
            number = "2" if path.startswith("/api/attempts") else "1"
            url = api.url + path.replace("{id}", number).replace("{name}", "jinko")
            async with session.request(method, url, json=body) as response:
                assert response.status == 200
                _fits(operation["responses"]["200"], response.content_type, await response.read())
            async with session.request(
                method, url, headers={"Origin": "null"}, json=body
            ) as refusal:
                _fits(operation["responses"]["default"], refusal.content_type, await refusal.read())


async def test_orders_are_as_described(api: Serving) -> None:
    """What a POST may carry is what its schema names: all of it is taken, and nothing else."""
    await api.receive(1)
    for path, schema in (
        ("/api/deliveries/1/replay", "ReplayOrder"),
        ("/api/deliveries/1/confirm", "ConfirmOrder"),
        ("/api/reverify", "ReverifyOrder"),
        ("/api/samples", "SampleOrder"),
        ("/api/prune", "PruneOrder"),
        ("/api/reclaim", "ReclaimOrder"),
    ):
        names = SCHEMAS[schema]["properties"]
        order = {name: _example(described_as) for name, described_as in names.items()}
        async with ClientSession(headers=api.authorization) as session:
            async with session.post(api.url + path, json=order) as response:
                assert response.status == 200
            async with session.post(api.url + path, json={**order, "more": "x"}) as response:
                assert response.status == 400


async def test_the_feed_is_as_described(api: Serving) -> None:
    """Each frame fits the schema of a record."""
    await _fill(api)
    async with (
        ClientSession(headers=api.authorization) as session,
        session.ws_connect(f"{api.url}/api/feed?after=0") as feed,
    ):
        for _ in range(4):
            assert wrong("Record", await feed.receive_json()) == []


async def _fill(api: Serving) -> None:
    await api.store.append_delivery(VERIFIED)
    await api.store.append_attempt(ANSWERED, edit=EDIT)
    await api.store.append_attempt(FAILED)
    await api.store.append_verdicts([RECHECKED])
    api.endpoints.rows = [
        Endpoint("jinko", provider="jinko", target="http://127.0.0.1:3000"),
        Endpoint("demo", reply=Reply(204)),
        Endpoint("mine", reply=ReplyMode.TARGET, on_invalid=OnInvalid.REJECT),
    ]


def _example(schema: JSON) -> object:
    if "$ref" in schema:
        schema = SCHEMAS[schema["$ref"].rpartition("/")[2]]
    if "examples" in schema:
        example: object = schema["examples"][0]
        return example
    return 7 if schema["type"] == "integer" else schema.get("enum", ["x"])[0]


def _fits(response: Any, content_type: str, body: bytes) -> None:
    reference: str = response.get("$ref", "")
    if reference:
        response = SPEC["components"]["responses"][reference.rpartition("/")[2]]
    assert content_type in response["content"]
    if content_type == "application/json":
        schema = response["content"][content_type]["schema"]
        assert list(complaints(SPEC, schema, json.loads(body))) == []
