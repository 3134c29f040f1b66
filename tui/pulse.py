"""How much came in the last minutes and how much of it went wrong: counted second by second, from the records alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from inspector.core.briefs import Brief, Kind, News
from inspector.core.model import Attempt, Delivery

SPAN_S = 300
"""So far back it remembers."""
RATE_S = 10
"""Over so many seconds a rate is taken."""
SECOND_US = 1_000_000


@dataclass(slots=True)
class Beat:
    """What happened in some time."""

    arrivals: int = 0
    invalid: int = 0
    """Deliveries that failed their check on arrival."""
    failed: int = 0
    """Attempts that the target did not answer with 2xx."""

    def add(self, other: "Beat") -> None:
        """Count what happened in another time as well."""
        self.arrivals += other.arrivals
        self.invalid += other.invalid
        self.failed += other.failed


class Pulse:
    """The last minutes, whatever order records come in: each counts at its own time."""

    def __init__(self) -> None:
        self._seconds: dict[int, Beat] = {}

    def note(self, records: Iterable[News], now_us: int) -> None:
        """Count records, but none from before the span: catching up is no storm."""
        oldest = now_us // SECOND_US - SPAN_S
        for record in records:
            match record:
                case Delivery(received_at_us=at_us) if at_us // SECOND_US > oldest:
                    beat = self._at(at_us)
                    beat.arrivals += 1
                    beat.invalid += record.is_invalid
                case Attempt(started_at_us=at_us) if at_us // SECOND_US > oldest:
                    self._at(at_us).failed += not record.succeeded
                case Brief(at_us=at_us, kind=kind, failed=failed) if at_us // SECOND_US > oldest:
                    beat = self._at(at_us)
                    if kind is Kind.DELIVERY:
                        beat.arrivals += 1
                        beat.invalid += failed
                    else:
                        beat.failed += failed
        if len(self._seconds) > 2 * SPAN_S:
            self._seconds = {at: beat for at, beat in self._seconds.items() if at > oldest}

    def rate(self, now_us: int) -> float:
        """Return how many deliveries a second came just now."""
        now_s = now_us // SECOND_US
        # Not this second: it is not over, and would make every rate look lower.
        recent = [self._seconds.get(now_s - back) for back in range(1, RATE_S + 1)]
        return sum(beat.arrivals for beat in recent if beat) / RATE_S

    def total(self, now_us: int) -> Beat:
        """Return what happened in the whole span."""
        return self.columns(now_us, 1)[0]

    def columns(self, now_us: int, count: int) -> list[Beat]:
        """Return the span in `count` parts, oldest first; the last one goes up to now."""
        columns = [Beat() for _ in range(count)]
        oldest = now_us // SECOND_US - SPAN_S
        for at_s, beat in self._seconds.items():
            if 0 < at_s - oldest <= SPAN_S:
                columns[(at_s - oldest - 1) * count // SPAN_S].add(beat)
        return columns

    def _at(self, at_us: int) -> Beat:
        beat = self._seconds.get(at_us // SECOND_US)
        if beat is None:
            beat = self._seconds[at_us // SECOND_US] = Beat()
        return beat
