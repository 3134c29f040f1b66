from inspector.store.rows import size_bytes


def test_size_counts_every_byte_and_allows_for_the_rest() -> None:
    small, large = (
        size_bytes(("abc", 7, None, b"")),
        size_bytes(("abc", b"h" * 5000, None, b"b" * 70_000)),
    )

    assert large - small == 75_000
    assert small >= len("abc")
