"""`POST /api/samples`: what is to be different about a sample."""

import io
from typing import Any

import pytest
from aiohttp import ClientSession

from inspector.api.replaying import ORDER_MAX_BYTES
from inspector.core.edits import BODY_MAX_BYTES
from inspector.core.variations import AS_SENT, SampleSign, Variation
from tests.api.serving import Serving

AS_JSON = {"Content-Type": "application/json"}


async def order(api: Serving, **fields: Any) -> tuple[int, str]:
    async with (
        ClientSession(headers=api.authorization) as session,
        session.post(f"{api.url}/api/samples", json={"provider": "jinko", **fields}) as answer,
    ):
        return answer.status, (await answer.json()).get("error", "")


async def test_what_differs_is_handed_on(api: Serving) -> None:
    """Through the client and back: a body as long as may be sent, and bytes that are no text."""
    variation = Variation(
        values=(("a.b", "é"),),
        headers=((b"X-A", b"\xff"), (b"X-B", None)),
        body=b"\x00\xff" * (BODY_MAX_BYTES // 2),
        sign=SampleSign.WRONG_SECRET,
        unique="u",
        again=1,
        happened_s=2,
        signed_s=3,
        truncate=4,
        corrupt=True,
    )
    async with api.client() as client:
        await client.send_sample("jinko", variation=variation)
        await client.send_sample("jinko")

    assert api.samples.variations == [variation, AS_SENT]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"sign": "verbatim"}, "sign: must be one of"),
        ({"truncate": -1}, "truncate: must be"),
        ({"body": "x"}, "only these are read here: provider, event, format, endpoint"),
        ({"count": 3}, "only these are read here"),
        ({"body_base64": "*"}, "is not Base64"),
        ({"event": 7}, "event: must be text"),
    ],
)
async def test_what_cannot_be_is_refused(
    api: Serving, fields: dict[str, Any], complaint: str
) -> None:
    status, error = await order(api, **fields)

    assert status == 400
    assert complaint in error
    assert api.samples.asked == []


async def test_an_order_has_an_end(api: Serving) -> None:
    body = io.BytesIO(b'{"provider": "jinko"}' + b" " * ORDER_MAX_BYTES)
    async with (
        ClientSession(headers=api.authorization) as session,
        session.post(f"{api.url}/api/samples", data=body, headers=AS_JSON) as answer,
    ):
        assert answer.status == 413
