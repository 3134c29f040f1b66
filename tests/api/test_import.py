"""Handing over what was received elsewhere: the route, and the client's end of it."""

import json
from typing import Any

import pytest

from inspector.api import arrivals
from inspector.core.arrivals import Arrival
from inspector.core.headers import Headers
from inspector.errors import ConfigError, NotFoundError
from tests.api.rawhttp import Answer, ask
from tests.api.serving import Serving
from tests.factories import request

GOOD = {"endpoint": "demo", "method": "PUT", "target": "/x", "headers": [["A", "1"]], "body": "b"}


async def post(api: Serving, order: object) -> Answer:
    fields = [
        ("Host", f"127.0.0.1:{api.port}"),
        ("Content-Type", "application/json"),
        *api.authorization.items(),
    ]
    body = order if isinstance(order, bytes) else json.dumps(order).encode()
    return await ask(api.port, "POST", "/api/import", fields, body)


async def test_they_are_stored_in_order(api: Serving) -> None:
    """Byte for byte, with the time they came; without one, now."""
    bodies = [bytes(range(256)), b"", b"{}" * 200_000]
    pairs = Headers(((b"x-A", b"\xe9"), (b"X-a", b"")))
    made = [request(headers=pairs, target=b"/in/demo?\xff", body=body) for body in bodies]

    async with api.client() as client:
        stored = await client.take_in([Arrival("demo", each, 1_000_000) for each in made])
        assert [await client.body(each.id) for each in stored] == bodies

    assert [each.id for each in stored] == [1, 2, 3]
    assert {each.via for each in stored} == {"import"}
    assert {each.received_at_us for each in stored} == {1_000_000}
    assert stored[0].request.headers == pairs
    assert stored[0].request.target == b"/in/demo?\xff"


@pytest.mark.parametrize(
    "order",
    [
        b"",
        b"[]",
        b"{",
        {},
        {"deliveries": None},
        {"deliveries": {}},
        {"deliveries": [], "more": 1},
        {"deliveries": [GOOD, None]},
        {"deliveries": [GOOD, {**GOOD, "body_base64": ""}]},
        {"deliveries": [GOOD, {**GOOD, "more": "x"}]},
        {"deliveries": [GOOD] * (arrivals.CALL_MAX + 1)},
    ],
)
async def test_a_bad_order_stores_nothing(api: Serving, order: Any) -> None:
    answer = await post(api, order)

    assert answer.status == 400
    assert answer.error
    assert api.store.newest == 0


async def test_the_sentence_says_which(api: Serving) -> None:
    answer = await post(api, {"deliveries": [GOOD, {**GOOD, "target": "\x1b"}]})
    assert answer.error.startswith("deliveries.1: target: ")
    async with api.client() as client:
        with pytest.raises(ConfigError, match="target"):
            await client.take_in([Arrival("demo", request(target=b"/a b"))])


async def test_its_size_is_bounded(api: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than of any other order is read, and no more than that."""
    monkeypatch.setattr(arrivals, "CALL_MAX_BYTES", 100_000)
    long = {"deliveries": [{**GOOD, "body": "x" * 90_000}]}
    assert (await post(api, long)).status == 200
    longer = {"deliveries": [{**GOOD, "body": "x" * 100_000}]}
    answer = await post(api, longer)
    assert (answer.status, answer.error) == (413, "the body is too long")


async def test_no_such_endpoint(api: Serving) -> None:
    api.pipeline.error = NotFoundError("there is no endpoint")
    assert (await post(api, {"deliveries": [GOOD]})).status == 404
