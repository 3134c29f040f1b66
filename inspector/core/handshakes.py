"""Answering what only asks whether somebody is there: the request that confirms a URL, and no delivery yet.

Nothing raises, whatever was sent. What is echoed is a stranger's text: it goes back short, and as plain text or inside
a JSON string, so that no browser takes it for a page.
"""

import hmac
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from inspector.core.coded import sns
from inspector.core.fields import Fields
from inspector.core.handshake_table import Handshake, JsonFields
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, Outcome, Reply, Request, Verification
from inspector.core.providers import Provider, Scheme
from inspector.core.templates import Template

ECHO_MAX_BYTES = 4096
"""Of an answer's body, and of each header in it. Challenges have some dozens."""
SECRET_MAX_BYTES = 1024
KEPT = b"(kept in the data directory)"
"""Stands in the store where a secret stood."""

_HEADER_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_RIGHT = frozenset({Outcome.VERIFIED, Outcome.NO_SECRET})


@dataclass(frozen=True, slots=True)
class Answered:
    """What a handshake is answered with."""

    reply: Reply
    detail: str
    """One sentence for a person: who asked for what, and what came of it."""
    secret: bytes | None = field(default=None, repr=False)
    """What the sender handed over for the endpoint to keep, before the reply is sent."""


class _Refusal(NamedTuple):
    """Why it is not answered as asked."""

    status: int
    reason: str


class _Asked(NamedTuple):
    """One handshake, and what the answer depends on."""

    provider: Provider
    rule: Handshake
    fields: Fields
    verification: Verification
    endpoint: Endpoint
    secrets: Sequence[bytes]


def answer(
    provider: Provider | None,
    request: Request,
    verification: Verification,
    endpoint: Endpoint,
    secrets: Sequence[bytes],
    fields: Fields | None = None,
) -> Answered | None:
    """Return the answer to a handshake; None if this is a delivery like any other.

    `secrets` are all that the endpoint has: those configured, or one handed over before. `fields` are the request's,
    where somebody has read some of them already.
    """
    if provider is None or not provider.handshake or not endpoint.answers_handshakes:
        return None
    fields = fields or Fields(request)
    rule = _rule(provider, fields)
    if rule is None:
        return None
    asked = _Asked(provider, rule, fields, verification, endpoint, secrets)
    found = _objection(asked) or _reply(asked)
    said = f"{provider.title} {rule.asks}, and was"
    if isinstance(found, _Refusal):
        return Answered(Reply(found.status), f"{said} refused with {found.status}: {found.reason}")
    secret = rule.keep.read(fields) if rule.keep and not secrets else None
    return Answered(found, f"{said} answered{''.join(_remarks(asked))}", secret)


def hands_over(provider: Provider | None) -> bool:
    """Whether its endpoints' secret may be one that a sender handed over. For all others such a secret is nobody's."""
    return provider is not None and any(rule.keep for rule in provider.handshake)


def without_secret(provider: Provider | None, request: Request) -> Request:
    """Return the request as it may be stored: with `KEPT` in place of a secret that it hands over.

    The one exception to keeping every byte. The endpoint's secret would otherwise stand in the database, and in every
    list, export and copy made from it, beside all the deliveries that it is to vouch for.
    """
    names = {rule.keep.key for rule in provider.handshake if rule.keep} if provider else set()
    if not any(name.lower() in names for name, _ in request.headers):
        return request
    pairs = ((name, KEPT if name.lower() in names else value) for name, value in request.headers)
    return replace(request, headers=Headers(tuple(pairs)))


def confirm_url(provider: Provider | None, request: Request) -> str | None:
    """Return the URL whose visit confirms what the sender asked for; None if there is none, or none to be trusted."""
    return _confirm_url(provider, Fields(request)) if provider else None


def _confirm_url(provider: Provider, fields: Fields) -> str | None:
    return sns.subscribe_url(fields) if provider.scheme is Scheme.SNS else None


def _rule(provider: Provider, fields: Fields) -> Handshake | None:
    return next((rule for rule in provider.handshake if rule.fits(fields)), None)


def _objection(asked: _Asked) -> _Refusal | None:
    """Return why this sender gets no answer."""
    rule, name = asked.rule, asked.endpoint.name
    if rule.verify and asked.verification.outcome not in _RIGHT:
        return _Refusal(401, asked.verification.detail)
    if rule.needs_key and not _key(asked):
        return _Refusal(403, f"the answer is made with the secret, and endpoint '{name}' has none")
    return _objection_to_token(asked) or _objection_to_secret(asked)


def _objection_to_token(asked: _Asked) -> _Refusal | None:
    token, name = asked.endpoint.verify_token, asked.endpoint.name
    for locator in asked.rule.token:
        if not token:
            return _Refusal(
                403,
                f"set verify_token of endpoint '{name}' in hooktap.toml to the one chosen there",
            )
        if not hmac.compare_digest(locator.read(asked.fields) or b"", token):
            return _Refusal(403, f"{locator} is not the verify_token of endpoint '{name}'")
    return None


def _objection_to_secret(asked: _Asked) -> _Refusal | None:
    if asked.rule.keep is None:
        return None
    secret, name = asked.rule.keep.read(asked.fields) or b"", asked.endpoint.name
    if not 0 < len(secret) <= SECRET_MAX_BYTES:
        return _Refusal(403, f"a secret has 1 to {SECRET_MAX_BYTES} bytes")
    if asked.secrets and not _is_known(secret, asked.secrets):
        return _Refusal(
            403,
            f"endpoint '{name}' has a secret already, which no sender can replace: use another endpoint, or remove "
            f"that secret (from hooktap.toml, or handed/{name} in the data directory) and restart",
        )
    return None


def _is_known(secret: bytes, secrets: Sequence[bytes]) -> bool:
    found = False
    for known in secrets:
        found |= hmac.compare_digest(known, secret)
    return found


def _remarks(asked: _Asked) -> Iterator[str]:
    """Yield what a person has to know besides, as the sentence's continuation."""
    rule, provider, name = asked.rule, asked.provider, asked.endpoint.name
    if rule.verify and asked.verification.outcome is Outcome.NO_SECRET:
        yield f", unchecked: {asked.verification.detail}"
    if rule.keep:
        yield (
            f": endpoint '{name}' has this secret already"
            if asked.secrets
            else f": this is now the secret of endpoint '{name}'"
        )
    if provider.scheme is Scheme.SNS and _confirm_url(provider, asked.fields):
        yield "; `hooktap confirm` with this delivery's number visits the URL it sent"
    elif provider.scheme is Scheme.SNS:
        yield "; the URL it sent is not one of its own, and will not be visited"


def _key(asked: _Asked) -> bytes:
    """Return the key the sender signed with, or else the endpoint's first."""
    index = asked.verification.secret_index or 0
    if index >= len(asked.secrets):
        return b""
    return asked.provider.secret.key(asked.secrets[index]) or b""


def _reply(asked: _Asked) -> Reply | _Refusal:
    rule, fields = asked.rule, asked.fields
    if rule.needs_key:
        fields.secret = _key(asked)
    body = _body(rule, fields)
    values = [value.render(fields) for _, value in rule.headers]
    texts = [text for text in (body, *values) if text is not None]
    if len(texts) < 1 + len(values) or not all(map(_HEADER_VALUE.fullmatch, texts[1:])):
        return _Refusal(400, "what it wants to hear back is missing, or is not text")
    if max(map(len, texts)) > ECHO_MAX_BYTES:
        return _Refusal(400, f"what it wants to hear back is longer than {ECHO_MAX_BYTES} bytes")
    names = (name for name, _ in rule.headers)
    pairs = zip(names, texts[1:], strict=True)
    return Reply(rule.status, Headers(tuple(pairs)), texts[0])


def _body(rule: Handshake, fields: Fields) -> bytes | None:
    if rule.json is not None:
        return _json(rule.json, fields)
    return b"" if rule.body is None else rule.body.render(fields)


def _json(values: JsonFields, fields: Fields) -> bytes | None:
    """Return the object, in which a value comes back as exactly the text it came as; None if one is not there."""
    made: dict[str, str | int | bool] = {}
    for name, value in values:
        if not isinstance(value, Template):
            made[name] = value
            continue
        text = value.render(fields)
        try:
            made[name] = (text or b"").decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return None
        if not text:
            return None
    return json.dumps(made, separators=(",", ":")).encode()
