import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.formats import CANDIDATES_MAX, Encoding, Format, Shape
from inspector.errors import ConfigError

CREDENTIALS = Format(Shape.CREDENTIALS)


@pytest.mark.parametrize(
    ("source", "value", "candidates"),
    [
        ("plain", b"abc", [b"abc"]),
        ("plain", b"", []),
        ("prefix:sha256=", b"sha256=abc", [b"abc"]),
        ("prefix:sha256=", b"sha256=", []),
        ("prefix:sha256=", b"SHA256=abc", []),
        ("prefix:sha256=", b"sha1=abc", []),
        ("prefix:sha256=", b"abc", []),
        ("pairs:,:v1", b"t=1,v1=a,v0=b,v1=c", [b"a", b"c"]),
        ("pairs:,:v1", b"t=1, v1=a", []),
        ("pairs:,:v1", b"v1=a=b", [b"a=b"]),
        ("pairs:,:v1", b"v1,t", []),
        ("pairs:;:h1", b"ts=1;h1=a;h1=b", [b"a", b"b"]),
        ("list: :v1,", b"v1,a v1a,b v2,c v1,d", [b"a", b"d"]),
        ("list: :v1,", b"v1, v1", []),
        ("list: :v1,", b"  v1,a  ", [b"a"]),
    ],
)
def test_candidates(source: str, value: bytes, candidates: list[bytes]) -> None:
    assert Format.parse(source).candidates(value) == candidates


@pytest.mark.parametrize(
    ("value", "candidates"),
    [
        (b"Basic YTpi", [b"YTpi"]),
        (b"bAsIc  YTpi ", [b"YTpi"]),
        (b"Bearer YTpi", []),
        (b"Basic", []),
        (b"YTpi", []),
    ],
)
def test_credentials(value: bytes, candidates: list[bytes]) -> None:
    """The scheme's case does not matter (RFC 7617, 2)."""
    assert CREDENTIALS.candidates(value) == candidates


@pytest.mark.parametrize(("source", "part"), [("pairs:,:v1", b"v1=x,"), ("list: :v1,", b"v1,x ")])
def test_number_of_candidates_is_bounded(source: str, part: bytes) -> None:
    """A header of thousands costs no thousands of comparisons."""
    assert len(Format.parse(source).candidates(part * 5000)) == CANDIDATES_MAX


def test_first_of_equal_keys_counts() -> None:
    assert Format.parse("pairs:,:v1").pairs(b"t=1,t=2,v1=a,x") == {b"t": b"1", b"v1": b"a"}
    assert Format.parse("plain").pairs(b"t=1") == {}


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (Format.parse("plain"), b"abc"),
        (Format.parse("prefix:v0="), b"v0=abc"),
        (Format.parse("pairs:,:v1"), b"t=1,v1=abc"),
        (Format.parse("list: :v1,"), b"v1,abc"),
        (CREDENTIALS, b"Basic abc"),
    ],
)
def test_written_signature_is_found_again(shape: Format, value: bytes) -> None:
    written = shape.write(b"abc", {b"t": b"1"})

    assert written == value
    assert shape.candidates(written) == [b"abc"]
    assert "<" in str(shape)


@pytest.mark.parametrize(
    "source", ["", "plane", "plain:x", "prefix:", "pairs:,", "pairs::v1", "list: :", "credentials"]
)
def test_wrong_format_is_told(source: str) -> None:
    with pytest.raises(ConfigError, match=r"unknown format|is not plain"):
        Format.parse(source)


@given(st.binary())
def test_encodings_go_both_ways(raw: bytes) -> None:
    for encoding in Encoding:
        assert encoding.bytes_of(encoding.text_of(raw)) == raw


@given(st.binary())
def test_decoding_anything_is_a_value(text: bytes) -> None:
    for encoding in Encoding:
        assert encoding.bytes_of(text) is None or isinstance(encoding.bytes_of(text), bytes)


def test_padding_may_be_left_out() -> None:
    assert Encoding.BASE64.bytes_of(b"YQ") == b"a"
    assert Encoding.BASE64.bytes_of(b"Y") is None
    assert Encoding.BASE64.bytes_of(b"YQ==\n") is None


@pytest.mark.parametrize(
    "text", [b"YQ", b"YQ=", b"YR==", b"YQ==\n", b"YQ===", b" YQ==", b"Y", b"-_-_"]
)
def test_signature_in_base64_is_one_text(text: bytes) -> None:
    """With its padding and nothing beside it, as where texts are compared."""
    assert Encoding.BASE64.signature_of(text) is None


@given(st.binary())
def test_signature_is_read_as_it_is_written(raw: bytes) -> None:
    """In hex, which those who decode it read in capitals too."""
    for encoding in Encoding:
        assert encoding.signature_of(encoding.text_of(raw)) == raw
    assert Encoding.HEX.signature_of(Encoding.HEX.text_of(raw).upper()) == raw


@given(st.binary())
def test_cutting_anything_is_a_value(value: bytes) -> None:
    for source in ("plain", "prefix:a", "pairs:,:a", "list:,:a"):
        shape = Format.parse(source)
        assert all(shape.candidates(value))
        shape.pairs(value)
