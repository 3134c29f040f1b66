"""A bundle: written, read back, and hostile ones that come to nothing but a sentence."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.arrivals import Arrival
from inspector.core.export import bundle, copy_of
from inspector.core.model import Failure, FailureKind
from inspector.core.wire import dumps
from inspector.errors import ConfigError
from tests.factories import NOW_S, attempt, delivery, headers, request

URL = "http://127.0.0.1:8400/in/demo"


def written(*bodies: bytes) -> list[bytes]:
    copies = [copy_of(delivery(id=n), body, URL) for n, body in enumerate(bodies, 1)]
    return bundle.bundle(copies, "0.1.0").encode().splitlines(keepends=True)


def read(lines: list[bytes]) -> list[Arrival]:
    return list(bundle.read(lines))


def test_deliveries_come_back_as_they_were() -> None:
    bodies = [b"{}", b"", bytes(range(256)), "Zoë\u202e".encode()]

    arrivals = read(written(*bodies))

    assert [arrival.request.body for arrival in arrivals] == bodies
    assert {arrival.endpoint for arrival in arrivals} == {"demo"}
    assert {arrival.received_at_us for arrival in arrivals} == {NOW_S * 1_000_000}
    assert arrivals[0].request.headers == delivery().request.headers
    assert bundle.begins(written()[0])


def test_a_person_can_read_it() -> None:
    """What was found out, how its attempts ended, and no secret."""
    made = delivery(id=1, request=request(headers=headers(("Authorization", "c4nary"))))
    attempts = [attempt(), attempt(result=Failure(FailureKind.REFUSED, "nobody listens"))]
    copy = copy_of(made, b'{"a":1}', URL, attempts)

    first, line = map(json.loads, bundle.bundle([copy], "0.1.0").splitlines())

    assert first == {"type": "hooktap-bundle", "version": 1, "made_by": "0.1.0", "deliveries": 1}
    assert line["body"] == '{"a":1}'
    assert line["verification"]["outcome"] == "unknown"
    assert [each.get("status", each.get("failure")) for each in line["attempts"]] == [
        200,
        "refused",
    ]
    assert line["headers"] == [["Authorization", "REDACTED"]]


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"PK\x03\x04",
        b"[" * 100_000,
        b'{"type":"hooktap-bundle"}',
        b'{"type":"hooktap-bundle","version":2,"deliveries":1}',
        b'{"type":"hooktap-bundle","version":"\\u001b[2J","deliveries":1}',
        b'{"type":"hooktap-bundle","version":1,"deliveries":-1}',
        b'{"type":"hooktap-bundle","version":1,"deliveries":true}',
        b'{"type":"hooktap-bundle","version":1,"deliveries":1e9}',
        b'{"type":"hooktap-bundle","version":1,"deliveries":' + b"9" * 5000 + b"}",
        b'{"type":"hooktap-bundle","version":1,"deliveries":100001}',
    ],
)
def test_what_begins_otherwise_is_refused(first: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        read([first, *written(b"{}")[1:]])
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"nonsense", b"[" * 100_000, b'{"headers":[[1]]}', b"\xff"]
)
def test_a_bad_line_is_named(line: bytes) -> None:
    lines = written(b"one", b"two")
    arrivals = bundle.read([*lines[:2], line])

    assert next(arrivals).request.body == b"one"  # what came before it is whole
    with pytest.raises(ConfigError, match=r"^line 3: "):
        next(arrivals)


def test_more_or_fewer_than_it_says_is_refused() -> None:
    lines = written(b"one", b"two")
    with pytest.raises(ConfigError, match="cut off: 1 of 2"):
        read(lines[:-1])
    with pytest.raises(ConfigError, match="more deliveries than the 2"):
        read([*lines, lines[-1]])


def test_a_line_longer_than_any_delivery_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "LINE_MAX_BYTES", 1000)
    with pytest.raises(ConfigError, match="longer than any delivery"):
        read(written(b"x" * 1000))


def test_no_more_are_written_than_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "DELIVERIES_MAX", 1)
    with pytest.raises(ConfigError, match="at most 1 "):
        written(b"one", b"two")


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(field=st.sampled_from(sorted(json.loads(written(b"{}")[1]))), value=JSONS)
def test_nothing_but_a_sentence_comes_of_wrong_types(field: str, value: object) -> None:
    first, line = written(b"{}")
    changed = {**json.loads(line), field: value}
    with contextlib.suppress(ConfigError):
        read([first, dumps(changed).encode()])


@given(st.binary(max_size=200), st.integers(0, 400))
def test_nothing_but_a_sentence_comes_of_damage(noise: bytes, at: int) -> None:
    whole = b"".join(written(b"one", b"two"))
    damaged = whole[:at] + noise + whole[at:]
    with contextlib.suppress(ConfigError):
        read(damaged.splitlines(keepends=True))
