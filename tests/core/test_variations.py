import json
from typing import Any

import pytest

from inspector.core.model import Sign
from inspector.core.variations import AS_SENT, SampleSign, Variation, take, to_json

ALL = Variation(
    values=(("a.b", "1"), ("", "")),
    headers=((b"X-A", b"\xff"), (b"X-B", None)),
    body=b"\x00\xff",
    sign=SampleSign.OLD_SECRET,
    unique="run.7",
    again=2,
    happened_s=0,
    signed_s=1,
    truncate=0,
    corrupt=True,
)


@pytest.mark.parametrize(
    "variation", [AS_SENT, ALL, Variation(body=b""), Variation(truncate=0, happened_s=0)]
)
def test_it_comes_back_from_its_json(variation: Variation) -> None:
    data = json.loads(json.dumps({**to_json(variation), "provider": "jinko"}))

    assert take(data) == variation
    assert data == {"provider": "jinko"}


def test_only_what_differs_is_told() -> None:
    assert to_json(AS_SENT) == {}
    assert to_json(Variation(corrupt=True)) == {"corrupt": True}


def test_null_is_as_good_as_absent() -> None:
    assert take(dict.fromkeys([*AS_SENT.__slots__, "body_base64"])) == AS_SENT


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({"values": "a"}, "values: must be a list"),
        ({"values": [["a"]]}, "values: must be a list"),
        ({"values": [["a", None]]}, "both text"),
        ({"values": [["a", "\ud800"]]}, "both text"),
        ({"values": [["a", 1]]}, "values: must be a list"),
        ({"values": [["a", "b"]] * 201}, "at most 200"),
        ({"headers": {"A": "b"}}, "headers: must be a list"),
        ({"headers": [[None, "b"]]}, "headers: must be a list"),
        ({"headers": [["\ud800", "b"]]}, "stands for no byte"),
        ({"body_base64": "*"}, "is not Base64"),
        ({"body_base64": "é"}, "is not Base64"),
        ({"body_base64": 7}, "is not Base64"),
        ({"sign": "verbatim"}, "sign: must be one of fresh, broken"),
        ({"sign": []}, "sign: must be one of"),
        ({"unique": ""}, "unique: must be"),
        ({"unique": "x" * 65}, "unique: must be"),
        ({"unique": "\udc80"}, "unique: must be"),
        ({"again": -1}, "again: must be a whole number from 0"),
        ({"again": 1.5}, "again: must be"),
        ({"again": True}, "again: must be"),
        ({"again": 10**30}, "again: must be"),
        ({"happened_s": 2**35 + 1}, "happened_s: must be"),
        ({"signed_s": "1"}, "signed_s: must be"),
        ({"truncate": -1}, "truncate: must be"),
        ({"corrupt": 1}, "corrupt: must be true or false"),
        ({"corrupt": []}, "corrupt: must be true or false"),
    ],
)
def test_what_is_none_is_refused(data: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        take(data)


def test_each_way_to_sign_is_one_of_a_replays() -> None:
    assert {sign.as_replayed for sign in SampleSign} == set(Sign)
