"""What the target gets for a delivery, to the byte."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.forwarding import (
    DELIVERY_ID,
    HOPS,
    check_target,
    has_passed,
    head,
    normalise_target,
    outgoing,
    parse_target,
    reply_headers,
    split_ingress,
    split_segment,
)
from inspector.core.headers import HeaderPair, Headers
from inspector.core.model import Request
from tests import factories

TARGET = parse_target("http://127.0.0.1:3000/webhooks/jinko")
UID = (DELIVERY_ID, factories.delivery().uid.encode())


def sent(*pairs: HeaderPair, method: str = "POST", body: bytes = b"{}") -> list[HeaderPair]:
    """The pairs a target gets for these pairs."""
    request = factories.request(method=method, headers=Headers(pairs), body=body)
    return list(outgoing(factories.delivery(request=request), TARGET).headers.pairs)


def path(base: str, target: bytes, secret_path: bytes = b"") -> bytes:
    """The request target that a base URL gets for a delivery's."""
    delivery = factories.delivery(request=factories.request(target=target))
    return outgoing(delivery, parse_target(base), secret_path=secret_path).target


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/in/demo", b"/hooks"),
        (b"/in/demo/", b"/hooks/"),
        (b"/in/demo/extra?x=%zz", b"/hooks/extra?x=%zz"),
        (b"/in/demo?", b"/hooks?"),
        (b"/in/demo?a=1&a=2&&=", b"/hooks?a=1&a=2&&="),
        (b"/in/demo?a?b", b"/hooks?a?b"),
        (b"/in/demo//a//b/", b"/hooks//a//b/"),
        (b"/in/demo/a%2Fb%2f%7E~", b"/hooks/a%2Fb%2f%7E~"),
        (b"/in/demo/../../etc/./passwd", b"/hooks/../../etc/./passwd"),
        (b"/in/demo/x#frag?no", b"/hooks/x#frag?no"),
        (b"/in/demo#", b"/hooks#"),
        (b"/in/demo/\xff\xe9", b"/hooks/\xff\xe9"),
        (b"/in/demo/in/demo", b"/hooks/in/demo"),
        (b"http://tunnel.example/in/demo/x?y", b"/hooks/x?y"),
        (b"HTTPS://[::1]:8400/in/demo", b"/hooks"),
        (b"/elsewhere?x", b"/hooks/elsewhere?x"),
    ],
)
def test_what_follows_the_endpoint_is_appended_as_it_is(target: bytes, expected: bytes) -> None:
    assert path("http://127.0.0.1:3000/hooks", target) == expected


@pytest.mark.parametrize(
    ("base", "target", "expected"),
    [
        ("http://h", b"/in/demo", b"/"),
        ("http://h/", b"/in/demo", b"/"),
        ("http://h", b"/in/demo?x", b"/?x"),
        ("http://h/", b"/in/demo/x", b"/x"),
        ("http://h/a/", b"/in/demo", b"/a/"),
        ("http://h/a/", b"/in/demo/x", b"/a/x"),
        ("http://h/a//", b"/in/demo//x", b"/a///x"),
        ("http://h/%2e%2E/a", b"/in/demo", b"/%2e%2E/a"),
        ("http://h/a?token=a", b"/in/demo?x=1", b"/a?token=a&x=1"),
        ("http://h/a?token=a", b"/in/demo/b", b"/a/b?token=a"),
        ("http://h/a?token=a", b"/in/demo?", b"/a?token=a"),
        ("http://h?token=a", b"/in/demo?x#f", b"/?token=a&x#f"),
    ],
)
def test_base_path_and_query_come_first(base: str, target: bytes, expected: bytes) -> None:
    assert path(base, target) == expected


@given(st.sampled_from([b"/", b"?", b"#"]), st.binary())
def test_any_suffix_survives(first: bytes, rest: bytes) -> None:
    suffix = first + rest

    assert split_ingress(b"/in/demo" + suffix) == ("demo", suffix)
    assert path("http://h/a", b"/in/demo" + suffix) == b"/a" + suffix


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/in/demo/S3CR3T", b"/hooks"),
        (b"/in/demo/S3CR3T/", b"/hooks/"),
        (b"/in/demo/S3CR3T?x=1", b"/hooks?x=1"),
        (b"/in/demo/S3CR3T#f", b"/hooks#f"),
        (b"/in/demo/S3CR3T/extra?x=1", b"/hooks/extra?x=1"),
        (b"/in/demo/S3CR3T/S3CR3T", b"/hooks/S3CR3T"),
        (b"/in/demo/S3CR3T//x", b"/hooks//x"),
        (b"https://tunnel.example/in/demo/S3CR3T/x", b"/hooks/x"),
        (b"/in/demo", b"/hooks"),
        (b"/in/demo/", b"/hooks/"),
        (b"/in/demo/other/S3CR3T", b"/hooks/other/S3CR3T"),
        (b"/in/demo/S3CR3", b"/hooks/S3CR3"),
        (b"/in/demo/S3CR3T2/x", b"/hooks/S3CR3T2/x"),
        (b"/in/demo/s3cr3t/x", b"/hooks/s3cr3t/x"),
        (b"/in/demo//S3CR3T", b"/hooks//S3CR3T"),
        (b"/in/demo?/S3CR3T/x", b"/hooks?/S3CR3T/x"),
        (b"/S3CR3T/x", b"/hooks/S3CR3T/x"),
    ],
)
def test_the_secret_segment_is_part_of_our_address(target: bytes, expected: bytes) -> None:
    """Where it stands right after the endpoint it is left out, like the endpoint; nowhere else."""
    assert path("http://127.0.0.1:3000/hooks", target, b"S3CR3T") == expected


@given(st.binary())
def test_an_empty_secret_takes_nothing_away(suffix: bytes) -> None:
    segment, rest = split_segment(suffix)

    assert suffix in (segment + rest, b"/" + segment + rest)
    assert path("http://h/a", b"/in/demo/" + suffix) == b"/a/" + suffix


@pytest.mark.parametrize(
    "target", [b"", b"/", b"/in", b"/in/", b"/in//x", b"/in/?x", b"/IN/demo", b"/x/in/demo", b"*"]
)
def test_what_is_not_below_in_names_no_endpoint(target: bytes) -> None:
    assert split_ingress(target) is None


def test_headers_keep_order_case_and_repeats() -> None:
    """Only Host and Content-Length have other values, each in its place and spelling."""
    assert sent(
        (b"X-Dup", b"1"),
        (b"hOST", b"tunnel.example"),
        (b"x-dup", b"2"),
        (b"Latin", b"caf\xe9 \x7f"),
        (b"content-LENGTH", b"17"),
        (b"Empty", b""),
        (b"X-Dup", b"1"),
    ) == [
        (b"X-Dup", b"1"),
        (b"hOST", b"127.0.0.1:3000"),
        (b"x-dup", b"2"),
        (b"Latin", b"caf\xe9 \x7f"),
        (b"content-LENGTH", b"2"),
        (b"Empty", b""),
        (b"X-Dup", b"1"),
        UID,
    ]


def test_an_absent_host_comes_first() -> None:
    """HTTP/1.0 knows deliveries without Host."""
    assert sent((b"A", b"1"))[:2] == [(b"Host", b"127.0.0.1:3000"), (b"A", b"1")]


def test_of_several_hosts_one_is_sent() -> None:
    pairs = sent((b"Host", b"a"), (b"A", b"1"), (b"host", b"b"))

    assert pairs[:2] == [(b"Host", b"127.0.0.1:3000"), (b"A", b"1")]
    assert b"host" not in [name for name, _ in pairs]


def test_chunks_become_a_length_in_their_place() -> None:
    assert sent((b"Host", b"a"), (b"transfer-encoding", b"chunked"), (b"B", b"2")) == [
        (b"Host", b"127.0.0.1:3000"),
        (b"Content-Length", b"2"),
        (b"B", b"2"),
        UID,
    ]


@pytest.mark.parametrize(
    ("method", "body", "had", "length"),
    [
        ("GET", b"", [], None),
        ("HEAD", b"", [], None),
        ("DELETE", b"", [], None),
        ("POST", b"", [], b"0"),
        ("PUT", b"", [], b"0"),
        ("PATCH", b"", [], b"0"),
        ("GET", b"", [(b"Content-Length", b"0")], b"0"),
        ("GET", b"", [(b"Transfer-Encoding", b"chunked")], b"0"),
        ("GET", b"x", [], b"1"),
        ("POST", b"\0" * 70_000, [(b"Content-Length", b"5")], b"70000"),
    ],
)
def test_framing_is_ours(
    method: str, body: bytes, had: list[HeaderPair], length: bytes | None
) -> None:
    """RFC 9110, 8.6: no length where an empty body means nothing, unless there was one."""
    headers = Headers(tuple(sent((b"Host", b"a"), *had, method=method, body=body)))

    assert headers.get_all(b"Content-Length") == ([] if length is None else [length])
    assert headers.get(b"Transfer-Encoding") is None


@pytest.mark.parametrize(
    "name",
    [
        b"Connection",
        b"Keep-Alive",
        b"Proxy-Connection",
        b"proxy-authenticate",
        b"Proxy-Authorization",
        b"TE",
        b"Trailer",
        b"Upgrade",
        b"EXPECT",
        b"hooktap-delivery-ID",
    ],
)
def test_hop_by_hop_fields_end_here(name: bytes) -> None:
    """Expect too, since nobody waits for 100; and inbound copies of our own field, which could pass for it."""
    assert sent((b"Host", b"a"), (name, b"x"), (b"Content-Length", b"2"), (name, b"y")) == [
        (b"Host", b"127.0.0.1:3000"),
        (b"Content-Length", b"2"),
        UID,
    ]


def test_fields_named_in_connection_end_here_wherever_they_stand() -> None:
    pairs = sent(
        (b"X-Before", b"1"),
        (b"Connection", b"close, X-BEFORE ,,HTTP2-Settings"),
        (b"http2-settings", b"AAM"),
        (b"connection", b"x-after"),
        (b"X-After", b"1"),
        (b"Close", b"a field of that name is not the option"),
    )

    names = [name for name, _ in pairs]
    assert names == [b"Host", b"Close", b"Content-Length", DELIVERY_ID]


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "Content-Length",
        "Content-Type",
        "Hooktap-Delivery-Id",
        "Authorization",
        "Date",
        "X-Hub-Signature-256",
        "X-Bokun-HMAC",
        "X-Sig",
        "X-Ts",
        "X-Gitlab-Token",
        "X-Hook-Secret",
        "X-Request-UUID",
        "Idempotency-Key",
        "X-Trello-Webhook",
        "Twitch-Eventsub-Message-Type",
    ],
)
def test_no_sender_can_take_a_signature_away(name: str) -> None:
    """`Connection: X-Hub-Signature-256` would make a forged delivery look like an unsigned one (T28)."""
    pair = (name.encode(), b"1")
    named = sent((b"Connection", name.encode()), (b"connection", name.lower().encode()), pair)

    assert named == sent(pair)
    assert pair[0] in [each for each, _ in named]


def test_nor_any_header_a_provider_file_reads() -> None:
    files = (Path(__file__).parents[2] / "inspector" / "providers").glob("*.toml")
    names = {name for each in files for name in re.findall(r"header:([\w-]+)", each.read_text())}

    for name in names:
        pair = (name.encode(), b"1")
        assert pair in sent((b"Connection", name.encode()), pair), name


OURS = b"0123456789abcdef"
NAMES = [b"%016x" % number for number in range(40)]


def hops(*values: bytes, hop: bytes = OURS) -> list[bytes]:
    """Return what the target is told of the hops, when these fields arrived."""
    names = (HOPS, b"hooktap-hops", b"HOOKTAP-HOPS")
    pairs = tuple((names[number % 3], value) for number, value in enumerate(values))
    delivery = factories.delivery(request=factories.request(headers=Headers(pairs)))
    return outgoing(delivery, TARGET, hop=hop).headers.get_all(HOPS)


def test_each_inspector_adds_its_name() -> None:
    assert hops() == [OURS]
    assert hops(NAMES[1]) == [NAMES[1] + b", " + OURS]
    assert hops(NAMES[1] + b" ,\t" + NAMES[2], NAMES[3]) == [
        b", ".join([*NAMES[1:4], OURS]),
    ]


def test_nobody_writes_into_our_field() -> None:
    """What is no name is left out, and of many the oldest: the field neither lies nor grows (T29)."""
    assert hops(b"", b"app, \xff", b"0123456789ABCDEF;x=1", b"x" * 8000) == [OURS]
    assert hops(b",".join(NAMES)) == [b", ".join([*NAMES[-15:], OURS])]
    assert hops(NAMES[1], hop=b"") == []


def test_only_its_own_name_tells_an_inspector_that_it_was_passed() -> None:
    def passed(*values: bytes) -> bool:
        pairs = tuple((b"hooktap-hops", value) for value in values)
        return has_passed(factories.request(headers=Headers(pairs)), OURS)

    assert passed(OURS)
    assert passed(b",".join([*NAMES, OURS]))
    assert passed(NAMES[1], NAMES[2] + b" , " + OURS + b"\t")
    assert not passed()
    assert not passed(b"", b"*", OURS + b"0", b"0" + OURS, OURS[:-1], OURS.upper())
    assert not passed(*[b",".join(NAMES)] * 50)


def test_method_and_body_pass_as_they_are() -> None:
    body = bytes(range(256)) + b"\r\n\r\n\x1b[2J"
    request = factories.request(method="PURGE", body=body)

    out = outgoing(factories.delivery(request=request), TARGET)

    assert (out.method, out.body) == ("PURGE", body)


def test_a_head_is_written_out() -> None:
    request = Request(
        "POST", b"/a?b", Headers(((b"Host", b"h"), (b"X", b""), (b"X", b"\xff"))), b""
    )

    assert head(request) == b"POST /a?b HTTP/1.1\r\nHost: h\r\nX: \r\nX: \xff\r\n\r\n"


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": Headers(((b"X", b"a\r\nEvil: 1"),))},
        {"headers": Headers(((b"X", b"a\nEvil: 1"),))},
        {"headers": Headers(((b"X", b"a\rb"),))},
        {"headers": Headers(((b"X", b"a\0"),))},
        {"headers": Headers(((b"X\r\nEvil", b"1"),))},
        {"headers": Headers(((b"X: 1", b"1"),))},
        {"headers": Headers(((b"X ", b"1"),))},
        {"headers": Headers(((b"", b"1"),))},
        {"headers": Headers(((b"\xe9", b"1"),))},
        {"target": b"/in/demo/a b"},
        {"target": b"/in/demo/ HTTP/1.1\r\nEvil: 1"},
        {"method": "POST /evil HTTP/1.1\r\nX:"},
        {"method": "PO ST"},
        {"method": ""},
        {"method": "P\u00d6ST"},
    ],
)
def test_nothing_can_be_slipped_into_a_head(changes: dict[str, object]) -> None:
    delivery = factories.delivery(request=factories.request(**changes))

    with pytest.raises(ValueError, match=r"cannot be sent|can be sent"):
        head(outgoing(delivery, TARGET))


def test_the_way_back_has_the_same_hops() -> None:
    """The sender's connection has its own framing; everything else of the answer is the target's."""
    answer = factories.headers(
        ("Set-Cookie", "a=1"),
        ("Connection", "close, X-Hop"),
        ("x-hop", "1"),
        ("Transfer-Encoding", "chunked"),
        ("Content-Encoding", "gzip"),
        ("set-cookie", "b=2"),
        ("Content-Length", "5"),
        ("Keep-Alive", "timeout=5"),
    )

    assert reply_headers(answer) == factories.headers(
        ("Set-Cookie", "a=1"), ("Content-Encoding", "gzip"), ("set-cookie", "b=2")
    )


@pytest.mark.parametrize(
    ("url", "scheme", "host", "port", "authority"),
    [
        ("http://127.0.0.1:3000/x", "http", "127.0.0.1", 3000, b"127.0.0.1:3000"),
        ("http://localhost", "http", "localhost", 80, b"localhost"),
        ("https://localhost", "https", "localhost", 443, b"localhost"),
        ("HTTP://LocalHost:80/", "http", "localhost", 80, b"LocalHost:80"),
        ("http://[::1]:3000", "http", "::1", 3000, b"[::1]:3000"),
        ("http://[::FFFF:127.0.0.1]", "http", "::ffff:127.0.0.1", 80, b"[::FFFF:127.0.0.1]"),
        ("http://my_app.test:/", "http", "my_app.test", 80, b"my_app.test"),
        ("http://2130706433:1", "http", "2130706433", 1, b"2130706433:1"),
    ],
)
def test_a_target_is_taken_apart(
    url: str, scheme: str, host: str, port: int, authority: bytes
) -> None:
    target = parse_target(url)

    assert target.origin == (scheme, host, port)
    assert target.authority == authority
    assert check_target(url) is None


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("", "percent-encode"),
        ("127.0.0.1:3000", "starts with http://"),
        ("ftp://127.0.0.1/", "starts with http://"),
        ("file:///etc/passwd", "starts with http://"),
        ("http:127.0.0.1", "starts with http://"),
        ("http:///x", "starts with http://"),
        ("http://user:pw@127.0.0.1/", "user name or password"),
        ("http://@127.0.0.1/", "user name or password"),
        ("http://127.0.0.1:0/", "names no host and port"),
        ("http://127.0.0.1:65536/", "port out of range"),
        ("http://127.0.0.1:3000x/", "port could not be cast"),
        ("http://:3000/", "names no host"),
        ("http://a%20b/", "names no host"),
        ("http://a,b/", "names no host"),
        ("http://[::1", "invalid IPv6"),
        ("http://[fe80::1%25eth0]/", "names no host"),
        ("http://127.0.0.1/#top", "fragment"),
        ("http://127.0.0.1/a b", "percent-encode"),
        ("http://127.0.0.1/\r\nEvil:1", "percent-encode"),
        ("http://127.0.0.1/\x1b[2J", "percent-encode"),
        ("http://b\u00fccher.example/", "percent-encode"),
    ],
)
def test_a_wrong_target_is_told_in_a_sentence(url: str, complaint: str) -> None:
    sentence = check_target(url)

    assert sentence is not None
    assert complaint in sentence
    assert sentence.isprintable()


def test_a_password_is_not_repeated() -> None:
    assert "hunter2" not in str(check_target("http://me:hunter2@127.0.0.1/"))


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("3000", "http://127.0.0.1:3000"),
        (" 3000\n", "http://127.0.0.1:3000"),
        (":3000", "http://127.0.0.1:3000"),
        ("3000/webhooks?x", "http://127.0.0.1:3000/webhooks?x"),
        ("99999", "http://127.0.0.1:99999"),
        ("localhost:3000/x", "http://localhost:3000/x"),
        ("127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("[::1]:3000", "http://[::1]:3000"),
        ("app.test", "http://app.test"),
        ("2130706433", "http://2130706433"),
        ("https://localhost/x", "https://localhost/x"),
        ("ftp://localhost", "ftp://localhost"),
        ("", "http://"),
    ],
)
def test_a_target_may_be_written_shorter(text: str, url: str) -> None:
    assert normalise_target(text) == url


def test_the_shown_url_is_inert() -> None:
    request = Request("GET", b"/a\x1b[2J\xff", Headers(), b"")

    assert TARGET.url(request) == "http://127.0.0.1:3000/a␛[2J\\xff"
