import asyncio
import io
import json

import pytest
from aiohttp import ClientSession, hdrs

from inspector.core.wire import JSON
from tests.simulate.standins.serving import Serving
from tests.simulate.standins.winkcalls import ENTITY, ROOT, created, is_problem, wanted


@pytest.mark.parametrize("entity", ["x", "%00", ENTITY + "0", "..%2f", "\u00e9", "{x}", "%ff"])
@pytest.mark.parametrize("rest", ["", "/list", "/event/list", "/b7e4c1a2"])
async def test_what_no_entity_can_be_called_is_not_found(
    wink: Serving, entity: str, rest: str
) -> None:
    method, body = ("GET", None) if rest else ("POST", wanted())
    path = f"/api/managing-entity/{entity}/webhook{rest}"

    assert is_problem(await wink.ask(method, path, json=body), 404)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff",
        b"null",
        b"[]",
        b"1",
        b'"x"',
        b"{}",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"\xef\xbb\xbf{}",
    ],
)
async def test_a_body_that_is_none_is_refused(wink: Serving, body: bytes) -> None:
    headers = {hdrs.CONTENT_TYPE: "application/json"}

    assert is_problem(await wink.ask("POST", ROOT, data=body, headers=headers), 400)


async def test_a_body_of_megabytes_is_refused(wink: Serving) -> None:
    body = io.BytesIO(json.dumps(wanted(name="x" * 2**21)).encode())
    headers = {hdrs.CONTENT_TYPE: "application/json"}

    assert is_problem(await wink.ask("POST", ROOT, data=body, headers=headers), 413)


@pytest.mark.parametrize("name", ["name", "entity", "enabled", "eventUrl", "eventList"])
async def test_every_property_is_required(wink: Serving, name: str) -> None:
    body = {key: value for key, value in wanted().items() if key != name}

    answer = await wink.ask("POST", ROOT, json=body)

    assert is_problem(answer, 400)
    assert answer.body["detail"] == f"'{name}' is missing"


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": None},
        {"name": 1},
        {"name": "\ud800"},
        {"enabled": None},
        {"enabled": 1},
        {"enabled": "true"},
        {"eventList": None},
        {"eventList": {}},
        {"eventList": "booking.create"},
        {"eventList": [1]},
        {"eventList": [None]},
        {"eventList": ["\udfff"]},
        {"entity": None},
        {"entity": []},
        {"entity": {}},
        {"entity": {"identifier": ENTITY}},
        {"entity": {"identifier": ENTITY, "name": ""}},
        {"entity": {"identifier": "", "name": "x"}},
        {"entity": {"identifier": ENTITY + "\n", "name": "x"}},
        {"entity": {"identifier": ENTITY.replace("-", ""), "name": "x"}},
        {"entity": {"identifier": 1, "name": "x"}},
        {"eventUrl": ""},
        {"eventUrl": None},
        {"eventUrl": "api.example.com"},
        {"eventUrl": "http://api.example.com/"},
        {"eventUrl": "http://127.0.0.1.example.com/"},
        {"eventUrl": "ftp://127.0.0.1/"},
        {"eventUrl": "https://"},
        {"eventUrl": "https://user:pass@example.com/"},
        {"eventUrl": "https://exa mple.com/"},
        {"eventUrl": "https://example.com/\x1b"},
        {"eventUrl": "https://example.com:0/"},
        {"eventUrl": "https://[::1/"},
    ],
)
async def test_what_a_property_must_not_be(wink: Serving, change: JSON) -> None:
    assert is_problem(await wink.ask("POST", ROOT, json=wanted(**change)), 400)
    assert (await wink.ask("GET", f"{ROOT}/list")).body == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8400/in/wink", "http://localhost/", "http://[::1]:1/", "https://a/"]
)
async def test_http_may_lead_to_this_machine(wink: Serving, url: str) -> None:
    assert (await created(wink, eventUrl=url))["eventUrl"] == url


@pytest.mark.parametrize("type_", [None, "", "text/plain", "application/xml", "application/x-json"])
async def test_another_content_type_is_415(wink: Serving, type_: str | None) -> None:
    headers = {hdrs.CONTENT_TYPE: type_}
    skip = [hdrs.CONTENT_TYPE] if type_ is None else []

    answer = await wink.ask("POST", ROOT, data=b"{}", headers=headers, skip_auto_headers=skip)

    assert is_problem(answer, 415)


async def test_a_charset_is_no_other_content_type(wink: Serving) -> None:
    headers = {hdrs.CONTENT_TYPE: "Application/JSON; charset=utf-8"}

    assert (await wink.ask("POST", ROOT, json=wanted(), headers=headers)).status == 201


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("Wink-Version", "2.0", 200),
        ("Wink-Version", "2.0.0", 200),
        ("Wink-Version", "", 400),
        ("Wink-Version", "1.0", 400),
        ("Wink-Version", "2.0.1", 400),
        ("Wink-Version", "3.0", 400),
        ("Accept", "*/*", 200),
        ("Accept", "text/html, application/JSON;q=0.9", 200),
        ("Accept", "application/*", 200),
        ("Accept", "text/html", 400),
        ("Accept", "", 400),
    ],
)
async def test_headers_that_choose_the_answer(
    wink: Serving, name: str, value: str, status: int
) -> None:
    answer = await wink.ask("GET", f"{ROOT}/list", headers={name: value})

    assert answer.status == status
    assert status == 200 or is_problem(answer, 400)


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer x", "Basic eDp5", "Bearer \u00e9", "{token}"]
)
async def test_without_the_token_nothing_is_told(wink: Serving, authorization: str | None) -> None:
    shown = authorization and authorization.format(token=wink.token)

    answer = await wink.ask("GET", f"{ROOT}/list", headers={hdrs.AUTHORIZATION: shown})

    assert is_problem(answer, 401)
    assert answer.headers[hdrs.WWW_AUTHENTICATE] == "Bearer"


@pytest.mark.parametrize(
    ("method", "rest", "allowed"),
    [
        ("GET", "", {"POST"}),
        ("PUT", "/b7e4c1a2", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("POST", "/list", {"GET", "HEAD"}),
        ("DELETE", "/list", {"GET", "HEAD"}),
        ("PATCH", "/list", {"GET", "HEAD"}),
        ("DELETE", "/event/list", {"GET", "HEAD"}),
        ("OPTIONS", "/list", {"GET", "HEAD"}),
    ],
)
async def test_another_method_is_405(
    wink: Serving, method: str, rest: str, allowed: set[str]
) -> None:
    """`list` is no webhook's id."""
    answer = await wink.ask(method, ROOT + rest)

    assert is_problem(answer, 405)
    assert set(answer.headers[hdrs.ALLOW].split(",")) == allowed


async def test_a_failure_of_wink_can_be_had(wink: Serving) -> None:
    await wink.ask("POST", "/simulate/fail", json={"status": 500, "times": 2})

    assert is_problem(await wink.ask("GET", f"{ROOT}/list"), 500)
    assert is_problem(await wink.ask("POST", ROOT, json=wanted()), 500)
    assert (await wink.ask("GET", f"{ROOT}/list")).body == []


async def test_a_page_of_another_site_is_403(wink: Serving) -> None:
    answer = await wink.ask("GET", f"{ROOT}/list", headers={"Origin": "https://evil.example"})

    assert is_problem(answer, 403)


async def test_a_request_that_cannot_be_read_leaves_no_traceback(
    wink: Serving, caplog: pytest.LogCaptureFixture
) -> None:
    async with ClientSession() as session, session.get(wink.url + "/\x7f") as answer:
        assert answer.status == 401
    reader, writer = await asyncio.open_connection("127.0.0.1", int(wink.url.rpartition(":")[2]))
    writer.write(b"GET / HTTP/1.1\r\nX: \0\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.0 400")
    writer.close()
    assert not caplog.records
