"""Reading an answer: whatever comes, in whatever pieces, it settles, and within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.forwarding import RESPONSE_CAP_BYTES
from inspector.core.model import Failure, FailureKind, Response
from inspector.core.text import safe
from inspector.forwarder.answer import (
    DRAIN_BYTES,
    HEAD_LIMIT_BYTES,
    HEADERS_LIMIT,
    INTERIM_LIMIT,
    Answer,
)

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def read(*pieces: bytes, method: str = "POST") -> Answer:
    answer = Answer(method)
    for piece in pieces:
        answer.feed(piece)
    return answer


def response(answer: Answer) -> Response:
    assert isinstance(answer.result, Response), answer.result
    return answer.result


def failure(answer: Answer) -> Failure:
    assert isinstance(answer.result, Failure), answer.result
    return answer.result


WHOLE = {
    "length": (OK, 200, b"ok"),
    "no reason": (b"HTTP/1.1 599\r\nContent-Length: 0\r\n\r\n", 599, b""),
    "1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
    "chunks": (CHUNKED + b"2;x=y\r\nok\r\n1\r\n!\r\n0\r\nX-Trailer: 1\r\n\r\n", 200, b"ok!"),
    "interim": (CONTINUE + b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK, 200, b"ok"),
    "unknown interim": (b"HTTP/1.1 199 ?\r\nX: y\r\n\r\n" + OK, 200, b"ok"),
    "204": (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", 204, b""),
    "304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b""),
    "gzip label": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8bx",
        200,
        b"\x1f\x8bx",
    ),
}


@pytest.mark.parametrize(("wire", "status", "body"), WHOLE.values(), ids=WHOLE)
def test_an_answer_may_come_in_any_two_pieces(wire: bytes, status: int, body: bytes) -> None:
    for cut in range(len(wire)):
        result = response(read(wire[:cut], wire[cut:]))

        assert (result.status, result.body, result.body_bytes) == (status, body, len(body))
        assert not result.truncated


@pytest.mark.parametrize(("wire", "status", "body"), WHOLE.values(), ids=WHOLE)
def test_an_answer_may_come_byte_by_byte(wire: bytes, status: int, body: bytes) -> None:
    result = response(read(*(bytes([each]) for each in wire)))

    assert (result.status, result.body) == (status, body)


def test_headers_keep_order_case_repeats_and_bytes() -> None:
    answer = read(
        b"HTTP/1.1 200 OK\r\nset-COOKIE: a\r\nX: caf\xe9\r\nSet-Cookie: b\r\nEmpty:\r\nContent-Length: 0\r\n\r\n"
    )

    assert response(answer).headers.pairs == (
        (b"set-COOKIE", b"a"),
        (b"X", b"caf\xe9"),
        (b"Set-Cookie", b"b"),
        (b"Empty", b""),
        (b"Content-Length", b"0"),
    )


def test_neither_trailers_nor_interim_headers_are_the_answers() -> None:
    answer = read(b"HTTP/1.1 103 x\r\nLink: 1\r\n\r\n" + CHUNKED + b"0\r\nLate: 1\r\n\r\n")

    assert response(answer).headers.pairs == ((b"Transfer-Encoding", b"chunked"),)


def test_without_a_length_the_body_lasts_until_the_close() -> None:
    answer = read(b"HTTP/1.1 200 OK\r\n\r\nsome", b"thing")
    assert answer.result is None

    answer.end("closed")

    assert response(answer).body == b"something"
    assert not answer.reusable


def test_a_reset_is_no_close() -> None:
    answer = read(b"HTTP/1.1 200 OK\r\n\r\nsome")

    answer.end("reset")

    assert failure(answer).kind is FailureKind.DISCONNECTED


@pytest.mark.parametrize("length", [b"", b"Content-Length: 500\r\n"])
def test_an_answer_to_head_has_no_body(length: bytes) -> None:
    answer = read(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n", method="HEAD")

    assert (response(answer).body, response(answer).body_bytes) == (b"", 0)
    assert answer.reusable is bool(length)


@pytest.mark.parametrize(
    ("wire", "reusable"),
    [
        (OK, True),
        (CHUNKED + b"0\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", False),
        (OK + b"x", False),
        (OK + OK, False),
        (b"HTTP/1.1 204 No Content\r\n\r\nbody after all", False),
    ],
)
def test_the_connection_is_used_again_only_where_both_sides_agree(
    wire: bytes, reusable: bool
) -> None:
    assert read(wire).reusable is reusable
    assert read(wire[:-1], wire[-1:]).reusable is reusable


def test_a_body_after_head_spoils_the_connection() -> None:
    assert not read(OK, method="HEAD").reusable


def test_words_after_the_answer_spoil_the_connection() -> None:
    answer = read(OK)

    answer.feed(b"HTTP/1.1 408 Request Timeout\r\n\r\n")

    assert not answer.reusable
    assert response(answer).status == 200


@pytest.mark.parametrize(
    ("pieces", "sentence"),
    [
        ([], "the target closed the connection without answering"),
        ([b"HTTP/1.1 200 O"], "the target closed the connection after 14 bytes of a head"),
        ([CONTINUE], "the target closed the connection after 25 bytes of a head"),
        (
            [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b"x" * 120],
            "the target closed the connection after status 200 and 120 of 500 body bytes",
        ),
        (
            [CHUNKED + b"5\r\nhello\r\n"],
            "the target closed the connection after status 200 and 5 body bytes without an end",
        ),
    ],
)
def test_a_close_too_early_says_how_far_it_came(pieces: list[bytes], sentence: str) -> None:
    answer = read(*pieces)

    answer.end("closed")

    assert failure(answer) == Failure(FailureKind.DISCONNECTED, sentence)
    assert answer.heard is bool(pieces)


@pytest.mark.parametrize(
    ("wire", "part"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "it begins with 'SSH-2.0-OpenSSH_9.2"),
        (b"\x1b]0;pwned\x07\x9b2J\xff", "it begins with '␛]0;pwned␇\\x9b2J\\xff'"),
        (b"\0", "it begins with '␀'"),
        (b"\x15\x03\x01\x00\x02", "is not HTTP"),
        (b"{}", "it begins with '{}'"),
        (b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "it begins with 'HTTP/2.0 200"),
        (b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n", "it begins with 'HTTP/0.9 200"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "it begins with 'RTSP"),
        (b"HTTP/1.1 099 ?\r\nContent-Length: 0\r\n\r\n", "it begins with 'HTTP/1.1 099"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "Invalid response status"),
        (b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", "Invalid header value"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999999\r\n\r\n", "overflow"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "Content-Length",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "Transfer-Encoding",
        ),
        (
            CHUNKED + b"5\r\nhello\r\nzz\r\n",
            "goes wrong after status 200 and 5 body bytes without an end: Invalid character in chunk",
        ),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", "switched"),
    ],
)
def test_what_is_not_http_is_quoted_safely(wire: bytes, part: str) -> None:
    result = failure(read(wire))

    assert result.kind is FailureKind.MALFORMED
    assert part in result.detail
    assert result.detail.isprintable()


def test_a_long_beginning_is_quoted_shortly() -> None:
    assert len(failure(read(b"<html>" * 50_000)).detail) < 200


def test_interim_answers_are_skipped_but_not_for_ever() -> None:
    assert response(read(CONTINUE * INTERIM_LIMIT + OK)).status == 200

    result = failure(read(CONTINUE * (INTERIM_LIMIT + 1) + OK))

    assert result.kind is FailureKind.MALFORMED
    assert "interim" in result.detail


def test_a_head_has_a_limited_number_of_headers() -> None:
    def wire(count: int) -> bytes:
        return b"HTTP/1.1 204 No Content\r\n" + b"X: 1\r\n" * count + b"\r\n"

    assert len(response(read(wire(HEADERS_LIMIT))).headers) == HEADERS_LIMIT
    assert "headers" in failure(read(wire(HEADERS_LIMIT + 1))).detail


@pytest.mark.parametrize("piece_bytes", [1000, 2**20])
@pytest.mark.parametrize(
    "wire",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * HEAD_LIMIT_BYTES + b"\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"x" * 1000 + b"\r\n") * 70 + b"\r\n",
        b"HTTP/1.1 200 " + b"O" * (HEAD_LIMIT_BYTES + 1000),
    ],
    ids=["one header", "many headers", "reason"],
)
def test_a_head_has_a_limited_length(wire: bytes, piece_bytes: int) -> None:
    pieces = [wire[at : at + piece_bytes] for at in range(0, len(wire), piece_bytes)]

    answer = read(*pieces)

    assert "longer than 64 KiB" in failure(answer).detail


def test_interim_heads_count_towards_the_limit() -> None:
    interim = b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 9000 + b"\r\n\r\n"

    assert "longer than 64 KiB" in failure(read(*[interim] * 8)).detail


def test_a_body_up_to_the_cap_is_kept_whole() -> None:
    body = b"x" * RESPONSE_CAP_BYTES
    wire = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)

    result = response(read(wire + body))

    assert (result.body, result.body_bytes, result.truncated) == (body, len(body), False)


def test_a_longer_body_is_counted_to_its_end() -> None:
    """The target is heard out, so it sees no broken connection, and the next delivery can use this one."""
    whole = RESPONSE_CAP_BYTES + DRAIN_BYTES
    answer = read(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % whole)
    for _ in range(whole // 65536 - 1):
        answer.feed(b"x" * 65536)
    answer.feed(b"x" * 65535)
    assert answer.result is None

    answer.feed(b"x")

    result = response(answer)
    assert len(result.body) == RESPONSE_CAP_BYTES
    assert (result.body_bytes, result.truncated) == (whole, True)
    assert answer.reusable


def test_a_declared_gigabyte_is_cut_at_the_cap() -> None:
    answer = read(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % 2**30)
    fed = 0
    while answer.result is None:
        answer.feed(b"x" * 65536)
        fed += 65536

    result = response(answer)
    assert len(result.body) == RESPONSE_CAP_BYTES
    assert (result.body_bytes, result.truncated) == (2**30, True)
    assert fed <= RESPONSE_CAP_BYTES + 65536
    assert not answer.reusable


@pytest.mark.parametrize(
    ("head", "unit"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536),
        (CHUNKED, b"1\r\nx\r\n" * 10_000),
        (CHUNKED, b"1;" + b"y" * 65536 + b"\r\nx\r\n"),
        (CHUNKED + b"0\r\n", b"Trailer: " + b"y" * 65536 + b"\r\n"),
        (CHUNKED + b"0\r\nTrailer: ", b"y" * 65536),
    ],
    ids=["until close", "tiny chunks", "chunk extensions", "trailers", "one trailer"],
)
def test_an_endless_answer_is_cut(head: bytes, unit: bytes) -> None:
    answer = read(head)
    fed = 0
    while answer.result is None:
        answer.feed(unit)
        fed += len(unit)
        assert fed < 2 * (RESPONSE_CAP_BYTES + DRAIN_BYTES)

    result = response(answer)
    assert result.truncated
    assert len(result.body) <= RESPONSE_CAP_BYTES
    assert result.body_bytes >= len(result.body)
    assert not answer.reusable


def test_time_that_is_over_settles_it() -> None:
    answer = read(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nx")

    answer.expire("no complete answer")

    assert failure(answer) == Failure(FailureKind.TIMEOUT, "no complete answer")


def test_the_first_result_stays() -> None:
    answer = read(b"garbage")
    first = answer.result

    answer.feed(OK)
    answer.end("closed")
    answer.expire("too late")

    assert answer.result is first


@given(st.lists(st.binary() | st.sampled_from([OK, CONTINUE, CHUNKED, b"HTTP/1.1 ", b"\r\n"])))
def test_nothing_a_target_says_raises(pieces: list[bytes]) -> None:
    answer = read(*pieces)

    answer.end("closed")

    assert answer.result is not None
    if isinstance(answer.result, Failure):
        assert answer.result.detail == safe(answer.result.detail)
