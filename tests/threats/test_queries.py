"""T30: what is typed into a search is data. No query is read as SQL, and none is answered with an error of its own."""

import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from inspector.core.query import MAX_CHARACTERS
from inspector.errors import QueryError
from tests import process
from tests.api.rawhttp import ask
from tests.wire import Wire, stored_as, talk

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENTS = (
    "booking.completed",
    "100%",
    "a_b",
    "axb",
    "o'brien",
    'say "hi"',
    "back\\slash",
    "x--y",
    "NULL",
)
INJECTIONS = (
    *(
        "' OR '1'='1",
        "' OR 1=1 --",
        "'; DROP TABLE delivery; --",
        '" OR ""="',
        "1) OR (1=1",
        "x' UNION SELECT 1--",
    ),
    *(
        "%",
        "_",
        "%%%",
        "_" * 30,
        "\\",
        "\\%",
        "\\_",
        "'",
        '"',
        "`",
        ";",
        "--",
        "/**/",
        "(",
        ")",
        "NEAR(",
        "a AND b",
    ),
    *(
        "event:'",
        "event:%",
        "event:_*",
        "event:\\*",
        "endpoint:' OR 1=1",
        "id:1;DROP",
        "id:1e9",
        "id:0x1",
        "id:-1",
    ),
    *(
        "id:9999999999999999999999",
        "provider:NULL",
        "-provider:NULL",
        "method:%",
        "event:*",
        "text:%",
        "event:?1",
    ),
    *(
        ":term_0",
        "event::term_0",
        "event:$x",
        "event:@x",
        "event:{}",
        "%s",
        "{0}",
        "\x00",
        "a\x00b",
        "event:\x00*",
    ),
    *(
        "event:\ufeff",
        "outcome:'",
        "\u2028",
        "İ",
        "ﬀ",
        "😀",
        "(" * 400,
        *(
            'body:"',
            'body:a"OR"b',
            "body:NEAR(a b)",
            "body:*",
            "body:-a",
            "body:said:x",
            "body:\x00",
            "body:^a",
        ),
        *(
            "json:$.a=1",
            'json:a"b=c',
            "json:a.*.*.*=1",
            "json:[[[=x",
            "header:x=%",
            "header:\x00=\x01",
            "header:=",
        ),
        *(
            "status:>=1e9",
            "status:9" * 50,
            "since:999999999999w",
            "until:9999-12-31",
            "since:0001-01-01",
            "size:9g",
        ),
        *(
            "size:..",
            "id:1..2..3",
            "has:x' OR 1",
            "is:",
            "(body:a or json:b)",
            "-(-(-(x)))",
            "x or or y",
        ),
        "a*" * 300,
        ".*" * 400,
        "(a+)+$" * 50,
    ),
)


@dataclass(frozen=True)
class Rig:
    """An inspector with a delivery for each of EVENTS, in order from number 1."""

    running: process.Running

    async def found(self, query: str) -> list[int]:
        async with self.running.client() as client:
            return [delivery.id for delivery, _ in await client.deliveries(query, limit=500)]

    def dump(self) -> list[str]:
        uri = f"{self.running.data_dir.database.as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as database:
            return list(database.iterdump())


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="rig")
async def make_rig(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rig]:
    async with process.inspector(tmp_path_factory.mktemp("queries"), "--quiet") as running:
        for number, event in enumerate(EVENTS, 1):
            wire = Wire(target=b"/in/github", headers=((b"X-GitHub-Event", event.encode()),))
            assert stored_as(await talk(running.ingress, wire.raw)) == number
        yield Rig(running)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("event:%", []),
        ("event:100%", [2]),
        ("event:1%*", []),
        ("event:a_b", [3]),
        ("event:a_*", [3]),
        ("a_b", [3]),
        ("100%", [2]),
        ("%", [2]),
        ("_", [3]),
        ("o'brien", [5]),
        ('"hi"', [6]),
        ("back\\s", [7]),
        ("\\", [7]),
        ("x--y", [8]),
        ("event:NULL", [9]),
        ("event:' OR 1=1", None),
        ("-event:nothing", [9, 8, 7, 6, 5, 4, 3, 2, 1]),
    ],
)
async def test_every_character_means_itself(
    rig: Rig, query: str, numbers: list[int] | None
) -> None:
    """Quotes, wildcards and comments of SQL find what has them, and nothing else."""
    assert await rig.found(query) == (numbers or [])


async def test_no_query_is_sql(rig: Rig) -> None:
    """Each is answered with deliveries, or a sentence about the query; none speaks of the database, or changes it."""
    roll = random.Random(30)  # the same cases in every run
    keys = ["event:", "endpoint:", "-", "id:", "outcome:", "method:", "", "text:", "provider:"]
    keys += ["body:", "json:", "header:", "since:", "size:", "status:", "(", "-(", "x or ", '"']
    made = [
        " ".join(
            roll.choice(keys) + roll.choice(INJECTIONS)[:200] for _ in range(roll.randrange(1, 4))
        )
        for _ in range(200)
    ]
    before = rig.dump()
    for query in (
        *INJECTIONS,
        *made,
        "x" * MAX_CHARACTERS,
        "x" * (MAX_CHARACTERS + 1),
        "-x " * 300,
    ):
        try:
            assert set(await rig.found(query)) <= set(range(1, len(EVENTS) + 1))
        except (
            QueryError
        ) as error:  # the API's 400, or the client's own: not a failure of the store
            said = str(error).lower()
            assert not any(word in said for word in ("sqlite", "syntax", "column", "like "))
    assert rig.dump() == before


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=501", "limit=-1", "limit=1e9", "limit=%00", "limit=9", "before=-1"),
        *("before=1%20OR%201=1", "before=99999999999999999999", "before=%D9%A1", "limit=1&limit=2"),
        *("order=id", "query=%00%FF", "query[]=x", "limit=1;DROP", "select=*"),
    ],
)
async def test_no_parameter_is_sql(rig: Rig, query: str) -> None:
    """Numbers are numbers within limits, and what is not known is refused."""
    port = urlsplit(rig.running.api).port or 0
    token = rig.running.data_dir.read_api_token()
    fields = [("Host", f"127.0.0.1:{port}"), ("Authorization", f"Bearer {token}")]
    answer = await ask(port, "GET", f"/api/deliveries?{query}", fields)
    assert answer.status == (200 if query in {"limit=9", "query=%00%FF"} else 400)
