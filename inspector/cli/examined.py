"""What `hooktap verify` found out about a request, as JSON and as lines."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from inspector.cli.look import Look, day
from inspector.core.diagnosis import Finding
from inspector.core.model import Verification
from inspector.core.providers import Located
from inspector.core.text import safe
from inspector.core.timestamps import duration
from inspector.core.wire import JSON, finding_to_json, verification_to_json


class Examined(NamedTuple):
    """One request, looked at from all sides."""

    provider: str | None
    """None: nobody named one, and none is recognised."""
    others: Sequence[str]
    """Providers whose deliveries look the same."""
    is_recognised: bool
    """Nobody named the provider."""
    located: Located
    verification: Verification
    findings: Sequence[Finding]
    checked_at_s: float

    def as_json(self) -> JSON:
        """Return it for a program."""
        return {
            "provider": self.provider,
            "recognised": self.is_recognised,
            "others": list(self.others),
            **self.located._asdict(),
            "verification": verification_to_json(self.verification),
            "findings": [finding_to_json(finding) for finding in self.findings],
        }

    def lines(self, look: Look) -> Iterator[str]:
        """Yield it for a person: the verdict, and under it what there is to know."""
        yield f"{look.verdict(self.verification)}: {safe(self.verification.detail)}"
        for name, text in self._facts():
            if text:
                yield f"  {look.faint(f'{name:<10}')} {safe(text)}"

    def _facts(self) -> Iterator[tuple[str, str]]:
        for number, finding in enumerate(self.findings):
            yield "" if number else "because", f"{finding.cause}: {finding.detail}"
        yield "provider", self._whose()
        yield "event", self.located.event or ""
        yield "event id", self.located.event_id or ""
        yield "attempt id", self.located.attempt_id or ""
        yield "covered", ", ".join(self.verification.covered)
        if self.verification.signed_at_s is not None:
            yield "signed at", _signed_at(self.verification.signed_at_s, self.checked_at_s)

    def _whose(self) -> str:
        if self.provider is None:
            return "not recognised: name one with --provider (`hooktap provider list`)"
        if not self.is_recognised:
            return self.provider
        if not self.others:
            return f"{self.provider} (recognised)"
        others = ", ".join(self.others)
        return f"{self.provider} (recognised; it may as well be from {others}: name it with --provider)"


def _signed_at(signed_at_s: int, checked_at_s: float) -> str:
    try:
        when = day(signed_at_s * 1_000_000)
    except (OverflowError, ValueError, OSError):  # no date that a calendar here has
        when = f"{signed_at_s} s after 1970"
    age_s = checked_at_s - signed_at_s
    return f"{when}, {duration(abs(age_s))} {'before' if age_s >= 0 else 'after'} the check"
