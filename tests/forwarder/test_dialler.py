"""Where a delivery may go: judged by the address that is connected to, not by the name."""

import asyncio
import errno
import ipaddress
import resource
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from inspector.core.forwarding import Origin
from inspector.core.model import Attempt, Failure, FailureKind, Response, Trigger
from inspector.forwarder import Forwarder, dialler
from tests import factories, fakes


async def send(url: str, *own_ports: int, allow_remote: bool = False) -> Attempt:
    async with Forwarder(
        own_ports=own_ports, allow_remote=allow_remote, connect_timeout_s=0.3
    ) as sender:
        return await sender.send(factories.delivery(), url, Trigger.FORWARD)


def failure(attempt: Attempt) -> Failure:
    assert isinstance(attempt.result, Failure), attempt.result
    return attempt.result


def resolve_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names resolve to these addresses, one list for each question. Returns the names asked for."""
    left = list(answers)
    asked: list[str] = []

    async def resolve(origin: Origin) -> list[dialler.Address]:
        asked.append(origin.host)
        return [ipaddress.ip_address(address) for address in left.pop(0)]

    monkeypatch.setattr(dialler, "_resolve", resolve)
    return asked


def own_address() -> str:
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no address besides loopback")
        return str(probe.getsockname()[0])


needs_ipv6 = pytest.mark.skipif(
    not Path("/proc/net/if_inet6").exists(), reason="this machine has no IPv6"
)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "017700000001", "localhost"])
async def test_every_way_to_write_loopback_is_this_machine(host: str) -> None:
    async with fakes.serve(fakes.answering()) as target:
        attempt = await send(f"http://{host}:{target.port}")

    assert attempt.succeeded
    assert target.requests[0].header(b"Host") == [f"{host}:{target.port}".encode()]


@needs_ipv6
@pytest.mark.parametrize("host", ["::1", "::ffff:127.0.0.1"])
async def test_loopback_of_ipv6_is_this_machine(host: str) -> None:
    async with fakes.serve(fakes.answering(), host="::1" if host == "::1" else "127.0.0.1") as one:
        assert (await send(f"http://[{host}]:{one.port}")).succeeded


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "93.184.216.34",
        "3232235777",
        "[fe80::1]",
        "[::ffff:10.0.0.1]",
        "[2001:db8::1]",
    ],
)
async def test_other_machines_need_to_be_allowed(host: str) -> None:
    attempt = await send(f"http://{host}:9")

    assert failure(attempt).kind is FailureKind.FORBIDDEN
    assert "--allow-remote-target" in failure(attempt).detail


@pytest.mark.parametrize("allow_remote", [False, True])
@pytest.mark.parametrize("host", ["0.0.0.0", "0", "[::]", "[::ffff:0.0.0.0]"])
async def test_the_unspecified_address_is_none(host: str, *, allow_remote: bool) -> None:
    """Linux would connect it to loopback, past a check for our own ports."""
    attempt = await send(f"http://{host}:9", allow_remote=allow_remote)

    assert failure(attempt).kind is FailureKind.FORBIDDEN


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "127.1"])
async def test_our_own_listeners_are_refused(host: str) -> None:
    async with fakes.serve(fakes.answering()) as ours:
        attempt = await send(f"http://{host}:{ours.port}", ours.port, allow_remote=True)

    assert failure(attempt).kind is FailureKind.FORBIDDEN
    assert "in circles" in failure(attempt).detail
    assert ours.connections == 0


async def test_our_own_listeners_are_refused_under_every_address() -> None:
    host = own_address()
    async with fakes.serve(fakes.answering(), host=host) as ours:
        attempt = await send(ours.url, ours.port, allow_remote=True)
        elsewhere = await send(ours.url, ours.port + 1, allow_remote=True)
        local_only = await send(ours.url)

    assert "in circles" in failure(attempt).detail
    assert elsewhere.succeeded
    assert "--allow-remote-target" in failure(local_only).detail
    assert ours.connections == 1


async def test_one_foreign_address_among_many_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve_to(monkeypatch, ["127.0.0.1", "169.254.169.254"])

    attempt = await send("http://app.test:9")

    assert failure(attempt) == Failure(
        FailureKind.FORBIDDEN,
        "app.test (169.254.169.254) is not on this machine "
        "(--allow-remote-target lets deliveries go there)",
    )


async def test_a_name_is_resolved_once_for_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second answer, made to lead elsewhere after the check, is never asked for (DNS rebinding)."""
    asked = resolve_to(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    async with fakes.serve(fakes.answering()) as target, Forwarder(own_ports=()) as sender:
        for _ in range(3):
            url = f"http://app.test:{target.port}"
            attempt = await sender.send(factories.delivery(), url, Trigger.FORWARD)
            assert attempt.succeeded

    assert asked == ["app.test"]
    assert target.connections == 1


@needs_ipv6
@pytest.mark.parametrize("order", [["::1", "127.0.0.1"], ["127.0.0.1", "::1"]])
@pytest.mark.parametrize("host", ["::1", "127.0.0.1"])
async def test_localhost_is_tried_under_both_addresses(
    monkeypatch: pytest.MonkeyPatch, host: str, order: list[str]
) -> None:
    resolve_to(monkeypatch, order)
    async with fakes.serve(fakes.answering(), host=host) as target:
        attempt = await send(f"http://localhost:{target.port}")

    assert attempt.succeeded


@pytest.mark.parametrize("order", [["::1", "127.0.0.1"], ["127.0.0.1", "::1"]])
async def test_nobody_at_any_address(monkeypatch: pytest.MonkeyPatch, order: list[str]) -> None:
    resolve_to(monkeypatch, order)
    with fakes.refusing() as target:
        attempt = await send(f"http://localhost:{target.port}")

    assert failure(attempt).kind is FailureKind.REFUSED
    assert f"nobody listens at localhost:{target.port}" in failure(attempt).detail


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".test"])
async def test_what_cannot_be_a_name(host: str) -> None:
    assert failure(await send(f"http://{host}:9")).kind is FailureKind.UNREACHABLE


async def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(_: Origin) -> list[dialler.Address]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(dialler, "_resolve", resolve)

    assert failure(await send("http://app.test:9")) == Failure(
        FailureKind.UNREACHABLE,
        "the name 'app.test' does not resolve (Name or service not known)",
    )


@contextmanager
def no_files() -> Iterator[None]:
    """This process may open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_too_many_open_files() -> None:
    """At our own port the address is tried for being ours, which takes a socket too."""
    async with Forwarder(own_ports=[9], allow_remote=True) as sender:
        with no_files():
            attempt = await sender.send(factories.delivery(), "http://192.0.2.1:9", Trigger.FORWARD)

    assert failure(attempt) == Failure(
        FailureKind.UNREACHABLE, "192.0.2.1:9 cannot be reached (Too many open files)"
    )


async def test_an_address_that_cannot_be_tried_is_not_ours() -> None:
    """What is said of it is what is said of it at any port."""
    async with Forwarder(own_ports=[9]) as sender:
        with no_files():
            attempt = await sender.send(factories.delivery(), "http://192.0.2.1:9", Trigger.FORWARD)

    assert failure(attempt).kind is FailureKind.FORBIDDEN
    assert "192.0.2.1 is not on this machine" in failure(attempt).detail


async def test_a_resolver_without_files(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(_: Origin) -> list[dialler.Address]:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(dialler, "_resolve", resolve)

    assert failure(await send("http://app.test:9")) == Failure(
        FailureKind.UNREACHABLE, "app.test:9 cannot be reached (Too many open files)"
    )


@pytest.mark.parametrize("host", ["localhost", "LocalHost.", "shop.localhost", "a.b.localhost."])
async def test_localhost_is_never_looked_up(host: str) -> None:
    """Names that hang may have filled every thread of the resolver."""
    loop, hanging = asyncio.get_running_loop(), threading.Event()
    threads = [loop.run_in_executor(None, hanging.wait) for _ in range(64)]
    try:
        async with fakes.serve(fakes.answering()) as target:
            attempt = await send(f"http://{host}:{target.port}")
    finally:
        hanging.set()
        await asyncio.gather(*threads)

    assert attempt.succeeded, attempt.result


@pytest.mark.parametrize("host", ["localhost.test", "notlocalhost", "localhost.."])
async def test_what_is_not_localhost_is_looked_up(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def resolve(name: object, *_: object, **__: object) -> list[object]:
        asked.append(name)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)

    assert failure(await send(f"http://{host}:9")).kind is FailureKind.UNREACHABLE


async def test_a_resolver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(_: Origin) -> list[dialler.Address]:
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(dialler, "_resolve", resolve)

    assert failure(await send("http://app.test:9")) == Failure(
        FailureKind.CONNECT_TIMEOUT, "no connection to app.test:9 within 0.3 s"
    )


async def test_no_route() -> None:
    """Broadcasting is nothing TCP can do, so this fails at once and everywhere."""
    attempt = await send("http://255.255.255.255:9", allow_remote=True)

    assert failure(attempt).kind is FailureKind.UNREACHABLE
    assert "255.255.255.255:9 cannot be reached (" in failure(attempt).detail


@contextmanager
def full() -> Iterator[fakes.Target]:
    """A listener that takes no further connection."""
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield fakes.Target(port=listener.getsockname()[1])


async def test_a_target_too_busy_to_accept() -> None:
    with full() as target:
        attempt = await send(target.url)

    assert failure(attempt) == Failure(
        FailureKind.CONNECT_TIMEOUT, f"no connection to 127.0.0.1:{target.port} within 0.3 s"
    )


@pytest.fixture(scope="session")
def home_made(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server's TLS with a certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "nobody.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "home-made.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize("body_bytes", [2, 2**22])
async def test_tls_on_loopback_takes_any_certificate(
    home_made: ssl.SSLContext, body_bytes: int
) -> None:
    async with (
        fakes.serve(fakes.answering(), tls=home_made) as target,
        Forwarder(own_ports=()) as sender,
    ):
        for _ in range(2):
            delivery = factories.delivery(body=b"x" * body_bytes)
            attempt = await sender.send(delivery, target.url, Trigger.FORWARD)
            assert isinstance(attempt.result, Response)

    assert target.connections == 1
    assert len(target.requests[1].body) == body_bytes


async def test_tls_elsewhere_must_be_trusted(home_made: ssl.SSLContext) -> None:
    async with fakes.serve(fakes.answering(), host=own_address(), tls=home_made) as target:
        attempt = await send(target.url, allow_remote=True)

    assert failure(attempt).kind is FailureKind.FORBIDDEN
    assert "certificate" in failure(attempt).detail
    assert not target.requests


async def test_https_to_an_http_target() -> None:
    async def plain(peer: fakes.Peer) -> None:
        await peer.reader.read(1)
        await peer.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with fakes.serve(plain) as target:
        attempt = await send(target.url.replace("http:", "https:"))

    assert failure(attempt) == Failure(
        FailureKind.MALFORMED,
        f"127.0.0.1:{target.port} does not speak TLS (is the target http://?)",
    )


async def test_a_close_amid_the_handshake() -> None:
    async def leaving(peer: fakes.Peer) -> None:
        await peer.reader.read(1)
        peer.reset()

    async with fakes.serve(leaving) as target:
        attempt = await send(target.url.replace("http:", "https:"))

    assert failure(attempt) == Failure(
        FailureKind.DISCONNECTED,
        f"127.0.0.1:{target.port} closed the connection while it was being opened",
    )
