from pathlib import Path

import pytest

from inspector.config import Config, Keep, load
from inspector.errors import ConfigError


def _load(folder: Path, text: str) -> Config:
    path = folder / "hooktap.toml"
    path.write_text(text, "utf-8")
    environ = {"XDG_CONFIG_HOME": str(folder / "xdg")}
    return load(environ=environ, cwd=folder, config_file=path)


def test_all_is_kept_where_nothing_is_said(tmp_path: Path) -> None:
    config = _load(tmp_path, "[endpoint.a]\n")
    assert (config.keep, config.keeps) == (None, {})


def test_a_default_and_its_exceptions(tmp_path: Path) -> None:
    config = _load(
        tmp_path,
        """
        [inspector]
        keep = { days = 0.5, deliveries = 100000, bytes = 1000000000 }
        [endpoint.a]
        keep = { deliveries = 10 }
        [endpoint.b]
        keep = "all"
        [endpoint.c]
        """,
    )
    assert config.keep == Keep(days=0.5, deliveries=100_000, bytes=1_000_000_000)
    assert config.keeps == {"a": Keep(deliveries=10), "b": None}


@pytest.mark.parametrize(
    ("keep", "complaint"),
    [
        ("{}", "says nothing: name days, deliveries or bytes"),
        ("{ day = 1 }", "unknown key 'day' .did you mean 'days'"),
        ("{ days = 0 }", "expected 0.001 to 36500"),
        ("{ days = nan }", "expected 0.001 to 36500"),
        ("{ deliveries = 0 }", "expected 1 to"),
        ("{ deliveries = 1.5 }", "expected an integer"),
        ("{ bytes = true }", "expected an integer, got a boolean"),
        ("{ bytes = -1 }", "expected 1 to"),
        ('"none"', "unknown value 'none'"),
        ("30", "expected a string"),
    ],
)
@pytest.mark.parametrize("table", ["inspector", "endpoint.a"])
def test_mistakes(tmp_path: Path, table: str, keep: str, complaint: str) -> None:
    """Each names the key and what would be right."""
    with pytest.raises(ConfigError, match=complaint) as refused:
        _load(tmp_path, f"[{table}]\nkeep = {keep}\n")
    assert f"{table}.keep" in str(refused.value)
