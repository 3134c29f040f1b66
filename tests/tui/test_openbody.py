from pathlib import Path

import pytest

from inspector.errors import HooktapError
from tui.openbody import pager, save


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, ["less"]),
        ({"PAGER": "", "EDITOR": "vi"}, ["vi"]),
        ({"PAGER": "less -R", "EDITOR": "vi"}, ["less", "-R"]),
        ({"VISUAL": "'my editor' -w", "EDITOR": "vi"}, ["my editor", "-w"]),
    ],
)
def test_pager(environ: dict[str, str], words: list[str]) -> None:
    assert pager(environ) == words


def test_pager_that_cannot_be_read() -> None:
    with pytest.raises(HooktapError, match="PAGER cannot be read"):
        pager({"PAGER": "less '"})


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("application/vnd.api+JSON", "delivery-7-body.json"),
        ("image/png", "delivery-7-body.png"),
        ("../../x\x1b.sh", "delivery-7-body.bin"),
        ("", "delivery-7-body.bin"),
    ],
)
def test_name_of_a_saved_body_is_ours(tmp_path: Path, content_type: str, name: str) -> None:
    assert save(tmp_path, 7, b"\0", content_type) == tmp_path / name


def test_folder_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(HooktapError, match="cannot write"):
        save(tmp_path / "gone", 7, b"", "")
