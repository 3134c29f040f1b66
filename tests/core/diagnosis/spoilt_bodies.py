"""What happens to bodies between the sender and the check."""

import base64
import gzip
import json
import zlib
from collections.abc import Iterator

from inspector.core.diagnosis import Cause
from tests.core.diagnosis.deliveries import BODY, FORM, Sample, as_javascript, covers
from tests.core.diagnosis.spoiling import Spoiler, Way
from tests.factories import NOW_S


def body_changes() -> Iterator[Spoiler]:
    """What happens to bodies between the sender and the check: as they were signed, and as they came."""
    document = json.loads(BODY)
    python = json.dumps(document).encode()
    php = json.dumps(document, separators=(",", ":")).replace("/", "\\/").encode()
    go = (
        BODY.decode()
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .encode()
    )
    pretty = json.dumps(document, indent=2, ensure_ascii=False).encode()
    reserialised = [
        ("compact became spaced", BODY, json.dumps(document, ensure_ascii=False).encode()),
        ("compact became Python's", BODY, python),
        ("Python's became compact", python, BODY),
        ("compact became indented by 2", BODY, pretty),
        ("indented by 2 became compact", pretty, BODY),
        ("indented by 2 and a line feed became compact", pretty + b"\n", BODY),
        (
            "indented by 4 became compact",
            json.dumps(document, indent=4, ensure_ascii=False).encode(),
            BODY,
        ),
        (
            "indented by tabs became compact",
            json.dumps(document, indent="\t", ensure_ascii=False).encode(),
            BODY,
        ),
        (
            "indented by 2 became by 4",
            pretty,
            json.dumps(document, indent=4, ensure_ascii=False).encode(),
        ),
        ("PHP's became compact", php, BODY),
        ("PHP's became Python's", php, python),
        ("Go's became compact", go, BODY),
        ("Go's with a line feed became Python's", go + b"\n", python),
        (
            "sorted became unsorted",
            json.dumps(
                document, sort_keys=True, ensure_ascii=False, separators=(",", ":")
            ).encode(),
            BODY,
        ),
        (
            "sorted and spaced became unsorted",
            json.dumps(document, sort_keys=True).encode(),
            BODY,
        ),
        ("numbers were JavaScript's", BODY, BODY.replace(b"1000}", b"1e3}")),
        ("numbers were Python's", BODY, BODY.replace(b"1000}", b"1000.0}")),
        ("numbers lost a decimal", BODY.replace(b"12.5", b"12.50"), BODY),
    ]
    lines = b'{\n"a": "1",\n"webhookTimestamp": %d\n}' % (NOW_S * 1000)
    changed = {
        Cause.BODY_RESERIALISED: reserialised,
        Cause.BODY_TRAILING_NEWLINE: [
            ("lost a line feed", BODY + b"\n", BODY),
            ("lost a CRLF", BODY + b"\r\n", BODY),
            ("gained a line feed", BODY, BODY + b"\n"),
            ("gained a CRLF", BODY, BODY + b"\r\n"),
        ],
        Cause.BODY_LINE_ENDS: [
            ("LF became CRLF", lines, lines.replace(b"\n", b"\r\n")),
            ("CRLF became LF", lines.replace(b"\n", b"\r\n"), lines),
        ],
        Cause.BODY_BOM: [
            ("lost", b"\xef\xbb\xbf" + BODY, BODY),
            ("added", BODY, b"\xef\xbb\xbf" + BODY),
        ],
        Cause.BODY_CHARSET: [
            ("Latin-1 became UTF-8", LATIN.encode("latin-1"), LATIN.encode()),
            ("UTF-8 became Latin-1", LATIN.encode(), LATIN.encode("latin-1")),
            ("Windows-1252 became UTF-8", EURO.encode("cp1252"), EURO.encode()),
            ("UTF-8 became Windows-1252", EURO.encode(), EURO.encode("cp1252")),
            ("UTF-8 twice", LATIN.encode(), LATIN.encode().decode("latin-1").encode()),
        ],
        Cause.BODY_COMPRESSED: [
            ("gzip", BODY, gzip.compress(BODY)),
            ("deflate", BODY, zlib.compress(BODY)),
        ],
        Cause.BODY_WRAPPED: [
            ("base64", BODY, base64.b64encode(BODY)),
            ("a JSON string", BODY, as_javascript(BODY.decode())),
            (
                "a gateway's event",
                BODY,
                as_javascript({"body": BODY.decode(), "headers": {}}),
            ),
        ],
        Cause.BODY_CUT: [
            ("signed to 256 bytes", BODY[:256], BODY),
            ("something followed", BODY, BODY + b"<!-- served by a proxy -->"),
            ("the end was cut off", BODY, BODY[:-1]),
        ],
        Cause.BODY_EMPTY: [("read before", b"", BODY)],
        Cause.BODY_FORM: [
            ("%20 became +", FORM.replace(b"+w", b"%20w"), FORM),
            (
                "escapes in lower case",
                FORM,
                FORM.replace(b"%2B", b"%2b").replace(b"%C3%B6", b"%c3%b6"),
            ),
            ("became JSON", b"a=1&text=x+y", b'{"a":"1","text":"x y"}'),
        ],
    }
    for cause, rows in changed.items():
        for name, signed, came in rows:
            yield Spoiler(cause, name, _body(signed, came))


LATIN = f'{{"name":"Zoë","webhookTimestamp":{NOW_S}000}}'
EURO = f'{{"price":"5 €","webhookTimestamp":{NOW_S}000}}'


def _body(signed: bytes, came: bytes) -> Way:
    def way(sample: Sample) -> Sample | None:
        if not covers(sample.provider, "body"):
            return None
        return sample.carrying(signed).signed().with_body(came)

    return way


def form_changes() -> Iterator[Spoiler]:
    """What happens to a form whose fields are signed sorted."""
    for name, came in (
        ("gained a line feed", FORM + b"x\n"),
        ("gained a CRLF", FORM + b"x\r\n"),
    ):
        yield Spoiler(Cause.BODY_TRAILING_NEWLINE, name, _form(FORM + b"x", came))
    yield Spoiler(Cause.BODY_BOM, "added", _form(FORM, b"\xef\xbb\xbf" + FORM))
    yield Spoiler(Cause.BODY_COMPRESSED, "gzip", _form(FORM, gzip.compress(FORM)))
    yield Spoiler(Cause.BODY_EMPTY, "read before", _form(b"", FORM))


def _form(signed: bytes, came: bytes) -> Way:
    def way(sample: Sample) -> Sample | None:
        if not covers(sample.provider, "form fields"):
            return None
        return sample.carrying(signed).signed().with_body(came)

    return way
