"""Contacting other machines, against a server on loopback that a certificate calls something else."""

import asyncio
import socket
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from inspector import outside
from inspector.errors import NothingThereError, OutsideError
from tests.authority import server_tls
from tests.fakes import (
    Script,
    Target,
    answer,
    answering,
    endless,
    refusing,
    resetting,
    serve,
    silent,
)

HOST = "api.example.test"
SERVER, CLIENT = server_tls(HOST)


class To(AbstractResolver):
    """Sends every name to one port of loopback."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=self._port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None:
        pass


async def got(
    script: Script, path: str = "/", host: str = HOST, **asked: Any
) -> tuple[bytes, Target]:
    async with serve(script, tls=SERVER) as target:
        found = await outside.get(
            f"https://{host}{path}", tls=CLIENT, resolver=To(target.port), **asked
        )
    return found, target


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def test_what_is_there_comes_back() -> None:
    """The body of a 200, byte for byte."""
    found, target = await got(answering(answer(body=b"\x00\xffPEM")))

    assert found == b"\x00\xffPEM"
    assert target.requests[0].line == b"GET / HTTP/1.1"


async def test_url_is_asked_as_written() -> None:
    """A signed URL with its escapes stays as it is: another spelling is another URL."""
    path = "/?Action=Confirm&Token=a%2fb%2F&x=%C3%A9+%20%7e"

    _, target = await got(answering(), path)

    assert target.requests[0].line == b"GET " + path.encode() + b" HTTP/1.1"


async def test_nothing_of_this_machine_is_told(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cookie, no credentials, not even those of ~/.netrc; nor is the answer to be compressed."""
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))

    _, target = await got(answering(answer(200, ("Set-Cookie", "a=b"))))

    names = {name.lower() for name, _ in target.requests[0].pairs}
    assert names == {b"host", b"accept", b"accept-encoding", b"connection", b"user-agent"}
    assert target.requests[0].header(b"Accept-Encoding") == [b"identity"]


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 308, 403, 404, 410])
async def test_another_answer_is_nothing(status: int) -> None:
    """A redirect is not followed: it counts as any other answer that is not what was asked for."""
    async with serve(answering(), tls=SERVER) as elsewhere:
        moved = ("Location", f"https://{HOST}:{elsewhere.port}/")
        with pytest.raises(NothingThereError, match=f"{HOST} answered {status}"):
            await got(answering(answer(status, moved, body=b"")))

        assert elsewhere.connections == 0


@pytest.mark.parametrize("status", [500, 503])
async def test_trouble_of_theirs_is_no_answer(status: int) -> None:
    """The host may have it all the same."""
    with pytest.raises(OutsideError, match=f"{HOST} answered {status}") as raised:
        await got(answering(answer(status)))

    assert not isinstance(raised.value, NothingThereError)


@pytest.mark.parametrize("size", [99, 100])
async def test_cap_is_enough(size: int) -> None:
    """As much as is allowed comes whole."""
    found, _ = await got(answering(answer(body=b"x" * size)), cap_bytes=100)

    assert len(found) == size


async def test_more_than_the_cap_is_refused() -> None:
    """An endless answer is not read to its end."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
    with pytest.raises(OutsideError, match="more than 1000 bytes"):
        await got(endless(head, b"x" * 512), cap_bytes=1000)


async def test_compressed_answer_is_not_inflated() -> None:
    """The cap counts what was sent, and what was sent is what comes back."""
    found, _ = await got(
        answering(answer(200, ("Content-Encoding", "gzip"), body=b"\x1f\x8bnot gzip"))
    )

    assert found == b"\x1f\x8bnot gzip"


async def test_silence_ends() -> None:
    """Nobody waits for longer than was said."""
    with pytest.raises(OutsideError, match=rf"{HOST} did not answer within 0\.05 s"):
        await got(silent, timeout_s=0.05)


async def test_reset_connection_is_an_error_of_ours() -> None:
    """As is all else that may go wrong on the way."""
    with pytest.raises(OutsideError, match=f"{HOST} could not be reached"):
        await got(resetting())


async def test_nobody_there_is_an_error_of_ours() -> None:
    """An offline laptop ends here, or where the name does not resolve."""
    with refusing() as target, pytest.raises(OutsideError, match=f"{HOST} could not be reached"):
        await outside.get(f"https://{HOST}/", tls=CLIENT, resolver=To(target.port))


async def test_name_that_does_not_resolve_is_an_error_of_ours() -> None:
    """The sentence names it."""

    class Nowhere(To):
        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            raise OSError(None, "no such name")

    with pytest.raises(OutsideError, match=f"{HOST} could not be reached"):
        await outside.get(f"https://{HOST}/", resolver=Nowhere(0))


async def test_certificate_of_another_is_refused() -> None:
    """Whoever answers has to be who was asked for."""
    with pytest.raises(OutsideError, match=r"other\.example\.test could not be reached"):
        await got(answering(), host="other.example.test")


async def test_unknown_authority_is_refused() -> None:
    """The system's own authorities decide, where nobody names others."""
    async with serve(answering(), tls=SERVER) as target:
        with pytest.raises(OutsideError, match=f"{HOST} could not be reached"):
            await outside.get(f"https://{HOST}/", resolver=To(target.port))

        assert target.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "/path",
        "https://",
        "https:///path",
        "https://[::1",
        "https://a:99999999/",
        f"http://{HOST}/",
        f"ftp://{HOST}/",
        f"file:///{HOST}",
        f"https://user@{HOST}/",
        f"https://user:password@{HOST}/",
        f"https://:password@{HOST}/",
        "http://127.0.0.1/",
    ],
)
async def test_other_urls_are_not_asked(url: str) -> None:
    """Only https, and only a host."""
    resolver = To(1)
    with pytest.raises(OutsideError, match=r"^not asked: "):
        await outside.get(url, resolver=resolver)

    assert resolver.asked == []


@pytest.mark.parametrize(
    "host", ["\x00", "\x1b[2J.test", "a b", "a" * 70_000, "\u202e.test", "\ud800"]
)
async def test_odd_host_is_refused_in_words(host: str) -> None:
    """Of which none could steer a terminal."""
    with refusing() as target, pytest.raises(OutsideError) as raised:
        await outside.get(f"https://{host}/", resolver=To(target.port))

    assert str(raised.value).isprintable()


async def test_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no other way out, this is it: it is asked to connect to the host, not for the URL."""
    async with serve(answering(answer(502))) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(OutsideError, match="could not be reached"):
            await outside.get(f"https://{HOST}/secret")

    assert proxy.requests[0].line == b"CONNECT " + HOST.encode() + b":443 HTTP/1.1"


async def test_no_proxy_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for every other program."""
    with refusing() as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "example.test")

        found, _ = await got(answering())

    assert found == b"ok"


async def test_cancelling_leaves_nothing_behind() -> None:
    """The connection is closed with the caller."""
    async with serve(silent, tls=SERVER) as target:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await outside.get(f"https://{HOST}/", tls=CLIENT, resolver=To(target.port))


# Whatever is asked


async def test_what_is_asked_goes_out_as_it_is() -> None:
    """Method, headers and body; an answer of whatever status comes back."""
    async with serve(answering(answer(409, body=b"no")), tls=SERVER) as target:
        found = await outside.ask(
            "PATCH",
            f"https://{HOST}/x",
            headers={"If-Match": "3"},
            body=b"\x00{}",
            tls=CLIENT,
            resolver=To(target.port),
        )

    assert found == outside.Answer(HOST, 409, b"no")
    assert target.requests[0].line == b"PATCH /x HTTP/1.1"
    assert target.requests[0].header(b"If-Match") == [b"3"]
    assert target.requests[0].body == b"\x00{}"


async def test_long_refusal_is_cut() -> None:
    """What it says first is enough, and that it is a refusal counts."""
    head = b"HTTP/1.1 400 Bad Request\r\n\r\n"
    async with serve(endless(head, b"x" * 512), tls=SERVER) as target:
        found = await outside.ask(
            "GET", f"https://{HOST}/", cap_bytes=1000, tls=CLIENT, resolver=To(target.port)
        )

    assert (found.status, found.body) == (400, b"x" * 1000)


async def test_http_is_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """If it is allowed at all; no proxy is asked."""
    with refusing() as proxy:
        for scheme in ("http", "https", "all"):
            monkeypatch.setenv(f"{scheme}_proxy", proxy.url)
        async with serve(answering()) as target:
            found = await outside.ask("GET", target.url, is_http_allowed=True)
            with pytest.raises(OutsideError, match=r"^not asked: "):
                await outside.ask("GET", target.url)
    resolver = To(1)
    for host in (HOST, "localhost.example.test", "127.0.0.1.example.test", "10.0.0.1"):
        with pytest.raises(OutsideError, match=r"^not asked: "):
            await outside.ask("GET", f"http://{host}/", is_http_allowed=True, resolver=resolver)

    assert found.body == b"ok"
    assert resolver.asked == []
