"""The only code that contacts other machines: one GET over TLS, for a certificate or to confirm a subscription.

Which machines those may be is up to the callers, who ask only what a provider's own hosts answer.
"""

import ssl
from urllib.request import getproxies, proxy_bypass

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from inspector.core.text import safe
from inspector.errors import NothingThereError, OutsideError

CAP_BYTES = 1 << 16
TIMEOUT_S = 3.0

_CHUNK_BYTES = 1 << 14


async def get(
    url: str,
    *,
    cap_bytes: int = CAP_BYTES,
    timeout_s: float = TIMEOUT_S,
    tls: ssl.SSLContext | None = None,
    resolver: AbstractResolver | None = None,
) -> bytes:
    """Return what is at an `https` URL, which is asked for exactly as it is written. Raises OutsideError.

    Redirects are not followed, and nothing of this machine but its address is told: no cookies, no credentials. Of
    the environment, the proxy counts (`https_proxy`, `no_proxy`): where there is one, there is no other way out. `tls`
    and `resolver` take the place of the system's authorities and name servers.
    """
    try:
        address = URL(url, encoded=True)
        host = safe(address.host or "")
    except ValueError:
        raise OutsideError("not asked: the URL cannot be read") from None
    if address.scheme != "https" or not host or address.user is not None:
        raise OutsideError(f"not asked: only https is, without a user's name ({host or 'no host'})")
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
            session.get(address, allow_redirects=False, proxy=_proxy(host)) as response,
        ):
            _require_ok(response.status, host)
            return await _read(response, cap_bytes, host)
    except TimeoutError:
        raise OutsideError(f"{host} did not answer within {timeout_s:g} s") from None
    except (aiohttp.ClientError, OSError) as error:
        raise OutsideError(f"{host} could not be reached: {safe(str(error))}") from error


def _proxy(host: str) -> str | None:
    return None if proxy_bypass(host) else getproxies().get("https")


def _require_ok(status: int, host: str) -> None:
    if status == 200:
        return
    if (
        status < 500
    ):  # a redirect too: what is asked for stands at the URL itself, or it is not what was asked for
        raise NothingThereError(f"{host} answered {status}: there is nothing at that URL")
    raise OutsideError(f"{host} answered {status}")


async def _read(response: aiohttp.ClientResponse, cap_bytes: int, host: str) -> bytes:
    read = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        read += chunk
        if len(read) > cap_bytes:
            raise OutsideError(f"{host} sent more than {cap_bytes} bytes, which were not wanted")
    return bytes(read)
