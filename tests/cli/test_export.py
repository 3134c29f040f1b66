"""`hooktap export`: which deliveries, in which form, to where."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inspector.core.export import FORMATS
from inspector.core.text import safe_lines
from inspector.datadir import DataDir
from tests.api.serving import INGRESS, Serving, serving
from tests.cli.conftest import Done, Hooktap
from tests.factories import attempt, delivery, headers, request

HOSTILE = b"\x1b]0;owned\x07'; id #\n\xff"


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Serving]:
    async with serving(DataDir(tmp_path / "data")) as running:
        await running.store.append_delivery(delivery(body=b'{"a":1}'))
        await running.store.append_delivery(delivery(body=HOSTILE, endpoint="other"))
        await running.store.append_attempt(attempt(delivery_id=2, url="http://app.example/x"))
        yield running


async def run(hooktap: Hooktap, api: Serving, *args: str) -> Done:
    return await asyncio.to_thread(hooktap, "export", *args, "--data-dir", str(api.data_dir.path))


@pytest.mark.parametrize("name", FORMATS)
async def test_every_format(hooktap: Hooktap, api: Serving, name: str) -> None:
    done = await run(hooktap, api, "2", "--as", name)

    assert (done.code, done.err) == (0, "")
    if FORMATS[name].is_text:
        assert safe_lines(done.text, tab_width=0) == done.text
    else:
        assert HOSTILE in done.out


async def test_one_goes_where_it_went_last(hooktap: Hooktap, api: Serving) -> None:
    assert "http://app.example/x" in (await run(hooktap, api, "#2")).text
    assert f"{INGRESS}/in/demo" in (await run(hooktap, api, "1")).text
    assert "http://127.0.0.1:1/b" in (
        await run(hooktap, api, "1", "--to", "localhost:1/b")
    ).text.replace("localhost", "127.0.0.1")


async def test_a_query_chooses_the_oldest_first(hooktap: Hooktap, api: Serving) -> None:
    def urls(done: Done) -> list[str]:
        return [each["request"]["url"] for each in json.loads(done.out)["log"]["entries"]]

    both = await run(hooktap, api, "method:post", "--as", "har")
    one = await run(hooktap, api, "-endpoint:other", "--as", "har")
    newest = await run(hooktap, api, "method:post", "--as", "har", "--limit", "1")

    assert urls(both) == [f"{INGRESS}/in/demo"] * 2
    assert [len(urls(done)) for done in (one, newest)] == [1, 1]
    assert json.loads(newest.out)["log"]["entries"][0]["comment"].startswith("delivery #2 ")
    assert len((await run(hooktap, api, "1", "2")).text.split("curl --globoff")) == 3


async def test_nothing_that_matches(hooktap: Hooktap, api: Serving) -> None:
    assert (await run(hooktap, api, "endpoint:nobody")).code == 4
    assert (await run(hooktap, api, "99")).code == 4
    assert (await run(hooktap, api, "endpont:x")).code == 2
    assert (await run(hooktap, api)).code == 2


async def test_into_a_file(hooktap: Hooktap, api: Serving, tmp_path: Path) -> None:
    """For its owner only; what it replaces may have been open to others."""
    done = await run(hooktap, api, "2", "--as", "raw", "-o", "x.http")

    assert (done.code, done.out) == (0, b"")
    assert done.err == "hooktap: 1 delivery in x.http\n"
    assert (tmp_path / "x.http").read_bytes().endswith(b"\r\n\r\n" + HOSTILE)
    assert (tmp_path / "x.http").stat().st_mode & 0o777 == 0o600
    assert (await run(hooktap, api, "1", "-o", "missing/x")).code == 1


async def test_into_a_folder(hooktap: Hooktap, api: Serving, tmp_path: Path) -> None:
    """A file for each, named by its number alone."""
    for name, each in FORMATS.items():
        done = await run(hooktap, api, "method:post", "--as", name, "-o", f"{name}/")
        assert (done.code, done.err) == (0, f"hooktap: 2 deliveries in {name}\n")
        assert {path.name for path in (tmp_path / name).iterdir()} == {
            f"delivery-1{each.suffix}",
            f"delivery-2{each.suffix}",
        }


async def test_raw_holds_one(hooktap: Hooktap, api: Serving) -> None:
    done = await run(hooktap, api, "1", "2", "--as", "raw")
    assert (done.code, done.out) == (1, b"")
    assert "--output DIR" in done.err


async def test_a_terminal_is_spared(
    hooktap: Hooktap, api: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    hostile = await run(hooktap, api, "2", "--as", "raw")
    plain = await run(hooktap, api, "1", "--as", "raw")
    assert (hostile.code, hostile.out) == (1, b"")
    assert plain.out.endswith(b'{"a":1}')


async def test_secrets_stay_unless_asked_for(hooktap: Hooktap, api: Serving) -> None:
    pairs = headers(("Authorization", "c4nary"), ("X-Gitlab-Token", "c4nary"))
    stored = await api.store.append_delivery(delivery(request=request(headers=pairs)))
    for name in FORMATS:
        redacted = await run(hooktap, api, str(stored.id), "--as", name)
        assert (redacted.out.count(b"REDACTED"), b"c4nary" in redacted.out) == (2, False)
        whole = await run(hooktap, api, str(stored.id), "--as", name, "--include-secrets")
        assert b"c4nary" in whole.out


async def test_an_export_is_bounded(
    hooktap: Hooktap, api: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inspector.cli.export.BODIES_MAX_BYTES", 10)
    done = await run(hooktap, api, "1", "2", "--as", "har")
    assert (done.code, "choose fewer" in done.err) == (1, True)
