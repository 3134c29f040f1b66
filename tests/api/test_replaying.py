"""The order of an edited replay, and handing the edit out again."""

import json
from typing import Any

import pytest

from inspector.api.replaying import ORDER_MAX_BYTES
from inspector.core.edits import BODY_MAX_BYTES, Edit
from inspector.core.headers import Headers
from tests.api.serving import Serving
from tests.api.test_routes import call, get

REPLAY = "/api/deliveries/1/replay"


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (None, None),
        ({}, Edit()),
        ({"method": "PUT", "target": None}, Edit(method="PUT")),
        (
            {"target": "/\udcff", "headers": [["A", "\udc80"]], "body_base64": "AP8="},
            Edit(None, b"/\xff", Headers(((b"A", b"\x80"),)), b"\0\xff"),
        ),
        ({"body": "\u00e9"}, Edit(body=b"\xc3\xa9")),
    ],
)
async def test_edit_reaches_the_pipeline(api: Serving, edit: Any, expected: Edit | None) -> None:
    await api.receive(1)
    answer = await call(api, "POST", REPLAY, json.dumps({"edit": edit}).encode())

    assert answer.status == 200
    assert api.pipeline.edits == [expected]
    assert json.loads(answer.body)["edited"] == list(expected.parts if expected else ())


@pytest.mark.parametrize(
    "edit", ["x", [], 1, {"more": 1}, {"body": 1}, {"headers": [1]}, {"body_base64": "?"}]
)
async def test_bad_edit_is_refused(api: Serving, edit: Any) -> None:
    await api.receive(1)
    answer = await call(api, "POST", REPLAY, json.dumps({"edit": edit}).encode())

    assert answer.status == 400
    assert answer.error.startswith("edit: ")
    assert api.pipeline.asked == []


async def test_order_may_be_as_long_as_an_edit(api: Serving) -> None:
    """And no longer."""
    await api.receive(1)
    order = {"edit": {"body": "x" * BODY_MAX_BYTES}}
    assert (await call(api, "POST", REPLAY, json.dumps(order).encode())).status == 200
    answer = await call(api, "POST", REPLAY, b" " * (ORDER_MAX_BYTES + 1))
    assert (answer.status, answer.error) == (413, "the body is too long")


async def test_edit_is_handed_out_as_it_may_be_sent_again(api: Serving) -> None:
    await api.receive(1)
    edit = {"method": "PUT", "target": "/x?y", "headers": [["A", "b"]], "body_base64": "e30="}
    await call(api, "POST", REPLAY, json.dumps({"edit": edit}).encode())
    await call(api, "POST", REPLAY, b"{}")

    assert await get(api, "/api/attempts/2/edit") == edit
    for number in (1, 3, 99):  # a delivery, an attempt that was not edited, nothing
        assert (await call(api, "GET", f"/api/attempts/{number}/edit")).status == 404
