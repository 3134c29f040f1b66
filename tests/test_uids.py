import uuid

from inspector.uids import Uids


def test_uids_are_version_7_and_never_the_same() -> None:
    """More of them than one fetch of randomness serves; those of one moment differ, and time sorts them."""
    uids = Uids()

    made = [uids.next(moment_us) for moment_us in (1_000_000, 2_000_000) for _ in range(1000)]

    assert len(set(made)) == 2000
    assert {(uuid.UUID(each).version, uuid.UUID(each).variant) for each in made} == {
        (7, uuid.RFC_4122)
    }
    assert max(made[:1000]) < min(made[1000:])


def test_uid_holds_its_time() -> None:
    """The first 48 bits are Unix milliseconds (RFC 9562, 5.7)."""
    assert uuid.UUID(Uids().next(1_780_387_200_123_456)).int >> 80 == 1_780_387_200_123
