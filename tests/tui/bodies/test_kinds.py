"""XML, multipart bodies, pictures and compressed bodies, each laid out by its own module."""

import gzip
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.text import safe
from tui.bodies import images, multipart, xml
from tui.bodies.inflating import MEMBERS, RATIO_FREE_BYTES, inflated
from tui.bodies.layout import DEPTH_CAP, SHOWN_BYTES, Part, Unfit
from tui.bodyview import Body, View, build


def rows(text: str) -> list[str]:
    return [str(line.content) for line in xml.lay_out(text).lines]


def test_xml_is_indented_as_written() -> None:
    """Attributes, CDATA and comments stay; an element with a little text is one row."""
    written = "<?xml version='1.0'?>\r\n<a  x=\"1>2\"><b>t &amp; u</b><c/><![CDATA[<d>]]><!-- e\n f --></a>"

    assert rows(written) == [
        "<?xml version='1.0'?>",
        '<a  x="1>2">',
        "  <b>t &amp; u</b>",
        "  <c/>",
        "  <![CDATA[<d>]]>",
        "  <!-- e",
        "  f -->",
        "</a>",
    ]


def test_nothing_in_xml_is_resolved() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c SYSTEM "file:///etc/passwd">]><a>&b;&c;</a>'

    assert rows(bomb)[-1] == "<a>&b;&c;</a>"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<a><b></a>", "'a' ends where it did not begin"),
        ("<a>", "'a' does not end"),
        ("</a>", "'a' ends where"),
        ("<a><!-- ", "line 1 does not end"),
        ("\n<a b='>", "line 2 does not end"),
        ("<a>" * (DEPTH_CAP + 1), "nested more than"),
    ],
)
def test_what_is_no_xml_says_why(text: str, problem: str) -> None:
    with pytest.raises(Unfit, match=problem):
        rows(text)


@given(st.text(st.sampled_from("<>/!-[]?ab'\"= &;\n\x1b\u202e")))
def test_any_xml_is_safe(text: str) -> None:
    try:
        shown = rows(text)
    except Unfit as reason:
        shown = [str(reason)]
    assert [safe(row) for row in shown] == shown


FORM = 'multipart/form-data; boundary="x y"'
BODY = (
    b'preamble\r\n--x y\r\nContent-Disposition: form-data; name="file"; filename="../a\x1b"\r\n'
    b'Content-Type: application/json\r\n\r\n{"a":1}\r\n--x y\r\n\r\nno head\r\n--x yz\r\n--x y--\r\nepilogue'
)


def test_parts() -> None:
    """Each as it stands between the boundaries; what comes before the first and after the last is none."""
    first, second = multipart.parts(BODY, FORM)

    assert first.content == b'{"a":1}'
    assert [name for name, _ in first.headers] == [b"Content-Disposition", b"Content-Type"]
    assert second == Part((), b"no head\r\n--x yz")


def test_a_part_is_a_body_of_its_own() -> None:
    shown = build(Body(BODY, len(BODY), FORM))

    assert shown.view is View.PRETTY
    assert str(shown.lines[0].content) == "part 1 of 2  file  7 B  enter opens it"
    assert shown.lines[0].target == 0
    assert [str(line.content) for line in build(shown.parts[0]).lines] == [
        "▾ {",
        '    "a": 1',
        "  }",
    ]


@pytest.mark.parametrize(
    ("content_type", "problem"),
    [
        ("multipart/mixed", "names no boundary"),
        ("multipart/mixed; boundary=", "names no boundary"),
        ('multipart/mixed; boundary=""', "names no boundary"),
        ("multipart/mixed; boundary=absent", "nowhere in the body"),
        ("multipart/mixed; boundary=" + "a" * 300, "too long"),
    ],
)
def test_boundaries_that_are_none(content_type: str, problem: str) -> None:
    shown = build(Body(BODY, len(BODY), content_type))

    assert View.PRETTY not in shown.views
    assert problem in shown.notes[0]


def test_parts_without_an_end_are_counted() -> None:
    body = b"--x\r\nA: b\r\n" * 20_000

    layout = multipart.lay_out(body, "multipart/mixed; boundary=x")

    assert len(layout.parts) == multipart.PARTS_MAX
    assert layout.note is not None


@given(st.binary(), st.text(st.sampled_from(';boundary="\\xy- =')))
def test_any_multipart_is_safe(content: bytes, parameters: str) -> None:
    shown = build(Body(content, len(content), f"multipart/x{parameters}"))

    for line in shown.lines:
        assert safe(str(line.content)) == str(line.content)


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 1480)
JPEG = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x11\x08" + struct.pack(">HH", 480, 640)
WEBP = {
    b"VP8 ": b"\0" * 4 + b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", 640 | 0x4000, 480),
    b"VP8L": b"\0" * 4 + b"\x2f" + struct.pack("<I", 639 | 479 << 14),
    b"VP8X": b"\0" * 8 + (639).to_bytes(3, "little") + (479).to_bytes(3, "little"),
}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (PNG, "PNG image, 640 x 1,480"),
        (b"GIF89a" + struct.pack("<HH", 640, 480), "GIF image, 640 x 480"),
        (JPEG, "JPEG image, 640 x 480"),
        *(
            (b"RIFF\x1b\r\n\0WEBP" + kind + rest, "WebP image, 640 x 480")
            for kind, rest in WEBP.items()
        ),
        (b"BM", None),
        (b"", None),
    ],
)
def test_pictures(content: bytes, said: str | None) -> None:
    assert images.describe(content) == said
    for end in range(len(content)):
        assert images.describe(content[:end]) is None
    if said is not None:
        assert said in build(Body(content, len(content))).notes


@given(st.sampled_from([PNG[:16], b"\xff\xd8\xff", b"GIF89a", b"RIFF\0\0\0\0WEBPVP8"]), st.binary())
def test_any_beginning_of_a_picture(beginning: bytes, rest: bytes) -> None:
    images.describe(beginning + rest)


def test_members_of_gzip_are_one_body() -> None:
    two = gzip.compress(b"ab", mtime=0) + gzip.compress(b"cd", mtime=0)

    assert inflated(two, " GZIP", is_whole=True).content == b"abcd"
    assert inflated(two + b"rest", "gzip", is_whole=True).content == b"abcd"
    many = inflated(gzip.compress(b"", mtime=0) * (MEMBERS + 1), "gzip", is_whole=True)
    assert not many.is_whole


def test_deflate_with_and_without_a_header() -> None:
    compressor = zlib.compressobj(wbits=-15)
    raw = compressor.compress(b"hello") + compressor.flush()

    assert inflated(raw, "deflate", is_whole=True).content == b"hello"
    assert inflated(zlib.compress(b"hello"), "deflate", is_whole=True).content == b"hello"
    assert inflated(raw, "gzip", is_whole=True).content == raw


def test_what_grows_too_far_is_cut() -> None:
    small = gzip.compress(b"0" * SHOWN_BYTES, compresslevel=9, mtime=0)
    assert len(small) < 2000

    found = inflated(small, "gzip", is_whole=True)

    assert len(found.content) == max(200 * len(small), RATIO_FREE_BYTES)
    assert not found.is_whole


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, br", "x" * 1000])
def test_other_encodings_are_told_and_left(encoding: str) -> None:
    shown = build(Body(b"{", 1, "application/json", encoding))

    assert [str(line.content) for line in shown.lines] == ["{"]
    assert len(shown.notes) == 1
    assert "not undone here" in shown.notes[0]
    assert len(shown.notes[0]) < 120


def test_identity_is_no_encoding() -> None:
    assert build(Body(b"{}", 2, "application/vnd.api+json", "identity")).notes == ()
