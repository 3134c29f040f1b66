"""What holds for whatever is signed: it verifies, and nothing that is covered can change."""

import json
import re
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from inspector.core import splicing
from inspector.core.headers import Headers
from inspector.core.model import Outcome, Request
from inspector.core.providers import Provider
from inspector.core.signing import break_signature, sample_keys, sign
from inspector.core.templates import Kind, Locator
from inspector.core.verification import verify
from tests.factories import NOW_S
from tests.signers import SIGNABLE, checked, given_url, sample, signed

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


@st.composite
def requests(draw: st.DrawFn, provider: Provider) -> Request:
    """Return any request that has what this provider signs."""
    made = sample(provider)
    if b"?" in made.target:
        body = made.body  # its digest stands there
    elif not _reads_body(provider):
        body = draw(st.binary())
    elif made.body.startswith(b"{"):
        extra = json.dumps(draw(JSON_VALUES), ensure_ascii=draw(st.booleans()))
        body = b'{"~": ' + extra.encode("utf-8", "replace") + b"," + made.body[1:]
    else:
        body = made.body + b"&" + draw(st.binary().filter(lambda each: b"signature" not in each))
    own = {name.lower() for name, _ in made.headers}
    names = st.binary() if not provider.is_coded else st.sampled_from([b"x-a", b"X-A", b"Date"])
    more = draw(st.lists(st.tuples(names, st.binary() if not provider.is_coded else st.just(b"1"))))
    assume(not own & {name.lower() for name, _ in more})
    return replace(made, headers=Headers((*more, *made.headers)), body=body)


def _reads_body(provider: Provider) -> bool:
    parts = [
        part
        for placement in provider.placements
        for part in (placement.signature, placement.time, *placement.signed.placeholders())
    ]
    return any(
        str(part) == "form.sorted"
        or (isinstance(part, Locator) and part.kind in {Kind.JSON, Kind.FORM})
        for part in parts
    )


ALTERABLE = re.compile(r"(url|method|body|form fields)$|header |json (?!amount)|\w+ in ")


def altered(request: Request, url: str | None, label: str, at: int) -> tuple[Request, str | None]:
    """Return the request and its URL, one byte of what `label` names changed."""
    kind, _, name = label.partition(" ")
    if label == "url":
        return request, (url or "").replace("hooks", "hookz")
    if label == "method":
        return replace(request, method="PUT"), url
    if label == "body" or label == "form fields":
        return replace(request, body=flipped(request.body, at)), url
    if kind == "json":
        root = ("notificationItems", "0", "NotificationRequestItem") if "Reference" in label else ()
        body = splicing.replace_json(request.body, (*root, *name.split(".")), [b"changed"])
        return replace(request, body=body or b""), url
    if kind == "header":
        value = flipped(request.headers.get(name.encode()) or b"", at)
        return replace(request, headers=request.headers.replacing(name.encode(), value)), url
    element, _, header = label.partition(" in ")
    old = request.headers.get(header.encode()) or b""
    new = old.replace(element.encode() + b"=1", element.encode() + b"=2")
    assert old != new
    return replace(request, headers=request.headers.replacing(header.encode(), new)), url


def flipped(text: bytes, at: int) -> bytes:
    at %= len(text) or 1
    return text[:at] + bytes([(text[at] if text else 0) ^ 1]) + text[at + 1 :]


@given(st.data(), st.sampled_from(SIGNABLE), st.binary())
def test_what_we_sign_we_verify(data: st.DataObject, provider: Provider, seed: bytes) -> None:
    request = data.draw(requests(provider))
    keys, url = sample_keys(provider, seed), given_url(provider, request)

    for make, outcome in ((sign, Outcome.VERIFIED), (break_signature, Outcome.MISMATCH)):
        made = make(provider, request, keys.signing, now_s=NOW_S, url=url)
        found = verify(provider, made, [keys.verifying], now_s=NOW_S, url=url)
        assert found.outcome is outcome, found.detail


@given(st.data(), st.sampled_from(SIGNABLE), st.integers(0))
def test_one_byte_of_what_is_covered(data: st.DataObject, provider: Provider, at: int) -> None:
    """Whatever the verdict says was signed cannot be changed."""
    made = signed(provider, data.draw(requests(provider)))
    found = checked(provider, made)
    known = [each for each in found.covered if ALTERABLE.match(each)]
    assume(known)
    label = data.draw(st.sampled_from(known))

    changed, url = altered(made, given_url(provider, made), label, at)

    assert found.outcome is Outcome.VERIFIED
    assert checked(provider, changed, url).outcome is not Outcome.VERIFIED
