"""Whose address a request came from: nobody can write himself another one."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.headers import Headers
from inspector.core.peers import Sender, is_loopback, is_within, read_address, sender_of
from tests import factories

PROXIES = (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"), ip_network("::1"))
STRANGER = ip_address("203.0.113.7")
PROXY = ip_address("127.0.0.1")


def sender(*forwarded_for: bytes, peer: str = "127.0.0.1:50000") -> Sender:
    headers = Headers(tuple((b"x-forwarded-FOR", value) for value in forwarded_for))
    return sender_of(factories.request(peer=peer, headers=headers), PROXIES)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:443", "203.0.113.7"),
        ("[2001:DB8::7]:443", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:cb00:7107]:1", "203.0.113.7"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%eth0]:80", "fe80::1"),
    ],
)
def test_an_address_with_or_without_port(text: str, address: str) -> None:
    assert read_address(text) == ip_address(address)


@pytest.mark.parametrize(
    "text",
    ["", ":", "unknown", "_hidden", "example.com:80", "203.0.113", "203.0.113.007", "203.0.113.7:", "203.0.113.7:x",
     "[203.0.113.7", "2001:db8::7]:1", "[]:1", "203.0.113.7%eth0", "2130706433", "0x7f.1", "1" * 100_000,
     "203.0.113.7, 10.0.0.1", "203.0.113.7\n", "\u0661.1.1.1", "\x00", "::1%"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert read_address(text) is None


@given(st.ip_addresses(), st.integers(0, 65535))
def test_a_peer_is_read_as_the_receiver_writes_it(
    address: IPv4Address | IPv6Address, port: int
) -> None:
    written = f"[{address}]:{port}" if address.version == 6 else f"{address}:{port}"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None

    assert read_address(written) == (mapped or address)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    read_address(text)


def test_a_network_holds_its_own_family() -> None:
    assert is_within(STRANGER, [ip_network("203.0.113.0/24")])
    assert not is_within(STRANGER, [ip_network("::/0"), ip_network("198.51.100.0/24")])
    assert not is_within(STRANGER, [])


@pytest.mark.parametrize("peer", ["203.0.113.7:1", "[::ffff:203.0.113.7]:1"])
def test_a_strangers_word_is_not_taken(peer: str) -> None:
    """Whoever connects himself can write the header as he likes."""
    assert sender(b"10.0.0.1", b"127.0.0.1", peer=peer) == Sender(STRANGER)


@pytest.mark.parametrize("peer", ["", "nobody", "/run/socket"])
def test_a_request_without_a_peer_has_no_sender(peer: str) -> None:
    """Read from a file, say. The header counts for nothing there."""
    assert sender(b"203.0.113.7", peer=peer) == Sender(None)


def test_a_proxy_that_names_nobody_speaks_for_itself() -> None:
    assert sender() == Sender(PROXY, PROXY)
    assert sender(b"", b" , ,\t") == Sender(PROXY, PROXY)


@pytest.mark.parametrize(
    "forwarded_for",
    [
        (b"203.0.113.7",),
        (b"203.0.113.7:55555",),
        (b" 203.0.113.7\t",),
        (b"203.0.113.7, 10.1.2.3, ::1",),
        (b"203.0.113.7", b"10.1.2.3"),
        (b"203.0.113.7,", b",10.1.2.3,"),
        (b"198.51.100.9, 203.0.113.7",),
        (b"198.51.100.9", b"203.0.113.7, 10.1.2.3"),
        (b"10.1.2.3, 203.0.113.7",),
        (b"unknown, \xff\x00, 203.0.113.7",),
        (b"::ffff:203.0.113.7",),
        (b"1.1.1.1," * 10_000 + b"203.0.113.7",),
    ],
)
def test_the_rightmost_that_is_no_proxy_counts(forwarded_for: tuple[bytes, ...]) -> None:
    """What stands left of it is what that sender wrote: here, lies."""
    assert sender(*forwarded_for) == Sender(STRANGER, PROXY)


@pytest.mark.parametrize(
    "forwarded_for",
    [
        (b"unknown",),
        (b"203.0.113.7, unknown",),
        (b"203.0.113.7 10.0.0.1",),
        (b"203.0.113.7", b"_hidden, 10.1.2.3"),
        (b"203.0.113.7, \xff",),
        (b'"203.0.113.7"',),
        (b"for=203.0.113.7",),
    ],
)
def test_a_name_that_cannot_be_read_is_nobodys(forwarded_for: tuple[bytes, ...]) -> None:
    """Looking further left would be to take a stranger at his word."""
    assert sender(*forwarded_for) == Sender(None, PROXY)


def test_where_all_are_proxies_the_farthest_counts() -> None:
    assert sender(b"10.9.9.9, 10.1.2.3") == Sender(ip_address("10.9.9.9"), PROXY)


def test_a_list_of_proxies_has_an_end() -> None:
    """Whatever is longer than any chain of proxies tells nothing, and costs nothing."""
    assert sender(b"10.1.2.3," * 100_000) == Sender(None, PROXY)
    assert sender(*[b"10.1.2.3"] * 30, b"") == Sender(ip_address("10.1.2.3"), PROXY)


@given(st.lists(st.binary(max_size=40)))
def test_nothing_in_front_of_it_moves_the_sender(lies: list[bytes]) -> None:
    assert sender(*lies, b"203.0.113.7, 10.1.2.3") == Sender(STRANGER, PROXY)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("", False),
        ("localhost.example.test", False),
        ("127.0.0.1.example.test", False),
        ("127.1", False),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_a_host_that_is_this_machine_by_its_name(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback
