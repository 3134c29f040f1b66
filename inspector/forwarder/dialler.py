"""Opens connections to targets, and refuses those that may not be opened."""

import asyncio
import ipaddress
import os
import socket
import ssl
from collections.abc import Collection
from functools import cache

from inspector.core.forwarding import Origin
from inspector.core.model import Failure, FailureKind
from inspector.core.text import safe
from inspector.forwarder.connection import Connection

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

LOCALHOST: tuple[Address, ...] = (ipaddress.IPv6Address("::1"), ipaddress.IPv4Address("127.0.0.1"))


class Dialler:
    """Resolves a target's name once, judges every address, and connects to an address it has judged."""

    def __init__(self, *, own_ports: Collection[int], allow_remote: bool) -> None:
        self._own_ports = own_ports
        self._allow_remote = allow_remote

    async def connect(self, origin: Origin, timeout_s: float) -> Connection | Failure:
        """Return an open connection, or why there is none."""
        where = f"[{origin.host}]" if ":" in origin.host else origin.host
        where += f":{origin.port}"
        try:
            async with asyncio.timeout(timeout_s):
                addresses = await _resolve(origin)
                if complaint := self._complaint(origin, addresses):
                    return Failure(FailureKind.FORBIDDEN, complaint)
                return await _connect_any(origin, addresses, where, timeout_s / len(addresses))
        except socket.gaierror as error:
            return Failure(
                FailureKind.UNREACHABLE,
                f"the name '{origin.host}' does not resolve ({safe(str(error.strerror))})",
            )
        except UnicodeError:  # what the resolver raises for 'a..b' and for labels longer than 63
            return Failure(FailureKind.UNREACHABLE, f"'{origin.host}' cannot be the name of a host")
        except TimeoutError:
            return _timed_out(where, timeout_s)
        except OSError as error:  # a resolver that cannot open a file, say
            return _explain(error, where, timeout_s)

    def _complaint(self, origin: Origin, addresses: list[Address]) -> str | None:
        for address in addresses:
            shown = str(address) if _literal(origin.host) else f"{origin.host} ({address})"
            if _unmapped(address).is_unspecified:
                return f"{shown} is no address to send to (did you mean 127.0.0.1?)"
            if origin.port in self._own_ports and _is_this_machine(address):
                return f"{shown} port {origin.port} is this inspector's own: forwarding there would go in circles"
            if not self._allow_remote and not _unmapped(address).is_loopback:
                return f"{shown} is not on this machine (--allow-remote-target lets deliveries go there)"
        return None


async def _resolve(origin: Origin) -> list[Address]:
    literal = _literal(origin.host)
    if literal is not None:
        return [literal]
    if _is_localhost(origin.host):
        return list(LOCALHOST)
    # The resolver also reads 127.1, 2130706433 and 017700000001: judged by what they come to, like names.
    found = await asyncio.get_running_loop().getaddrinfo(
        origin.host, origin.port, type=socket.SOCK_STREAM
    )
    return list(dict.fromkeys(ipaddress.ip_address(each[4][0]) for each in found))


async def _connect_any(
    origin: Origin, addresses: list[Address], where: str, share_s: float
) -> Connection | Failure:
    """Try the addresses in turn: `localhost` is ::1 and 127.0.0.1, and apps often listen on one of them only."""
    failures: list[Failure] = []
    for address in addresses:
        try:
            async with asyncio.timeout(share_s):
                return await _connect(origin, address)
        except OSError as error:
            failures.append(_explain(error, where, share_s))
    # A machine without IPv6 cannot reach ::1: what the other address said tells more.
    return min(failures, key=lambda failure: failure.kind is FailureKind.UNREACHABLE)


async def _connect(origin: Origin, address: Address) -> Connection:
    loop = asyncio.get_running_loop()
    secure = origin.scheme == "https"
    # The host is an address here, so nothing is resolved a second time, to something else perhaps.
    _, connection = await loop.create_connection(
        lambda: Connection(loop),
        str(address),
        origin.port,
        ssl=_tls(verified=not _unmapped(address).is_loopback) if secure else None,
        server_hostname=origin.host if secure else None,
    )
    return connection


def _explain(error: OSError, where: str, limit_s: float) -> Failure:
    match error:
        case ConnectionRefusedError():
            return Failure(FailureKind.REFUSED, f"nobody listens at {where} (is your app running?)")
        case TimeoutError():
            return _timed_out(where, limit_s)
        case ssl.SSLCertVerificationError():
            return Failure(
                FailureKind.FORBIDDEN,
                f"the certificate of {where} is not trusted: {safe(error.verify_message)}",
            )
        case ssl.SSLError():
            return Failure(
                FailureKind.MALFORMED, f"{where} does not speak TLS (is the target http://?)"
            )
        case ConnectionError():
            return Failure(
                FailureKind.DISCONNECTED, f"{where} closed the connection while it was being opened"
            )
        case _:
            reason = os.strerror(error.errno) if error.errno else str(error)
            return Failure(FailureKind.UNREACHABLE, f"{where} cannot be reached ({safe(reason)})")


def _timed_out(where: str, limit_s: float) -> Failure:
    return Failure(FailureKind.CONNECT_TIMEOUT, f"no connection to {where} within {limit_s:.3g} s")


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_localhost(host: str) -> bool:
    # RFC 6761, 6.3: never looked up. The resolver runs in a few threads, which names that hang can fill.
    return f".{host.lower().removesuffix('.')}".endswith(".localhost")


def _unmapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address
    return address


def _is_this_machine(address: Address) -> bool:
    if _unmapped(address).is_loopback:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(address), 0))  # a socket can be bound to one's own addresses only
    except OSError:
        return False
    return True


@cache
def _tls(*, verified: bool) -> ssl.SSLContext:
    if verified:
        context = ssl.create_default_context()
    else:
        # Only for loopback: nobody stands between us and this machine, and its certificates are home-made.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context
