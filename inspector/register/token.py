"""The bearer token that opens a provider's API: configured, or asked for with OAuth 2 client credentials."""

import base64
import re
import ssl
from typing import Final
from urllib.parse import urlencode

from inspector import outside
from inspector.config import Application, Registration
from inspector.errors import ConfigError, OutsideError
from inspector.register.answers import member, read, refusal

_TOKEN: Final = re.compile(r"[!-~]+")
"""More than RFC 6750 allows (2.1), and nothing that could end a header."""


async def token_of(registration: Registration, tls: ssl.SSLContext | None = None) -> str:
    """Return the token. Raises ConfigError if what is configured is none, OutsideError if none is given."""
    opened_by = registration.opened_by
    if isinstance(opened_by, Application):
        return await _asked(opened_by, tls)
    token = opened_by().decode("utf-8", "replace")
    if not _TOKEN.fullmatch(token):
        raise ConfigError(
            "register.wink.token: a token is visible ASCII characters, and this is not"
        )
    return token


async def _asked(application: Application, tls: ssl.SSLContext | None) -> str:
    # Wink has the two halves stand in the header as they are, not form-encoded first (RFC 6749, 2.3.1).
    halves = application.client_id.encode() + b":" + application.client_secret()
    form = {"grant_type": "client_credentials"}
    if application.scope is not None:
        form["scope"] = application.scope
    answer = await outside.ask(
        "POST",
        application.token_url,
        headers={
            "Accept": "application/json",
            "Authorization": f"Basic {base64.b64encode(halves).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        body=urlencode(form).encode(),
        is_http_allowed=True,
        tls=tls,
    )
    if answer.status != 200:
        hint = "look at client_id, client_secret and scope in register.wink of hooktap.toml"
        raise OutsideError(
            f"no token: {refusal(answer)}" + (f" ({hint})" if answer.status < 500 else "")
        )
    data = read(answer, dict)
    token = member(data, "access_token", str, answer.host)
    if member(data, "token_type", str, answer.host).lower() != "bearer" or not _TOKEN.fullmatch(
        token
    ):
        raise OutsideError(f"no token: {answer.host} answered with one that is no bearer token")
    return token
