"""What is exported holds no secret: of every provider, wherever it puts one, and whatever else stands there."""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core import admission
from inspector.core.export import copy_of, curl
from inspector.core.headers import Headers
from inspector.core.model import Request
from inspector.core.overlays import (
    BasicLogin,
    Overlay,
    SecretHeader,
    SecretPath,
    SecretQuery,
    SourceAddresses,
)
from inspector.core.providers import Provider, Scheme
from inspector.core.redaction import places, redact, redact_url
from inspector.core.signing import sign
from tests import signers
from tests.factories import NOW_S, delivery, headers, request
from tests.signers import BUILT_IN, SIGNABLE

CANARY = "c4nary-3f81-of-a-token"
URL = "http://127.0.0.1:3000/hooks"
BARE = [each for each in BUILT_IN.values() if each.scheme in {Scheme.TOKEN, Scheme.BASIC}]
names = pytest.mark.parametrize("provider", BUILT_IN.values(), ids=BUILT_IN)


def exported(provider: Provider, made: Request, *, include_secrets: bool = False) -> str:
    """Return the command for a delivery that was forwarded with its query."""
    _, mark, query = made.target.decode().partition("?")
    return curl(
        copy_of(
            delivery(request=made, provider=provider.name),
            made.body,
            URL + mark + query,
            secret_places=places(provider),
            include_secrets=include_secrets,
        )
    )


def shown(secret: str, command: str) -> bool:
    """Whether a command shows a secret, also inside of base64."""
    encoded = [base64.b64encode(b"x" * n + secret.encode())[4:-4].decode() for n in range(3)]
    return any(each in command for each in (secret, *encoded))


def full(provider: Provider) -> Request:
    """Return a delivery of a provider that sends its secret, or what a handshake asks for, along."""
    made = signers.sample(provider)
    if provider in BARE:
        secret = f"user:{CANARY}" if provider.scheme is Scheme.BASIC else CANARY
        made = sign(provider, made, secret, now_s=NOW_S)
    elif provider in SIGNABLE:
        made = signers.signed(provider, made)
    for handshake in provider.handshake:
        for each in handshake.token:
            mark = b"&" if b"?" in made.target else b"?"
            made = replace(made, target=made.target + mark + f"{each.name}={CANARY}".encode())
    return made


@names
def test_no_secret_of_any_provider(provider: Provider) -> None:
    """By default none is left; asked for, each is there as it came."""
    made = full(provider)
    command = exported(provider, made)

    assert not shown(CANARY, command)
    holds_one = provider in BARE or any(each.token for each in provider.handshake)
    assert shown(CANARY, exported(provider, made, include_secrets=True)) == holds_one
    assert ("REDACTED" in command) >= holds_one


@names
def test_a_signature_is_no_secret(provider: Provider) -> None:
    """Whoever is sent the command can check it: nothing is changed but where a credential stands."""
    if provider in BARE:
        return
    made = replace(full(provider), target=signers.sample(provider).target)
    changed = redact(made, places(provider))
    assert changed == made or b"Authorization" in made.headers


def test_there_are_some_of_each_kind() -> None:
    kinds = {place.partition(":")[0] for each in BARE for place in places(each)}
    assert kinds == {"header", "query", "json"}
    assert places(BUILT_IN["gitlab-token"]) == ["header:X-Gitlab-Token"]
    assert places(BUILT_IN["microsoft-graph"]) == ["json:value.*.clientState"]
    assert places(BUILT_IN["meta"]) == ["query:hub.verify_token"]
    assert places(BUILT_IN["github"]) == places(None) == []


TOKEN = CANARY.encode()
OVERLAYS: tuple[Overlay, ...] = (
    SecretPath(TOKEN),
    SecretQuery("key", TOKEN),
    SecretHeader("X-Token", TOKEN),
    BasicLogin("hotel", TOKEN),
    SourceAddresses(()),
)


def test_what_an_endpoint_requires() -> None:
    made = admission.equip(OVERLAYS, request(target=b"/in/demo/extra?a=1#f"))
    changed = redact(made, places(None, OVERLAYS))

    assert admission.judge(OVERLAYS[:4], made).failed == ()
    assert changed.target == b"/in/demo/REDACTED/extra?key=REDACTED&a=1#f"
    assert changed.headers.get(b"x-token") == changed.headers.get(b"authorization") == b"REDACTED"
    url = redact_url(f"https://t.example{made.target.decode()}", places(None, OVERLAYS))
    assert url == f"https://t.example{changed.target.decode()}"


def test_every_repeat_and_spelling() -> None:
    sent = headers(
        ("X-TOKEN", "hush"), ("Cookie", "hush"), ("x-token", ""), ("X-Other", "1"), ("cookie", "h")
    )
    made = request(headers=sent, target=b"/in/demo?to%6ben=hush&TOKEN=2&token=hush&token&b=+")
    changed = redact(made, ["header:X-Token", "query:token"])

    assert [value for _, value in changed.headers] == [*[b"REDACTED"] * 3, b"1", b"REDACTED"]
    assert [name for name, _ in changed.headers] == [name for name, _ in sent]
    assert changed.target == (
        b"/in/demo?to%6ben=REDACTED&TOKEN=2&token=REDACTED&token=REDACTED&b=+"
    )


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"value": [{"clientState": "hush"}, {"clientState": "hush"}]}).encode(),
        b'{"value":[{"clientState":"hush"},{"id":1}]}',
        b'{"value":[{"client\\u0053tate":"hush"},{"id":1}]}',
        b'{"value":[{"clientState":"hush","clientState":"hush"}]}',
        b'{"value":[{"clientState":{"a":"hush"}}]}',
        b'{"value":[{"clientState":"hush"}]',
        b'{"clientState":"hush"}',
        b'\xff{"value":[{"clientState":"hush"}]}',
        b'{"value":[{"clientState":"hush"}],"long":"' + b"x" * 2_000_000 + b'"}',
    ],
)
def test_a_body_that_hides_it(body: bytes) -> None:
    """Where it is not to be found, but may well be, nothing is left of the body."""
    changed = redact(request(body=body), ["json:value.*.clientState"])
    assert b"hush" not in changed.body
    assert b"REDACTED" in changed.body


@pytest.mark.parametrize("body", [b"", b"[]", b'{"value":[]}', b'{"value":[{"id":1}]}', b"\0\xff"])
def test_a_body_without_any_stays(body: bytes) -> None:
    for place in ("json:value.*.clientState", "form:token", "xml:auth.@token"):
        assert redact(request(body=body), [place]).body == body


def test_forms_and_xml() -> None:
    form = redact(request(body=b"a=1&token=hush&b=%zz"), ["form:token"])
    assert form.body == b"a=1&token=REDACTED&b=%zz"
    many = redact(request(body=b"token=hush" + b"&a=1" * 2000), ["form:token"])
    assert many.body == b"REDACTED"
    xml = redact(request(body=b"<a><auth token='hush'/></a>"), ["xml:auth.@token"])
    assert xml.body == b"REDACTED"


@given(
    target=st.binary(),
    body=st.binary(),
    pairs=st.lists(st.tuples(st.binary(), st.binary())),
    kind=st.sampled_from(["header", "query", "form", "json", "xml", "path"]),
    name=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1),
)
def test_anything_can_be_redacted(
    target: bytes, body: bytes, pairs: list[tuple[bytes, bytes]], kind: str, name: str
) -> None:
    made = request(target=target, body=body, headers=Headers(tuple(pairs)))
    place = kind if kind == "path" else f"{kind}:{name}"
    changed = redact(made, [place])

    assert len(changed.headers) == len(made.headers)
    assert redact(changed, [place]) == changed
    redact_url(target.decode("utf-8", "surrogateescape"), [place])
