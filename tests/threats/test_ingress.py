"""T5-T7, T28, T29: what comes in by the public door reaches the app and nothing else, and says nothing in our name."""

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from inspector.core.model import Attempt, Delivery, Failure, FailureKind, Response
from inspector.errors import HooktapError
from tests import fakes, process
from tests.wire import Wire, status, stored_as, talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "ghs_ingress"
UID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
CONFIG = """
[inspector]
forward_to = "{url}/app"

[endpoint.github]
provider = "github"
secret = {{ env = "THE_SECRET" }}
forward_to = "{url}/app"

[endpoint.direct]
forward_to = "{redirecting}/app"
reply = "target"

[endpoint.walled]
forward_to = "{url}/app"
[endpoint.walled.require]
source = "203.0.113.7"
"""


@dataclass(frozen=True)
class Rig:
    """An inspector, the app behind it, one that redirects, and the one it would redirect to."""

    running: process.Running
    app: fakes.Target
    redirecting: fakes.Target
    elsewhere: fakes.Target

    @property
    def api_port(self) -> str:
        return str(urlsplit(self.running.api).port)

    async def forwarded(self, wire: Wire) -> tuple[int, fakes.Taken]:
        """Send a delivery; return its number and what the app got."""
        number = stored_as(await talk(self.running.ingress, wire.raw))
        line = await self.running.line()
        while line.get("delivery_id") != number:
            line = await self.running.line()
        assert line["status"] == 200, line
        return number, self.app.requests[-1]

    async def delivery(self, number: int) -> Delivery:
        async with self.running.client() as client:
            return (await client.delivery(number))[0]

    async def count(self) -> int:
        async with self.running.client() as client:
            return len(await client.deliveries(limit=500))

    async def replayed(self, to: str) -> Attempt:
        async with self.running.client() as client:
            return await client.replay(1, to=to)


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="rig")
async def make_rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with fakes.serve(fakes.answering()) as app, fakes.serve(fakes.answering()) as elsewhere:
        moved = fakes.answer(302, ("Location", f"{elsewhere.url}/latest/meta-data"))
        async with fakes.serve(fakes.answering(moved)) as redirecting:
            config = CONFIG.format(url=app.url, redirecting=redirecting.url)
            folder = tmp_path_factory.mktemp("ingress")
            environ = {"THE_SECRET": SECRET}
            async with process.inspector(folder, config=config, environ=environ) as running:
                rig = Rig(running, app, redirecting, elsewhere)
                assert (await rig.forwarded(Wire()))[0] == 1
                yield rig


CONTROL = (
    *("/api/health", "/api/deliveries", "/api/deliveries/1/replay", "/api/feed", "//api/health"),
    *("/", "*", "/in", "/in/", "/in/../api/health", "/in/./api/health", "/IN/x", "/in%2fdemo"),
    *("/%69n/demo", "/in/%2e%2e/api/health", "/in//api/health", "/./in/demo", "/x/../in/demo"),
    *("http://127.0.0.1:API/api/health", "http://127.0.0.1:API/api/deliveries/1/replay"),
    *("HTTP://127.0.0.1:API//api/health", "http://user@127.0.0.1:API/api/deliveries"),
)
BELOW_IN = (
    *("/in/demo/../../api/deliveries/1/replay", "/in/demo/%2e%2e/%2E%2E/api/health"),
    *("/in/demo/..%2f..%2fapi/health", "/in/demo/..;/..;/api/health", "/in/demo//api/health"),
    *("/in/demo/..\\..\\api\\health", "/in/demo?/../../api/health", "/in/demo#/../../api/health"),
    *("http://127.0.0.1:API/in/demo/../../api/health", "http://169.254.169.254/in/demo/latest"),
)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("target", CONTROL)
async def test_the_public_door_serves_nothing_of_the_private_one(
    rig: Rig, target: str, method: str
) -> None:
    """Not even to one who has the token (T5)."""
    before = await rig.count()
    token = rig.running.data_dir.read_api_token().encode()
    wire = Wire(
        method.encode(),
        target.replace("API", rig.api_port).encode(),
        ((b"Authorization", b"Bearer " + token), (b"Content-Type", b"application/json")),
        b"{}",
    )
    assert status(await talk(rig.running.ingress, wire.raw)) in {400, 404}
    assert await rig.count() == before


@pytest.mark.parametrize("target", BELOW_IN)
async def test_what_is_below_in_is_the_apps(rig: Rig, target: str) -> None:
    """Whatever its path says it is kept and handed to the configured app, to no other address and door (T5, T6)."""
    written = target.replace("API", rig.api_port).encode()
    number, taken = await rig.forwarded(Wire(target=written))

    assert taken.line.startswith(b"POST /app")
    assert taken.header(b"Host") == [urlsplit(rig.app.url).netloc.encode()]
    assert (await rig.delivery(number)).request.target == written
    assert rig.elsewhere.connections == 0


async def test_an_upgrade_stays_a_delivery(rig: Rig) -> None:
    """A WebSocket or HTTP/2 asked for at the public door is not spoken, and not passed on (T7, T28)."""
    for protocol in (b"websocket", b"h2c", b"TLS/1.0"):
        upgrade = (
            (b"Connection", b"Upgrade, HTTP2-Settings"),
            (b"Upgrade", protocol),
            (b"HTTP2-Settings", b"AAMAAABkAARAAAAAAAIAAAAA"),
            (b"Sec-WebSocket-Version", b"13"),
            (b"Sec-WebSocket-Key", b"MDEyMzQ1Njc4OWFiY2RlZg=="),
        )
        _, taken = await rig.forwarded(
            Wire(b"POST", b"/in/demo", upgrade, b"GET / HTTP/1.1\r\n\r\n")
        )
        assert taken.header(b"Upgrade") == []
        assert taken.header(b"Connection") == []
        assert taken.header(b"HTTP2-Settings") == []
        assert taken.body == b"GET / HTTP/1.1\r\n\r\n"


OWN_HOSTS = (
    *("127.0.0.1", "localhost", "LOCALHOST", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]", "127.1"),
    *("2130706433", "017700000001", "0x7f000001", "0.0.0.0", "[::]", "0"),
)


@pytest.mark.parametrize("host", OWN_HOSTS)
async def test_our_own_doors_are_no_targets(rig: Rig, host: str) -> None:
    """Neither the API, which would take a delivery for a call, nor the ingress, which would go in circles (T5)."""
    before = await rig.count()
    for url in (rig.running.api, rig.running.ingress):
        result = (await rig.replayed(f"http://{host}:{urlsplit(url).port}/in/demo")).result
        assert isinstance(result, Failure)
        assert result.kind is FailureKind.FORBIDDEN, result
    assert await rig.count() == before


METADATA = (
    *("169.254.169.254", "169.254.170.2", "[fd00:ec2::254]", "[fe80::1]", "100.100.100.200"),
    *("10.0.0.1", "172.16.0.1", "192.168.0.1", "192.0.0.192", "198.18.0.1", "[::ffff:a9fe:a9fe]"),
    *("2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "[64:ff9b::a9fe:a9fe]"),
    *("255.255.255.255", "224.0.0.1", "8.8.8.8", "[2002:a9fe:a9fe::]"),
)


@pytest.mark.parametrize("host", METADATA)
async def test_no_delivery_leaves_this_machine_unasked(rig: Rig, host: str) -> None:
    """Link-local, metadata and private addresses, however they are written: nobody is connected to (T6)."""
    result = (await rig.replayed(f"http://{host}/latest/meta-data")).result
    assert isinstance(result, Failure)
    assert result.kind is FailureKind.FORBIDDEN, result
    assert "--allow-remote-target" in result.detail


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1@169.254.169.254/",
        "http://169.254.169.254#@127.0.0.1/",
        "http://127.0.0.1:80:90/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "http://127.0.0.1\\@169.254.169.254/",
        "http://127.0.0.1/\r\nX-Injected: 1",
        "http://127.0.0.1/ HTTP/1.1",
        "//169.254.169.254/",
        "http:///",
    ],
)
async def test_what_could_be_read_as_two_addresses_is_none(rig: Rig, url: str) -> None:
    """A target with a user's name, a fragment, a line break or another scheme is refused in words (T6)."""
    with pytest.raises(HooktapError, match="target"):
        await rig.replayed(url)


async def test_a_redirect_is_an_answer(rig: Rig) -> None:
    """It is kept, given back to the sender, and not followed (T6)."""
    answer = await talk(rig.running.ingress, Wire(target=b"/in/direct").raw)
    result = (await rig.replayed(rig.redirecting.url)).result

    assert status(answer) == 302
    assert isinstance(result, Response)
    assert result.status == 302
    assert rig.elsewhere.connections == 0


POST = b"POST /in/demo HTTP/1.1\r\nHost: h\r\n"
INNER = b"POST /in/smuggled HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"
SMUGGLED: Mapping[str, bytes] = {
    "CL.TE": POST
    + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % (5 + len(INNER))
    + INNER,
    "TE.CL": POST
    + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n%x\r\n" % len(INNER)
    + INNER
    + b"\r\n0\r\n\r\n",
    "TE.TE": POST
    + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"
    + INNER,
    "TE with a tab": POST + b"Transfer-Encoding:\tchunked, identity\r\n\r\n0\r\n\r\n" + INNER,
    "TE that looks like it": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + INNER,
    "TE before its colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + INNER,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER,
    "a signed length": POST + b"Content-Length: +0\r\n\r\n" + INNER,
    "a bare CR": POST + b"X-A: a\rContent-Length: %d\r\n\r\n" % len(INNER) + INNER,
    "bare LFs": b"POST /in/demo HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n0\n\n" + INNER,
    "a chunk extension": POST
    + b"Transfer-Encoding: chunked\r\n\r\n1;a\n0\r\nx\r\n0\r\n\r\n"
    + INNER,
    "HTTP/1.0 with chunks": b"POST /in/demo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    + INNER,
}


@pytest.mark.parametrize("name", SMUGGLED)
async def test_the_app_gets_no_request_that_was_not_taken_for_one(rig: Rig, name: str) -> None:
    """Of two readings of one request there is none: refused, and what follows with it (T7).

    Many more such requests are tried elsewhere (tests/test_bad_input.py); here an app is behind the door.
    """
    before = await rig.count()
    answer = await talk(rig.running.ingress, SMUGGLED[name])
    assert status(answer) == 400
    assert await rig.count() == before
    await rig.forwarded(Wire())
    assert not [taken for taken in rig.app.requests if b"smuggled" in taken.line]


async def test_no_sender_takes_headers_away(rig: Rig) -> None:
    """`Connection: X-Hub-Signature-256` makes no unsigned delivery of a signed one (T28)."""
    body = b'{"zen":"Keep it logically awesome."}'
    signature = b"sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest().encode()
    nominated = (
        b"X-Hub-Signature-256, Content-Length, Host, Hooktap-Delivery-Id, Hooktap-Hops, X-Own, "
        b"X-GitHub-Event"
    )
    sent = Wire(
        b"POST",
        b"/in/github",
        (
            (b"Connection", nominated),
            (b"X-Hub-Signature-256", signature),
            (b"X-GitHub-Event", b"ping"),
            (b"X-Own", b"ends here"),
            (b"Proxy-Authorization", b"Basic dTpw"),
            (b"Proxy-Connection", b"keep-alive"),
            (b"Keep-Alive", b"timeout=5"),
            (b"TE", b"trailers"),
            (b"Upgrade", b"h2c"),
        ),
        body,
    )
    number, taken = await rig.forwarded(sent)
    kept = await rig.delivery(number)

    assert taken.header(b"X-Hub-Signature-256") == [signature]
    assert taken.header(b"X-GitHub-Event") == [b"ping"]
    assert taken.header(b"Content-Length") == [b"%d" % len(body)]
    assert taken.header(b"Host") == [urlsplit(rig.app.url).netloc.encode()]
    assert len(taken.header(b"Hooktap-Delivery-Id")) == 1
    assert len(taken.header(b"Hooktap-Hops")) == 1
    for name in (
        "Connection",
        "X-Own",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Keep-Alive",
        "TE",
        "Upgrade",
    ):
        assert taken.header(name.encode()) == [], name
    assert taken.body == body
    assert kept.verification.outcome == "verified"
    assert list(kept.request.headers.pairs) == sent.pairs


async def test_nobody_speaks_in_our_name(rig: Rig) -> None:
    """An inbound copy of our own header goes no further, however it is written; what is stored has it (T29)."""
    forged = b"0197300a-5c00-7000-8000-000000000001"
    names = (b"Hooktap-Delivery-Id", b"hooktap-delivery-id", b"HOOKTAP-DELIVERY-ID")
    number, taken = await rig.forwarded(Wire(headers=tuple((name, forged) for name in names)))
    kept = await rig.delivery(number)

    (written,) = taken.header(b"Hooktap-Delivery-Id")
    assert UID.fullmatch(written)
    assert written.decode() == kept.uid != forged.decode()
    assert kept.request.headers.get_all(names[0]) == [forged] * 3


async def test_nobody_stops_a_forward_by_its_hops(rig: Rig) -> None:
    """However many inspectors a sender says it has passed, and however it says so (T5, T29)."""
    forged = [b"%016x" % number for number in range(400)]
    values = (b", ".join(forged), forged[0], b"*", b"\xff" * 100, b"")
    number, taken = await rig.forwarded(
        Wire(headers=tuple((b"hooktap-HOPS", value) for value in values))
    )
    kept = await rig.delivery(number)

    (written,) = taken.header(b"Hooktap-Hops")
    assert len(written) <= 16 * 18
    assert written.split(b", ")[-1] not in forged
    assert kept.request.headers.get_all(b"Hooktap-Hops") == list(values)


@pytest.mark.parametrize(
    "name", [b"X-Forwarded-For", b"X-Real-IP", b"Forwarded", b"True-Client-IP", b"CF-Connecting-IP"]
)
async def test_nobody_comes_from_elsewhere(rig: Rig, name: bytes) -> None:
    """The peer is whoever connected; what its headers say of it opens no door that only an address opens (T29)."""
    value = b"for=203.0.113.7" if name == b"Forwarded" else b"203.0.113.7"
    number, taken = await rig.forwarded(Wire(target=b"/in/walled", headers=((name, value),)))
    kept = await rig.delivery(number)

    assert kept.request.peer.startswith("127.0.0.1:")
    assert kept.verification.outcome == "mismatch"
    assert taken.header(name) == [value]  # the app's business, and its sender's word
