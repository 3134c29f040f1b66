"""Provider files of one's own: found, checked together, and told with file, line and key when they are wrong."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector import providers
from inspector.core import provider_table
from inspector.core.table import MistakeError
from inspector.errors import ConfigError

GOOD = """\
title = "Acme"
scheme = "hmac"
signature = "header:X-Acme-Signature"
signed = "{header:X-Acme-Time}.{body}"

[timestamp]
from = "header:X-Acme-Time"
tolerance = 300
"""

BROKEN = [
    ("scheme", "scheem", "2: unknown key 'scheem' (did you mean 'scheme'?)"),
    ('"hmac"', '"hmacc"', "2: scheme: unknown value 'hmacc' (did you mean 'hmac'?)"),
    ('"hmac"', "7", "2: scheme: expected a string, got an integer"),
    ("{body}", "{bod}", "4: signed: unknown placeholder '{bod}' (did you mean 'body'?)"),
    ("{body}", "{body", "4: signed: unbalanced brace in '{header:X-Acme-Time}.{body'"),
    ('"header:X-Acme-Signature"', '"X-Acme-Signature"', "3: signature: 'X-Acme-Signature' is not a locator"),
    ('from = "header', 'from = "heder', "7: timestamp.from: unknown locator 'heder:' (did you mean 'header'?)"),
    ("tolerance = 300", "tolerance = -1", "8: timestamp.tolerance: expected 0 to "),
    ("tolerance = 300", 'window = "futur"', "8: timestamp.window: unknown value 'futur' (one of: both, past)"),
    ("tolerance = 300", "tolerence = 300", "8: timestamp: unknown key 'tolerence' (did you mean 'tolerance'?)"),
    ('from = "header:X-Acme-Time"\n', "", "6: timestamp.from: missing"),
    ('signature = "header:X-Acme-Signature"\n', "", " signature: missing"),
    ('title = "Acme"', 'title = "Acme', "1: "),
    ('scheme = "hmac"', 'scheme = "hmac"\nscheme = "hmac"', "3: cannot overwrite a value"),
    ('title = "Acme"', 'extends = "nobody"', "1: extends: unknown provider 'nobody'"),
    ('title = "Acme"', 'extends = "acme"', "1: extends: goes in a circle: acme -> acme"),
    ('title = "Acme"', 'secret = { decode = "b64" }', "1: secret.decode: unknown value 'b64'"),
    ('title = "Acme"', 'also = [\n  { equal = ["{body}"] },\n]', "1: also.equal: expected two templates"),
    ('title = "Acme"', 'ack = "ok"', "1: ack: 'ok' is not a status"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "complaint"), BROKEN)
def test_a_mistake_is_told_with_file_line_and_key(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    """The same whether the file is loaded or only looked over."""
    path = tmp_path / "acme.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))

    with pytest.raises(ConfigError) as loaded:
        providers.load(tmp_path)
    with pytest.raises(ConfigError) as checked:
        providers.check(path, tmp_path)

    assert str(loaded.value).startswith(f"{path}:{complaint}")
    assert str(checked.value) == str(loaded.value)


def test_a_whole_file_is_none_of_these(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text(GOOD)

    assert providers.check(path, tmp_path) == providers.load(tmp_path)["acme"]


@pytest.mark.parametrize("name", ["Acme", "-a", "a b", "a" * 65, "ä"])
def test_a_name_that_cannot_be(tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.toml"
    path.write_text(GOOD)

    with pytest.raises(ConfigError) as raised:
        providers.check(path, tmp_path)

    assert str(raised.value) == f"{path}: {providers.NAME_RULE}"


def test_a_mistake_is_told_of_the_file_it_is_in(tmp_path: Path) -> None:
    """Not of one that extends that file, though it comes first."""
    (tmp_path / "a.toml").write_text('extends = "b"\n')
    (tmp_path / "b.toml").write_text('extends = "c"\n')
    (tmp_path / "c.toml").write_text(GOOD.replace("{body}", "{bod}"))

    with pytest.raises(ConfigError) as raised:
        providers.load(tmp_path)

    assert str(raised.value).startswith(f"{tmp_path / 'c.toml'}:4: signed: ")


def test_what_does_not_go_with_what_is_inherited_is_told_where_it_is_inherited(
    tmp_path: Path,
) -> None:
    path = tmp_path / "acme.toml"
    path.write_text('title = "Acme"\nextends = "jinko"\nscheme = "token"\n')

    with pytest.raises(ConfigError) as raised:
        providers.load(tmp_path)

    assert str(raised.value) == f"{path}:2: signed: scheme 'token' signs nothing"


def test_a_circle_of_several_is_named(tmp_path: Path) -> None:
    for name, base in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / f"{name}.toml").write_text(f'title = "x"\nextends = "{base}"\n')

    with pytest.raises(
        ConfigError, match=r"\.toml:2: extends: goes in a circle: . -> . -> . -> .$"
    ):
        providers.load(tmp_path)


def test_one_named_like_ours_may_extend_ours_and_be_extended(tmp_path: Path) -> None:
    """And ours that extends ours goes on doing so."""
    (tmp_path / "standardwebhooks.toml").write_text('extends = "standardwebhooks"\nack = "200"\n')
    (tmp_path / "acme.toml").write_text('extends = "standardwebhooks"\n')
    (tmp_path / "other.toml").write_text('extends = "svix"\n')
    (tmp_path / "svix.toml").write_text('extends = "acme"\nevent = "json:x"\n')

    loaded = providers.load(tmp_path)

    assert [loaded[name].ack for name in ("standardwebhooks", "acme", "svix")] == ["200"] * 3
    assert loaded["other"].event == loaded["svix"].event
    assert providers.load()["svix"].ack == "2xx"
    assert loaded["guesty"].ack == "2xx"
    assert loaded["acme"].placements == providers.load()["standardwebhooks"].placements


def test_a_broken_file_beside_it_does_not_matter_to_a_check(tmp_path: Path) -> None:
    """It is named by whatever loads it; here only what is extended counts."""
    (tmp_path / "acme.toml").write_text(GOOD)
    (tmp_path / "broken.toml").write_text("= 1")
    (tmp_path / "base.toml").write_text('extends = "github"\n')
    (tmp_path / "acme.toml").write_text('extends = "base"\n')

    assert providers.check(tmp_path / "acme.toml", tmp_path).digest == "sha256"


def test_a_check_reads_a_file_that_lies_elsewhere(tmp_path: Path) -> None:
    """As if it lay with the others: it may extend them."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "base.toml").write_text(GOOD)
    path = tmp_path / "new.toml"
    path.write_text('extends = "base"\nencoding = "base64"\n')

    assert providers.check(path, own).encoding == "base64"


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["header:X", "{body}", "json:a.0", "hmac", "list: :v1,", "{", "pairs:,:a", "github", "acme"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["from", "unit", "equal", "decode", "strip", "when", "json", "tolerance"]), inner, max_size=3
    ),
    max_leaves=6,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(sorted(provider_table._KEYS)) | st.text(max_size=8), VALUES))
def test_no_table_is_more_than_refused(values: dict[str, Any]) -> None:
    bases = {
        "github": {"scheme": "hmac", "signature": "header:X", "signed": "{body}"},
        "acme": values,
    }
    with contextlib.suppress(MistakeError):
        provider_table.parse("acme", values, bases)
