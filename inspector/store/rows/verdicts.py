"""What later checks of deliveries came to, as rows and back."""

from inspector.core.model import Outcome, Verdict, Verification
from inspector.store.rows.guard import GUARD, NONSENSE
from inspector.store.seals import checksum, damaged
from inspector.store.values import Row, covered_from_text, covered_to_text, integer, text

INSERT_VERDICTS = """
    INSERT INTO verdict (
        id, delivery_id, checked_at_us, provider, outcome, detail, covered, secret_index, signed_at_s, checksum
    ) VALUES {rows}
"""
VERDICT_COLUMNS = 10

SELECT_VERDICTS = f"""
    SELECT
        id, delivery_id, checked_at_us, provider, outcome, detail, covered, secret_index, signed_at_s, checksum,
        {GUARD}
    FROM verdict
"""  # noqa: S608 - constants


def verdict_row(verdict: Verdict) -> Row:
    """Return what `INSERT_VERDICTS` takes for one, without the id."""
    verification = verdict.verification
    return (
        integer(verdict.delivery_id),
        integer(verdict.checked_at_us),
        text(verdict.provider),
        verification.outcome.value,
        text(verification.detail),
        covered_to_text(verification.covered),
        integer(verification.secret_index),
        integer(verification.signed_at_s),
    )


def sealed_verdict_row(row: Row, number: int, salt: int) -> Row:
    """Return a whole row of `INSERT_VERDICTS`, of one that `verdict_row` made."""
    return (number, *row, checksum(row, number, salt))


def verdict_from_row(row: Row) -> Verdict:
    """Give back a verdict of `SELECT_VERDICTS`. Raises StorageError if it is damaged."""
    number, delivery_id, checked_at_us, provider, *verification, kept, salt, upto = row
    try:
        if number > upto and kept != checksum(row[1:9], number, salt):
            raise ValueError(number)
        return Verdict(
            number, delivery_id, checked_at_us, provider, verification_from_columns(*verification)
        )
    except NONSENSE:
        raise damaged("verdict", number) from None


def verification_from_columns(
    outcome: str, detail: str, covered: str, secret_index: int | None, signed_at_s: int | None
) -> Verification:
    """Give back a verification from what it was stored as. Raises one of `NONSENSE`."""
    return Verification(
        outcome=Outcome(outcome),
        detail=detail,
        secret_index=secret_index,
        signed_at_s=signed_at_s,
        covered=covered_from_text(covered),
    )
