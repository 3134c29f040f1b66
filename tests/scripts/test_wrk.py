"""What wrk prints is read, and a run that did not go well is not a figure."""

import pytest

from scripts.benches.wrk import read

PRINTED = """Running 3s test @ http://127.0.0.1:8400/in/jinko
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     7.49ms    3.17ms  44.08ms   80.05%
    Req/Sec     8.66k     1.13k   10.50k    70.00%
  Latency Distribution
     50%  850.00us
     75%    8.95ms
     90%   11.11ms
     99%    1.02s
  25838 requests in 3.00s, 4.93MB read
Requests/sec:   8609.90
Transfer/sec:      1.64MB
"""


def test_it_is_read_in_its_units() -> None:
    seen = read(PRINTED, used_s=2.5838)

    assert seen.requests == 25838
    assert seen.per_s == 8609.90
    assert seen.p50_ms == pytest.approx(0.85)
    assert seen.p99_ms == pytest.approx(1020)
    assert seen.cpu_us == pytest.approx(100)


@pytest.mark.parametrize(
    "line",
    [
        "  Non-2xx or 3xx responses: 1\n",
        "  Socket errors: connect 0, read 1, write 0, timeout 0\n",
    ],
)
def test_one_answer_that_is_not_2xx_spoils_it(line: str) -> None:
    with pytest.raises(ValueError, match="2xx"):
        read(PRINTED + line, used_s=1)


def test_none_answered_is_no_rate() -> None:
    with pytest.raises(ValueError, match="no delivery was answered"):
        read(PRINTED.replace("25838 requests", "0 requests"), used_s=0)


def test_something_else_is_said_so() -> None:
    with pytest.raises(ValueError, match="wrk did not print"):
        read("unable to connect to 127.0.0.1:1 Connection refused\n", used_s=0)
