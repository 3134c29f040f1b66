"""The only code that contacts other machines: for a certificate, to confirm a subscription, to register a webhook.

Which machines those may be is up to the callers: a provider's own hosts, and what a person has configured.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from inspector.core.peers import is_loopback
from inspector.core.text import safe
from inspector.errors import NothingThereError, OutsideError

CAP_BYTES = 1 << 16
TIMEOUT_S = 3.0

_CHUNK_BYTES = 1 << 14


@dataclass(frozen=True, slots=True)
class Answer:
    """What another machine answered, whatever it was."""

    host: str
    """Who was asked, safe to show."""
    status: int
    body: bytes
    """Whole if the status is 2xx; of any other answer, as much as is wanted."""


async def get(
    url: str,
    *,
    cap_bytes: int = CAP_BYTES,
    timeout_s: float = TIMEOUT_S,
    tls: ssl.SSLContext | None = None,
    resolver: AbstractResolver | None = None,
) -> bytes:
    """Return what is at an `https` URL: the body of a 200. Asks as `ask` does. Raises OutsideError."""
    answer = await ask(
        "GET", url, cap_bytes=cap_bytes, timeout_s=timeout_s, tls=tls, resolver=resolver
    )
    _require_ok(answer.status, answer.host)
    return answer.body


async def ask(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    is_http_allowed: bool = False,
    cap_bytes: int = CAP_BYTES,
    timeout_s: float = TIMEOUT_S,
    tls: ssl.SSLContext | None = None,
    resolver: AbstractResolver | None = None,
) -> Answer:
    """Ask for an `https` URL exactly as it is written, and return the whole answer. Raises OutsideError without one.

    Redirects are not followed, and nothing of this machine but its address is told beside what the caller hands over:
    no cookies, no credentials. Of the environment, the proxy counts (`https_proxy`, `no_proxy`): where there is one,
    there is no other way out. `is_http_allowed` is for this machine only, to which no proxy leads. `tls` and
    `resolver` take the place of the system's authorities and name servers.
    """
    address, host = _read(url, is_http_allowed=is_http_allowed)
    connector = aiohttp.TCPConnector(ssl=tls or True, resolver=resolver, force_close=True)
    try:
        async with (
            aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=timeout_s),
                auto_decompress=False,  # the cap is on what is sent
                headers={"Accept-Encoding": "identity", "User-Agent": "hooktap"},
            ) as session,
            session.request(
                method,
                address,
                headers=headers,
                data=body,
                allow_redirects=False,
                proxy=_proxy(host),
            ) as response,
        ):
            return Answer(host, response.status, await _body(response, cap_bytes, host))
    except TimeoutError:
        raise OutsideError(f"{host} did not answer within {timeout_s:g} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise OutsideError(f"{host} could not be reached: {safe(str(error))}") from error


def _read(url: str, *, is_http_allowed: bool) -> tuple[URL, str]:
    try:
        address = URL(url, encoded=True)
        host = safe(address.host or "")
    except ValueError:
        raise OutsideError("not asked: the URL cannot be read") from None
    is_plain = is_http_allowed and address.scheme == "http" and is_loopback(host)
    if (address.scheme != "https" and not is_plain) or not host or "@" in address.raw_authority:
        raise OutsideError(f"not asked: only https is, without a user's name ({host or 'no host'})")
    return address, host


def _proxy(host: str) -> str | None:
    return None if is_loopback(host) or proxy_bypass(host) else getproxies().get("https")


def _require_ok(status: int, host: str) -> None:
    if status == 200:
        return
    if (
        status < 500
    ):  # a redirect too: what is asked for stands at the URL itself, or it is not what was asked for
        raise NothingThereError(f"{host} answered {status}: there is nothing at that URL")
    raise OutsideError(f"{host} answered {status}")


async def _body(response: aiohttp.ClientResponse, cap_bytes: int, host: str) -> bytes:
    read = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        read += chunk
        if len(read) > cap_bytes:
            if response.status >= 300:
                return bytes(read[:cap_bytes])
            raise OutsideError(f"{host} sent more than {cap_bytes} bytes, which were not wanted")
    return bytes(read)
