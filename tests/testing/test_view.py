"""`Hooktap`, as a test uses it, in this process; as a fixture it is in tests/test_pytest_plugin.py."""

import asyncio
import time
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from inspector.core.export import FORMATS, Copy
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request
from inspector.core.signing import sign
from inspector.errors import ConfigError, HooktapError, NotFoundError, QueryError
from inspector.providers import load
from inspector.testing import Hooktap
from inspector.testing.bench import Bench
from tests.factories import NOW_S, delivery, headers

SECRET = "a secret of this test"


class App:
    """Answers 204, and keeps what it was sent."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Headers, bytes]] = []
        app = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                app.taken.append((self.path, headers(*self.headers.items()), body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/app"
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(lambda: tmp_path_factory.mktemp("bench"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def common_url() -> Iterator[str]:
    """Of an app that no test looks into: configured alike, they can have the same inspector."""
    made = App()
    yield made.url
    made.close()


@pytest.fixture
def app() -> Iterator[App]:
    """One that nothing of an earlier test is still on its way to."""
    made = App()
    yield made
    made.close()


@pytest.fixture
def view(bench: Bench, common_url: str) -> Hooktap:
    return fresh(bench, common_url)


def fresh(bench: Bench, forward_to: str) -> Hooktap:
    """Return what the next test would be given."""
    made = Hooktap(bench)
    made.configure("shop", provider="jinko", secret=SECRET, forward_to=forward_to)
    return made


def post(url: str, body: bytes, **fields: str) -> int:
    made = urllib.request.Request(url, body, {"Content-Type": "application/json", **fields})
    with urllib.request.urlopen(made) as answer:
        status: int = answer.status
        return status


def test_a_sample_is_verified_and_forwarded(view: Hooktap, app: App) -> None:
    """It goes to the endpoint of its provider, whatever that is called."""
    view.configure("shop", forward_to=app.url)
    sent = view.send("jinko", "booking.completed", set={"booking_ref": "JNK-TEST07"})
    received = view.wait_for("endpoint:shop status:2xx")
    view.assert_verified(received)

    assert (sent.status, sent.event) == (200, "booking.completed")
    assert (received.event, received.status, received.is_verified) == (sent.event, 204, True)
    assert received.delivery.event_id == sent.event_id
    assert received.json()["booking_ref"] == "JNK-TEST07"
    assert received.header("content-type") == "application/json"
    assert received.header("X-None") is None
    assert [(path, body) for path, _, body in app.taken] == [("/app", received.body)]
    assert repr(received) == "<#1 shop booking.completed, verified, answered 204>"


def test_deliveries_are_told_oldest_first(view: Hooktap, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, and whatever they hold."""
    monkeypatch.setattr("inspector.testing.view.PAGE", 2)
    for number in range(5):
        assert post(view.url("demo"), b'{"n":%d}' % number) == 200
    assert post(view.url("other"), b"\x00\xff\x1b[2J") == 200
    *_, other = view.deliveries()

    assert [each.json()["n"] for each in view.deliveries("endpoint:demo")] == [0, 1, 2, 3, 4]
    assert (other.endpoint, other.body, other.status) == ("other", b"\x00\xff\x1b[2J", None)
    with pytest.raises(ValueError, match="Expecting value"):
        other.json()
    assert view.deliveries("endpoint:nobody") == []
    with pytest.raises(QueryError, match="unknown key"):
        view.deliveries("endpont:demo")


def test_the_next_test_has_the_same_inspector_after_samples(bench: Bench, common_url: str) -> None:
    """It sees nothing of the first, and neither waits for nor lists what came before."""
    first = fresh(bench, common_url)
    url = first.url("shop")
    first.send("jinko")
    first.wait_for("status:204")
    second = fresh(bench, common_url)

    assert second.deliveries() == []
    assert second.url("shop") == url
    with pytest.raises(AssertionError, match=r"within 0\.05 s; nothing arrived"):
        second.wait_for(timeout=0.05)
    second.send("jinko")
    assert len(second.deliveries()) == 1
    second.wait_for("status:204")


def test_the_next_test_has_another_one_otherwise(bench: Bench, common_url: str) -> None:
    """What a test posted itself may come again: a duplicate only of its own test's."""
    body = b'{"event":"booking.completed","event_id":"evt_1"}'
    first = fresh(bench, common_url)
    known = load()["jinko"]
    url = first.url("shop")
    request = Request("POST", b"/in/shop", headers(("X-Jinko-Event-Id", "evt_1")), body)
    signed = sign(known, request, SECRET, now_s=time.time())
    fields = {name.decode(): value.decode() for name, value in signed.headers}
    assert post(url, body, **fields) == 200
    assert post(url, body, **fields) == 200
    assert len(first.deliveries("is:duplicate")) == 1
    second = fresh(bench, common_url)

    assert second.url("shop") != url
    assert post(second.url("shop"), body, **fields) == 200
    assert second.deliveries("is:duplicate") == []
    assert second.wait_for().is_verified


def test_another_one_after_a_forward_that_is_still_to_be_made(bench: Bench) -> None:
    """The retry of one test would else reach the app of the next."""
    urls = []
    for _ in range(2):
        view = Hooktap(bench)
        view.configure("jinko", forward_to=9, retry={"attempts": 2, "first_s": 600})
        view.send("jinko")
        view.wait_for("failure:refused")
        urls.append(view.url("jinko"))

    assert urls[0] != urls[1]


def test_another_configuration_is_another_inspector(bench: Bench, common_url: str) -> None:
    first = fresh(bench, common_url)
    first.send("jinko")
    second = fresh(bench, common_url)
    second.configure("shop", secret="another")
    second.send("jinko")
    second.assert_verified()

    assert second.deliveries("endpoint:shop")[0].id == 1


def test_configuring_in_the_middle_of_a_test(view: Hooktap) -> None:
    """The inspector keeps its address and what it has; a rotated secret is known from then on."""
    url = view.url("shop")
    view.send("jinko")
    view.configure("shop", secret=["new", SECRET])
    view.send("jinko", sign="old-secret")
    view.send("jinko")

    assert view.url("shop") == url
    view.assert_verified()
    assert [each.delivery.verification.secret_index for each in view.deliveries()] == [0, 1, 0]


def test_a_failed_check_is_told_with_its_reason(view: Hooktap) -> None:
    """The verdict's sentence, and what is behind it; of a query every delivery that fails."""
    view.send("jinko")
    view.send("jinko", sign="stale")
    with pytest.raises(AssertionError) as of_all:
        view.assert_verified("endpoint:shop")
    with pytest.raises(AssertionError) as of_one:
        view.assert_verified(view.deliveries()[1])
    view.assert_verified(view.deliveries()[0])

    told = str(of_all.value).splitlines()
    assert len(told) == 3
    assert " shop booking.completed, stale, " in told[0]
    assert told[1].startswith("  signature is right, but it was signed ")
    assert told[2].startswith("  because: This was signed ")
    assert str(of_one.value).splitlines()[1:] == told[1:]


def test_what_nobody_signs_is_not_verified(view: Hooktap) -> None:
    view.send("wink")

    with pytest.raises(AssertionError, match="documents no signature"):
        view.assert_verified("endpoint:wink")


def test_waiting_tells_what_came_instead(view: Hooktap) -> None:
    view.send("jinko", sign="wrong-secret")
    with pytest.raises(AssertionError) as refused:
        view.wait_for("outcome:verified event:*", timeout=0.05)

    lines = str(refused.value).splitlines()
    assert lines[0] == "no delivery matched 'outcome:verified event:*' within 0.05 s; 1 arrived:"
    assert lines[1].endswith(": fails outcome:verified")
    assert "does not reproduce" in lines[2]


def test_mistakes_are_told_in_a_sentence(view: Hooktap) -> None:
    with pytest.raises(ConfigError, match=r"no endpoint can be called '\.\./x'"):
        view.configure("../x")
    with pytest.raises(NotFoundError, match="no provider 'jinco'"):
        view.send("jinco")
    with pytest.raises(ConfigError, match="one of fresh, broken, stale"):
        view.send("jinko", sign="nicely")
    view.configure("shop", secert="x")
    with pytest.raises(HooktapError, match=r"(?s)did not start: .*unknown key 'secert'"):
        view.url("shop")


async def test_in_an_asyncio_test_it_wants_a_thread(bench: Bench, common_url: str) -> None:
    view = await asyncio.to_thread(fresh, bench, common_url)
    await asyncio.to_thread(view.url, "shop")

    with pytest.raises(HooktapError, match=r"await asyncio\.to_thread"):
        view.send("jinko")
    assert (await asyncio.to_thread(view.send, "jinko")).status == 200


# Deliveries kept in files

BODY = b'{"event": "booking.completed",  "event_id": "evt_7", "livemode": false}'
KEPT = delivery(
    endpoint="shop",
    provider="jinko",
    request=Request(
        "POST",
        b"/in/shop/eu?a=1",
        headers(
            ("Host", "hooks.example"),
            ("Connection", "close"),
            ("Content-Type", "application/json"),
            ("X-Jinko-Event-Id", "evt_7"),
            ("X-Jinko-Timestamp", "1500000000"),
            ("X-Jinko-Signature", f"sha256={'0' * 64}"),
            ("Authorization", "REDACTED"),
            ("Content-Length", str(len(BODY))),
        ),
        BODY,
    ),
    received_at_us=NOW_S * 1_000_000,
)


def kept(folder: Path, form: str) -> Path:
    path = folder / f"booking.{form}"
    path.write_bytes(FORMATS[form].write([Copy(KEPT, "http://hooks.example/in/shop/eu?a=1")], "0"))
    return path


def test_a_kept_delivery_is_signed_now(view: Hooktap, app: App, tmp_path: Path) -> None:
    """Its body, its path and its other headers are as they came, the signature is of now."""
    view.configure("shop", forward_to=app.url)
    for form in ("bundle", "raw", "curl", "har"):
        [sent] = view.send_file(kept(tmp_path, form), endpoint="shop")
        assert (sent.status, sent.event, sent.event_id) == (200, "booking.completed", "evt_7")
    view.assert_verified()

    received = view.deliveries()
    assert [each.body for each in received] == [BODY] * 4
    assert {each.header("X-Jinko-Event-Id") for each in received} == {"evt_7"}
    assert {each.header("Connection") for each in received} == {None}
    for each in received:
        view.wait_for(f"id:{each.id} status:204")
    assert [path for path, _, _ in app.taken] == ["/app/eu?a=1"] * 4


def test_the_same_file_in_two_tests(bench: Bench, common_url: str, tmp_path: Path) -> None:
    """The second knows nothing of the first; within one, the event comes twice."""
    path = kept(tmp_path, "bundle")
    for _ in range(2):
        view = fresh(bench, common_url)
        view.send_file(path)
        assert view.deliveries("is:duplicate") == []
        view.send_file(path)
        assert len(view.deliveries("is:duplicate")) == 1


def test_a_kept_delivery_past_the_inspector(view: Hooktap, app: App, tmp_path: Path) -> None:
    """Straight to the app, signed with the secret of its endpoint all the same."""
    [sent] = view.send_file(kept(tmp_path, "bundle"), to=app.url)

    assert (sent.status, view.deliveries()) == (204, [])
    [(path, found, body)] = app.taken
    assert (path, body) == ("/app/eu?a=1", BODY)
    at_s = int(found.get(b"X-Jinko-Timestamp") or 0)
    signed = sign(load()["jinko"], Request("POST", b"/", found, body), SECRET, now_s=at_s)
    assert signed.headers.get(b"X-Jinko-Signature") == found.get(b"X-Jinko-Signature")


def test_a_kept_delivery_signed_badly(view: Hooktap, tmp_path: Path) -> None:
    view.send_file(kept(tmp_path, "raw"), endpoint="shop", sign="broken")

    assert view.wait_for().delivery.verification.outcome is Outcome.MISMATCH


def test_a_kept_delivery_of_an_endpoint_that_is_not_configured(
    view: Hooktap, tmp_path: Path
) -> None:
    """Recognised by its headers, and signed with the inspector's own secret, as a sample is."""
    view.send_file(kept(tmp_path, "bundle"), endpoint="elsewhere")
    plain = tmp_path / "plain.http"
    plain.write_bytes(b"POST /hooks?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\x00\xff")
    view.send_file(plain)

    known, unknown = view.deliveries()
    view.assert_verified(known)
    assert known.endpoint == "elsewhere"
    assert (unknown.endpoint, unknown.body) == ("imported", b"\x00\xff")
    assert unknown.delivery.request.target == b"/in/imported?x=1"
    assert unknown.delivery.verification.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("content", [b"", b"\x00", b'{"type":"hooktap-bundle"', b"[]"])
def test_a_file_that_holds_no_delivery(view: Hooktap, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "kept"
    path.write_bytes(content)

    with pytest.raises(ConfigError, match="kept"):
        view.send_file(path)
    with pytest.raises(ConfigError, match="No such file"):
        view.send_file(tmp_path / "none")
    assert view.deliveries() == []


def test_a_required_login_and_path(bench: Bench, app: App, tmp_path: Path) -> None:
    """What an endpoint asks for besides a signature is added where the file has it REDACTED."""
    view = fresh(bench, app.url)
    (tmp_path / "path").write_text("hard-to-guess")
    (tmp_path / "password").write_text("pass")
    view.configure(
        "shop",
        require={
            "path": {"file": str(tmp_path / "path")},
            "basic": {"user": "u", "password": {"file": str(tmp_path / "password")}},
        },
    )
    lines = kept(tmp_path, "bundle").read_bytes().replace(b"/in/shop/eu", b"/in/shop/REDACTED/eu")
    (tmp_path / "redacted").write_bytes(lines)
    view.send_file(tmp_path / "redacted")
    view.assert_verified("status:204")

    assert app.taken[-1][0] == "/app/eu?a=1"
