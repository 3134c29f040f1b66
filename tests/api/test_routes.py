import gzip
import json
from typing import Any

import pytest
from aiohttp import ClientSession

from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Failure, FailureKind, OnInvalid, Reply, ReplyMode, Sign
from inspector.core.overlays import SecretPath, SecretQuery
from inspector.core.wire import JSON
from inspector.errors import (
    ConfigError,
    HooktapError,
    NotFoundError,
    OutsideError,
    ReplayError,
    SigningError,
    StorageError,
    StoreBusyError,
    UnreachableError,
)
from tests import factories
from tests.api.rawhttp import Answer, ask
from tests.api.serving import INGRESS, LAG_MS, Serving

NUMBER_MAX = 2**63 - 1


async def call(
    api: Serving, method: str, path: str, body: bytes = b"", *, kind: str = "application/json"
) -> Answer:
    fields = [
        ("Host", f"127.0.0.1:{api.port}"),
        *api.authorization.items(),
        ("Content-Type", kind),
    ]
    return await ask(api.port, method, path, fields, body)


async def get(api: Serving, path: str) -> Any:
    answer = await call(api, "GET", path)
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    return json.loads(answer.body)


async def test_health(api: Serving) -> None:
    """It says who answers, and the number to follow the feed from."""
    await api.receive(2)
    health = await get(api, "/api/health")
    usage = {name: health.pop(name) for name in ("store_bytes", "disk_free_bytes")}
    assert usage["store_bytes"] >= api.data_dir.database.stat().st_size
    assert usage["disk_free_bytes"] > 0
    assert health == {
        "status": "ok",
        "version": "0.1.0",
        "ingress": INGRESS,
        "api": "http://127.0.0.1:8401",
        "data_dir": str(api.data_dir.path),
        "pid": 42,
        "newest": 2,
        "lag_ms": LAG_MS,
        "log_bytes": api.store.log_bytes,
        "disk_is_scarce": False,
        "holds_damage": False,
    }


async def test_an_empty_store(api: Serving) -> None:
    """Nothing there is an empty list, and no record is not found."""
    empty: JSON = {"deliveries": [], "stopped": None, "text_index": None}
    assert await get(api, "/api/deliveries") == empty
    for path in (
        "/api/deliveries/1",
        "/api/deliveries/1/body",
        "/api/deliveries/1/attempts",
        "/api/deliveries/1/verdicts",
        "/api/deliveries/1/findings",
        "/api/deliveries/1/secrets",
        "/api/attempts/1/body",
    ):
        answer = await call(api, "GET", path)
        assert answer.status == 404
        assert "#1" in answer.error


async def test_pages(api: Serving) -> None:
    """Pages go from the newest backwards; the attempts of each delivery come with it."""
    await api.receive(3)
    refused = factories.attempt(delivery_id=2, result=Failure(FailureKind.REFUSED, "refused"))
    await api.store.append_attempt(refused)
    await api.store.append_attempt(factories.attempt(delivery_id=2))
    await api.receive(1)

    first = (await get(api, "/api/deliveries?limit=2"))["deliveries"]
    second = (await get(api, f"/api/deliveries?limit=500&before={first[-1]['id']}"))["deliveries"]

    assert [delivery["id"] for delivery in first + second] == [6, 3, 2, 1]
    tries = {delivery["id"]: delivery["attempts"] for delivery in first + second}
    assert [(attempt["id"], attempt["number"]) for attempt in tries[2]] == [(4, 1), (5, 2)]
    assert tries[6] == []
    assert (await get(api, "/api/deliveries/2"))["attempts"] == tries[2]
    assert await get(api, "/api/deliveries/2/attempts") == {"attempts": tries[2]}
    assert await get(api, "/api/deliveries/1/attempts") == {"attempts": []}


async def test_a_query_filters(api: Serving) -> None:
    """`query` is the filter language; what it cannot read is explained."""
    await api.store.append_delivery(factories.delivery(endpoint="stripe"))
    await api.store.append_delivery(factories.delivery(endpoint="github"))

    found = (await get(api, "/api/deliveries?query=endpoint:github"))["deliveries"]
    assert [delivery["endpoint"] for delivery in found] == ["github"]
    answer = await call(api, "GET", "/api/deliveries?query=nonsense:1")
    assert answer.status == 400
    assert "nonsense" in answer.error


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=501",
        "limit=-1",
        "limit=1e2",
        "limit=%D9%A1",  # a digit, but an Arabic one
        "limit=",
        "limit=1&limit=2",
        "before=x",
        f"before={NUMBER_MAX + 1}",
        "before=" + "9" * 5000,
        "befor=1",
        "after=1",
        "ids=",
        "ids=1,",
        "ids=1,x",
        "ids=1;2",
        "ids=" + ",".join(["1"] * 501),
    ],
)
async def test_bad_parameters(api: Serving, query: str) -> None:
    """A parameter that is unknown, repeated or out of range is refused by name, never ignored."""
    answer = await call(api, "GET", f"/api/deliveries?{query}")
    assert answer.status == 400
    assert query[:3] in answer.error or "once" in answer.error or "only these" in answer.error


async def test_numbers_come_by_the_tens_of_thousands(api: Serving) -> None:
    """Up to a bound; what is not read there either is refused."""
    await api.receive(3)
    assert (await get(api, "/api/numbers?limit=50000"))["numbers"] == [3, 2, 1]
    for query in ("limit=50001", "limit=0", "ids=x", "colour=red", "query=nonsense:1"):
        assert (await call(api, "GET", f"/api/numbers?{query}")).status == 400


async def test_the_largest_numbers(api: Serving) -> None:
    """The bounds of SQLite are the bounds of the API."""
    await api.receive(1)
    assert len((await get(api, f"/api/deliveries?before={NUMBER_MAX}"))["deliveries"]) == 1
    assert (await get(api, "/api/deliveries?before=0"))["deliveries"] == []
    for number in (NUMBER_MAX, NUMBER_MAX + 1, 10**19 - 1, 10**20, 0):
        assert (await call(api, "GET", f"/api/deliveries/{number}")).status == 404
        for what in ("body", "verdicts", "findings", "secrets"):
            assert (await call(api, "GET", f"/api/deliveries/{number}/{what}")).status == 404
        assert (await call(api, "POST", f"/api/deliveries/{number}/confirm", b"{}")).status == 404


@pytest.mark.parametrize(
    "path", ["/api/deliveries/x", "/api/deliveries/-1", "/api/deliveries/1/", "/"]
)
async def test_no_such_path(api: Serving, path: str) -> None:
    """An unknown path says so in the API's own words."""
    answer = await call(api, "GET", path)
    assert (answer.status, answer.error) == (404, "the API has no such path")


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff\x1b]0;x\x07", b"<script>alert(1)</script>", b"x" * 3_000_000]
)
async def test_a_body_is_a_download(api: Serving, body: bytes) -> None:
    """A delivery's bytes and an answer's come as they are, and as nothing that a browser would run."""
    await api.store.append_delivery(factories.delivery(body=body))
    answered = factories.response(body=body[:1000], body_bytes=len(body))
    await api.store.append_attempt(factories.attempt(result=answered))

    for path, expected in (("/api/deliveries/1/body", body), ("/api/attempts/2/body", body[:1000])):
        answer = await call(api, "GET", path)
        assert answer.body == expected
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"] == "attachment"


async def test_a_failed_attempt_has_no_body(api: Serving) -> None:
    """Where the target gave no answer there is nothing to hand out."""
    await api.receive(1)
    failed = factories.attempt(result=Failure(FailureKind.REFUSED, "nobody listens"))
    await api.store.append_attempt(failed)
    assert (await call(api, "GET", "/api/attempts/2/body")).status == 404


async def test_header_bytes_survive(api: Serving) -> None:
    """Bytes that are not UTF-8 are in the JSON as escapes, so the line itself is ASCII."""
    pairs = ((b"X-Dup", b"caf\xe9"), (b"x-dup", b"\x1b[31m\x00"))
    request = factories.request(headers=Headers(pairs), target=b"/in/demo/%zz?\xff")
    await api.store.append_delivery(factories.delivery(request=request))

    answer = await call(api, "GET", "/api/deliveries/1")

    assert answer.body.isascii()
    data = json.loads(answer.body)
    assert data["headers"] == [["X-Dup", "caf\udce9"], ["x-dup", "\x1b[31m\x00"]]
    assert data["target"] == "/in/demo/%zz?\udcff"


async def test_verdicts(api: Serving) -> None:
    """Oldest first, that of the arrival too; the delivery has the newest."""
    arrived = await api.store.append_delivery(factories.delivery(handshake="answered \x1b"))
    assert await get(api, "/api/deliveries/1/verdicts") == {
        "verdicts": [
            {
                "id": 1,
                "delivery_id": 1,
                "checked_at_us": arrived.received_at_us,
                "provider": None,
                "verification": {
                    "outcome": "unknown",
                    "detail": arrived.verification.detail,
                    "covered": [],
                    "secret_index": None,
                    "signed_at_s": None,
                },
            }
        ]
    }

    [verdict] = await api.store.append_verdicts([factories.verdict()])

    verdicts = (await get(api, "/api/deliveries/1/verdicts"))["verdicts"]
    assert [each["id"] for each in verdicts] == [1, verdict.id]
    for shown in (
        await get(api, "/api/deliveries/1"),
        (await get(api, "/api/deliveries"))["deliveries"][0],
    ):
        assert shown["verification"] == verdicts[1]["verification"]
        assert (shown["provider"], shown["handshake"]) == ("jinko", "answered \x1b")


async def test_where_secrets_stand(api: Serving) -> None:
    """Only where: what stands there is the delivery's."""
    await api.receive(1)
    assert await get(api, "/api/deliveries/1/secrets") == {
        "places": ["header:X-Gitlab-Token", "path"]
    }


async def test_findings(api: Serving) -> None:
    """In the order of the pipeline, the most likely cause first."""
    await api.receive(1)
    assert await get(api, "/api/deliveries/1/findings") == {
        "findings": [
            {"cause": each.cause.value, "detail": each.detail} for each in api.pipeline.findings
        ]
    }
    api.pipeline.findings = []
    assert await get(api, "/api/deliveries/1/findings") == {"findings": []}


async def test_confirm(api: Serving) -> None:
    """A visit is ordered by a POST that carries nothing but an empty object."""
    await api.receive(1)
    answer = await call(api, "POST", "/api/deliveries/1/confirm", b"{}")
    assert json.loads(answer.body) == {"url": "https://sns.example/?confirm", "status": 200}
    for body in (b"", b"[]", b'{"url": "http://127.0.0.1/"}'):
        assert (await call(api, "POST", "/api/deliveries/1/confirm", body)).status == 400


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, (1, None, None)),
        ({"to": None, "sign": None}, (1, None, None)),
        (
            {"to": "http://127.0.0.1:3000", "sign": "broken"},
            (1, "http://127.0.0.1:3000", Sign.BROKEN),
        ),
    ],
)
async def test_replay(api: Serving, body: Any, expected: object) -> None:
    """The attempt is the answer, and is stored; what the body leaves out is left to the pipeline."""
    await api.receive(1)
    answer = await call(api, "POST", "/api/deliveries/1/replay", json.dumps(body).encode())

    assert answer.status == 200
    assert (api.pipeline.asked, api.pipeline.edits) == ([expected], [None])
    shown = await get(api, "/api/deliveries/1/attempts")
    assert shown == {"attempts": [json.loads(answer.body)]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"to"',
        b"{",
        b"\xff",
        b"[" * 60_000,
        b"1" * 5000,
        b'{"to": 1}',
        b'{"to": ["http://127.0.0.1"]}',
        b'{"to": "\\ud800"}',
        b'{"sign": "maybe"}',
        b'{"sing": "fresh"}',
    ],
)
async def test_a_bad_order(api: Serving, body: bytes) -> None:
    """A body that is no order is refused with a sentence, and nothing is sent."""
    await api.receive(1)
    answer = await call(api, "POST", "/api/deliveries/1/replay", body)
    assert answer.status == 400
    assert answer.error
    assert api.pipeline.asked == []


async def test_nothing_is_inflated(api: Serving) -> None:
    """A small body stays small, whatever coding it claims; an order must be plain."""
    await api.receive(1)
    coding = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    async with ClientSession(headers=api.authorization | coding) as session:
        for body in (gzip.compress(b"{}"), b"\x1f\x8b{}"):
            async with session.post(f"{api.url}/api/deliveries/1/replay", data=body) as response:
                assert response.status == 400
    assert api.pipeline.asked == []


async def test_a_long_body(api: Serving) -> None:
    """64 KiB are read and no more."""
    just = b"{}" + b" " * (65536 - 2)
    assert (await call(api, "POST", "/api/reclaim", just)).status == 200
    answer = await call(api, "POST", "/api/reclaim", just + b" ")
    assert (answer.status, answer.error) == (413, "the body is too long")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError("there is no delivery #9"), 404),
        (ReplayError("endpoint 'x' has no target"), 409),
        (SigningError("no secret"), 409),
        (ConfigError("no such event"), 400),
        (StorageError("disk full"), 503),
        (StoreBusyError("busy"), 503),
        (UnreachableError("refused"), 502),
        (OutsideError("sns.example does not answer"), 502),
        (HooktapError("something else"), 500),
    ],
)
async def test_errors_have_their_status(api: Serving, error: Exception, status: int) -> None:
    """What is wrong with us is told in its own sentence, under the status of its kind."""
    api.pipeline.error = error
    answer = await call(api, "POST", "/api/deliveries/1/replay", b"{}")
    assert (answer.status, answer.error) == (status, str(error))


async def test_a_fault_of_ours(api: Serving, caplog: pytest.LogCaptureFixture) -> None:
    """An exception nobody foresaw goes to the log; the caller gets a constant sentence."""
    api.pipeline.error = RuntimeError("a detail of ours")
    answer = await call(api, "POST", "/api/deliveries/1/replay", b"{}")
    assert (answer.status, answer.error) == (500, "the inspector failed; its log says why")
    assert "a detail of ours" in caplog.text


async def test_endpoints_tell_no_secret(api: Serving) -> None:
    """Of secrets only how many there are; a fixed reply is its status."""
    api.endpoints.rows = [
        Endpoint(
            "jinko",
            provider="jinko",
            secrets=(b"canary-1", b"canary-2"),
            overlays=(SecretPath(b"canary-3"), SecretQuery("token", b"canary-4")),
            target="http://127.0.0.1:3000/hooks",
            reply=ReplyMode.TARGET,
            on_invalid=OnInvalid.HOLD,
            max_rate=2.5,
        ),
        Endpoint("demo", reply=Reply(503, body=b"no")),
    ]
    answer = await call(api, "GET", "/api/endpoints")
    assert b"canary" not in answer.body
    found = json.loads(answer.body)["endpoints"]
    for each in found:  # see test_endpoints.py
        del each["paused_at_us"], each["backlog"], each["health"], each["tally"]
    assert found == [
        {
            "name": "jinko",
            "provider": "jinko",
            "url": f"{INGRESS}/in/jinko",
            "target": "http://127.0.0.1:3000/hooks",
            "secrets": 2,
            "requires": ["secret path", "query token"],
            "reply": "target",
            "on_invalid": "hold",
            "duplicates": "forward",
            "max_rate": 2.5,
            "configured": True,
        },
        {
            "name": "demo",
            "provider": None,
            "url": f"{INGRESS}/in/demo",
            "target": None,
            "secrets": 0,
            "requires": [],
            "reply": "503",
            "on_invalid": "accept",
            "duplicates": "forward",
            "max_rate": None,
            "configured": False,
        },
    ]


async def test_samples(api: Serving) -> None:
    """A sample is sent as ordered; without a provider there is none."""
    order = json.dumps({"provider": "checkfront", "format": "xml"}).encode()
    answer = await call(api, "POST", "/api/samples", order)
    assert json.loads(answer.body)["status"] == 200
    assert api.samples.asked == [("checkfront", None, "xml", None)]

    providers = (await get(api, "/api/providers"))["providers"]
    assert providers == [{"name": "jinko", "title": "Jinko", "events": ["booking.completed"]}]
    answer = await call(api, "POST", "/api/samples", b"{}")
    assert (answer.status, answer.error) == (400, "provider: say whose sample to send")
