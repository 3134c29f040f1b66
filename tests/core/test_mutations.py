"""Breaks the checking of signatures in many ways, one at a time, and sees each of them noticed.

The bugs are in `mutations/bugs.toml`, each with the check that has to notice; the checks are beside it, and tests here.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.core.mutations import bugs, runner
from tests.core.mutations.bugs import Bug

BUGS = bugs.load()
CHECKS = runner.checks()

Try = Callable[[Bug], str]


@pytest.fixture(scope="module", name="tried")
def run_checks() -> Iterator[Try]:
    """Give what breaks the product, in a process of its own, and says what became of the check."""
    command = [sys.executable, "-m", "tests.core.mutations.runner"]
    with subprocess.Popen(
        command, cwd=bugs.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def tried(bug: Bug) -> str:
            line = {"file": bug.file, "changes": bug.changes, "by": bug.by}
            stdin.write(json.dumps(line) + "\n")
            stdin.flush()
            return stdout.readline().strip()

        yield tried
        stdin.close()


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_unbroken(check: runner.Check) -> None:
    check()


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_bug_is_noticed(bug: Bug, tried: Try) -> None:
    for old, new in bug.changes:
        found = bug.source.count(old)
        assert found == 1, (
            f"{bug.file} has changed, and this bug cannot be put into it any more: "
            f"write it anew in tests/core/mutations/bugs.toml, in place of {old!r}"
        )
        assert old != new

    outcome = tried(bug)

    assert outcome == "failed", f"'{bug.name}' was not noticed by {bug.by}: {outcome}"


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_passes_there_without_a_bug(check: str, tried: Try) -> None:
    """So whatever fails in that process, a bug made fail."""
    assert tried(Bug("none", check, BUGS[0].file, ())) == "passed"


def test_every_check_has_a_bug() -> None:
    """One that no bug makes fail would tell nothing."""
    assert {bug.by for bug in BUGS} == set(CHECKS)
    assert len({bug.name for bug in BUGS}) == len(BUGS)
