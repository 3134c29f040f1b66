"""The page that `scripts/bench --write` writes, and what it leaves alone."""

import re
from datetime import date
from pathlib import Path

import pytest

from scripts.benches.__main__ import chosen, command, read_options
from scripts.benches.figures import Mark, Result, Row
from scripts.benches.machine import file_system
from scripts.benches.report import BY_HAND, INSPECTOR, OF_TERMINAL, TERMINAL, Run, page, table
from scripts.benches.sections import SECTIONS

RUN = Run("./scripts/bench --write", date(2026, 11, 22), "hooktap 0.1.0", "2 cores", 5, 3)
RESULTS = {
    "stored": Result(
        [Row("a rate | of bare", Mark(0.8, "x", at_least=True), [0.9], "8 of 9")], "a  1\nb  2"
    ),
    "latency": Result([Row("a wait", Mark(0.4, "x"), said="no peer")], "c  3"),
}


def test_every_row_is_in_the_table_with_its_verdict() -> None:
    written = page(INSPECTOR, RESULTS, RUN)

    assert "| a rate \\| of bare | ≥ 0.80x | 0.90x | met | 8 of 9 |" in written
    assert "| a wait | ≤ 0.40x | not measured | – | no peer |" in written  # noqa: RUF001
    assert "## stored\n\n```\na  1\nb  2\n```\n" in written
    assert (
        "2026-11-22, `./scripts/bench --write`: 5 rounds of 3 s. hooktap 0.1.0. 2 cores." in written
    )


def test_what_people_wrote_below_it_stays() -> None:
    before = page(INSPECTOR, {}, RUN) + f"\n{BY_HAND}\n\nThe loop's one core.\n"

    once = page(INSPECTOR, RESULTS, RUN, before)
    twice = page(INSPECTOR, RESULTS, RUN, once)

    assert once.endswith(f"\n\n{BY_HAND}\n\nThe loop's one core.\n")
    assert once == twice


def test_a_page_without_that_part_is_replaced_as_a_whole() -> None:
    """Its own mention of the heading is not the heading."""
    assert page(INSPECTOR, RESULTS, RUN, page(INSPECTOR, RESULTS, RUN)) == page(
        INSPECTOR, RESULTS, RUN
    )


def test_each_part_is_written_and_the_other_stays() -> None:
    """Whichever was first, and beside what people wrote."""
    by_hand = f"\n{BY_HAND}\n\nThe loop's one core.\n"
    of_terminal = {"keys": Result([Row("a key", Mark(33, "ms"), [21])], "d  4")}

    first = page(TERMINAL, of_terminal, RUN, page(INSPECTOR, RESULTS, RUN) + by_hand)
    other = page(INSPECTOR, RESULTS, RUN, page(TERMINAL, of_terminal, RUN, by_hand))

    assert first == other == page(TERMINAL, of_terminal, RUN, first)
    assert first.count(f"\n{OF_TERMINAL}\n") == 1
    assert first.index("## latency") < first.index("### keys") < first.index(BY_HAND)
    assert "| a key | ≤ 33.0 ms | 21.0 ms | met |  |" in first


def test_a_terminal_gets_the_same_rows() -> None:
    shown = table([row for result in RESULTS.values() for row in result.rows])

    assert re.search(r"^a rate \| of bare +≥ 0\.80x +0\.90x +met$", shown, re.MULTILINE)
    assert shown.endswith("\nnot measured: a wait: no peer")


# The command line


def test_without_names_everything_is_measured_but_what_is_of_the_terminal() -> None:
    inspector, terminal = chosen(read_options([])), chosen(read_options(["--tui"]))

    assert [*inspector, *terminal] == list(SECTIONS)
    assert terminal == ["opened", "found", "keys", "held", "watched"]


def test_quick_leaves_out_what_takes_many_deliveries() -> None:
    quick = chosen(read_options(["--quick"]))

    assert "stored" in quick
    assert not {"memory", "size", "pages", "full"} & set(quick)


@pytest.mark.parametrize("words", [["--filled", "/some/where"], ["--filled=/some/where"]])
def test_no_folder_of_this_machine_is_written(words: list[str]) -> None:
    options = read_options(["--tui", *words, "--write"])

    assert command(["--tui", *words, "--write"], options.filled) == "./scripts/bench --tui --write"


def test_named_sections_are_measured_in_their_order() -> None:
    """The size before anything else is stored."""
    assert chosen(read_options(["full", "size"])) == ["size", "full"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--write", "stored"],
        ["--write", "--quick"],
        ["--write", "--deliveries", "1000"],
        ["--write", "--tui", "--minutes", "1"],
        ["--write", "--filled", "some"],
        ["--minutes", "0"],
        ["nothing"],
        ["--rounds", "0"],
        ["--connections", "-1"],
    ],
)
def test_half_a_page_is_not_written_nor_nonsense_measured(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read_options(arguments)

    assert ended.value.code == 2
    assert "bench: error:" in capsys.readouterr().err


# The machine


def test_a_folder_is_on_the_nearest_mount() -> None:
    mounts = "/dev/a / ext4 rw 0 0\ntmpfs /tmp tmpfs rw 0 0\nproc /proc proc rw 0 0\n"

    assert file_system(Path("/tmp/some"), mounts) == "tmpfs"
    assert file_system(Path("/srv"), mounts) == "ext4"
    assert file_system(Path("/tmpfiles"), mounts) == "ext4"
    assert file_system(Path("/srv"), "") == "unknown"
