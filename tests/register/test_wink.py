"""The client of Wink's API, against what the API's description says, and against answers it says nothing of."""

import pytest

from inspector.errors import ConfigError, HooktapError, NotFoundError, OutsideError
from inspector.register import EventType, Webhook, Wink
from tests.authority import server_tls
from tests.fakes import answering, serve
from tests.register.wink import (
    ALL,
    DESCRIPTION,
    ENTITY,
    ID,
    ONE,
    TOKEN,
    client,
    example,
    in_turn,
    lines,
    problem,
    record,
    registration,
    says,
    sent,
)

URL = "https://tunnel.example.com/in/wink"
SHOWN = Webhook(
    id=ID,
    name="Booking confirmation sync",
    url="https://api.example.com/webhooks/wink/events",
    events=("booking.created",),
    enabled=True,
    version=3,
    owner=ENTITY,
    owner_name="The Siam Residences, Bangkok",
    created="2026-01-14T09:30:00",
    updated="2026-02-03T16:45:12",
)


# What the description shows


async def test_every_example_is_read() -> None:
    """Each operation, with the answer that the description has for it."""
    script = in_turn(
        says(example(f"{ALL}/list", "get")),
        says(example(ONE, "get")),
        says(example(f"{ALL}/event/list", "get")),
        says(example(ONE, "delete")),
    )
    async with serve(script) as target:
        wink = client(target)
        assert await wink.webhooks() == [SHOWN]
        assert await wink.webhook(ID) == SHOWN
        assert await wink.events() == [EventType("HOTEL", "Hotel & Resort")]
        assert (
            await wink.delete(ID) == "Property marked as deleted. Can be restored within 30 days."
        )

    assert list(lines(target)) == ["GET /list", f"GET /{ID}", "GET /event/list", f"DELETE /{ID}"]


async def test_every_request_is_one_of_the_description() -> None:
    """Its path, its headers, and in a body all that is required and nothing unknown."""
    script = in_turn(says([]), says(record(), 201), says(record()), says(record(enabled=False)))
    async with serve(script) as target:
        wink = client(target)
        await wink.create(URL, name="ours", events=["booking.create"])
        await wink.switch(ID, enabled=False)

    for taken in target.requests:
        method, path, _ = taken.line.decode().split(" ")
        template = path.replace(ENTITY, "{managingEntityIdentifier}").replace(ID, "{id}")
        operation = DESCRIPTION["paths"][template][method.lower()]
        version = next(each for each in operation["parameters"] if each["name"] == "Wink-Version")
        assert taken.header(b"Wink-Version")[0].decode() in version["schema"]["enum"]
        assert taken.header(b"Accept") == [b"application/json"]
        assert taken.header(b"Authorization") == [f"Bearer {TOKEN}".encode()]
        if "requestBody" in operation:
            assert taken.header(b"Content-Type") == [b"application/json"]
            schemas = DESCRIPTION["components"]["schemas"]
            wanted, owner = (
                schemas[name]
                for name in ("UpsertWebhookRequest", "UpsertWebhookManagingEntityRequest")
            )
            assert set(wanted["required"]) == sent(taken).keys() == wanted["properties"].keys()
            assert set(owner["required"]) == sent(taken)["entity"].keys()
        else:
            assert taken.body == b""


# Creating


async def test_what_is_created() -> None:
    async with serve(in_turn(says([]), says(record(), 201))) as target:
        made = await client(target).create(URL, name="ours", events=["a", "b"], enabled=False)

    assert made == SHOWN
    assert sent(target.requests[1]) == {
        "name": "ours",
        "entity": {"identifier": ENTITY, "name": "The Siam Residences"},
        "enabled": False,
        "eventUrl": URL,
        "eventList": ["a", "b"],
    }


async def test_nothing_is_created_twice() -> None:
    """Also not where an answer was lost on the way, and somebody asks again."""
    async with serve(in_turn(says([record(eventUrl=URL)]))) as target:
        with pytest.raises(HooktapError, match=f"{URL} is registered already: see .* show {ID}`"):
            await client(target).create(URL, name="ours")

    assert list(lines(target)) == ["GET /list"]


async def test_the_entitys_name_is_that_of_its_other_webhooks() -> None:
    async with serve(in_turn(says([record()]), says(record(), 201))) as target:
        await client(target, entity_name=None).create(URL, name="ours")

    assert sent(target.requests[1])["entity"]["name"] == "The Siam Residences, Bangkok"


async def test_without_any_name_of_the_entity() -> None:
    async with serve(in_turn(says([record(ownerName=None)]))) as target:
        with pytest.raises(ConfigError, match=r"^register\.wink\.entity_name: missing"):
            await client(target, entity_name=None).create(URL, name="ours")


async def test_200_is_no_creation() -> None:
    async with serve(in_turn(says([]), says(record()))) as target:
        with pytest.raises(OutsideError, match="answered 200"):
            await client(target).create(URL, name="ours")


# Pausing and resuming


@pytest.mark.parametrize("enabled", [True, False])
async def test_a_switch_keeps_all_else(*, enabled: bool) -> None:
    before, after = record(enabled=not enabled), record(enabled=enabled, version=4)
    async with serve(in_turn(says(before), says(after))) as target:
        webhook = await client(target, entity_name="Other").switch(ID, enabled=enabled)

    assert webhook.enabled is enabled
    assert list(lines(target)) == [f"GET /{ID}", f"PATCH /{ID}"]
    assert target.requests[1].header(b"If-Match") == [b"3"]
    assert sent(target.requests[1]) == {
        "name": SHOWN.name,
        "entity": {"identifier": ENTITY, "name": SHOWN.owner_name},
        "enabled": enabled,
        "eventUrl": SHOWN.url,
        "eventList": list(SHOWN.events),
    }


async def test_what_is_so_already_is_left_alone() -> None:
    async with serve(in_turn(says(record(enabled=False)))) as target:
        webhook = await client(target).switch(ID, enabled=False)

    assert not webhook.enabled
    assert list(lines(target)) == [f"GET /{ID}"]


async def test_a_lost_update_is_read_again() -> None:
    """What somebody else changed meanwhile is what is sent back, with its version."""
    script = in_turn(
        says(record()),
        problem(409, title="Conflict"),
        says(record(version=4, name="renamed", eventList=[])),
        says(record(version=5, name="renamed", eventList=[], enabled=False)),
    )
    async with serve(script) as target:
        webhook = await client(target).switch(ID, enabled=False)

    assert (webhook.name, webhook.events, webhook.enabled) == ("renamed", (), False)
    assert target.requests[3].header(b"If-Match") == [b"4"]
    assert sent(target.requests[3])["name"] == "renamed"
    assert sent(target.requests[3])["eventList"] == []


async def test_somebody_else_has_paused_it_meanwhile() -> None:
    script = in_turn(says(record()), problem(409), says(record(version=4, enabled=False)))
    async with serve(script) as target:
        assert not (await client(target).switch(ID, enabled=False)).enabled


async def test_a_second_conflict_ends_it() -> None:
    conflict = problem(409, title="Conflict")
    async with serve(in_turn(says(record()), conflict, says(record()), conflict)) as target:
        with pytest.raises(OutsideError, match="somebody else changed this webhook twice"):
            await client(target).switch(ID, enabled=False)

    assert len(target.requests) == 4


@pytest.mark.parametrize("version", [None, "3", True, 2.5])
async def test_without_a_version_no_update_is_conditional(version: object) -> None:
    script = in_turn(says(record(version=version)), says(record(enabled=False)))
    async with serve(script) as target:
        await client(target).switch(ID, enabled=False)

    assert target.requests[1].header(b"If-Match") == []


async def test_a_switch_that_does_nothing_is_told() -> None:
    async with serve(in_turn(says(record()), says(record()))) as target:
        with pytest.raises(OutsideError, match="answered 200, and the webhook is still on"):
            await client(target).switch(ID, enabled=False)


@pytest.mark.parametrize("name", ["id", "name", "eventUrl", "eventList", "enabled"])
async def test_what_an_update_has_to_repeat_must_be_told(name: str) -> None:
    """An absent list of events, sent back as an empty one, would mean all events."""
    known = record()
    del known[name]
    async with serve(in_turn(says(known))) as target:
        with pytest.raises(OutsideError, match=f"what has no '{name}'"):
            await client(target).switch(ID, enabled=False)

    assert len(target.requests) == 1


async def test_the_rest_may_be_absent() -> None:
    known = {name: record()[name] for name in ("id", "name", "eventUrl", "eventList", "enabled")}
    async with serve(in_turn(says(known))) as target:
        webhook = await client(target).webhook(ID)

    assert (webhook.version, webhook.owner, webhook.owner_name) == (None, None, None)
    assert (webhook.created, webhook.updated) == (None, None)


async def test_another_webhook_is_not_changed() -> None:
    async with serve(in_turn(says(record(id=ENTITY)))) as target:
        with pytest.raises(OutsideError, match=f"answered with another webhook: {ENTITY}"):
            await client(target).switch(ID, enabled=False)


# Deleting


async def test_a_deletion_that_failed_is_told() -> None:
    said = {"id": ID, "success": False, "message": "in use\x1b[2J"}
    async with serve(in_turn(says(said))) as target:
        with pytest.raises(OutsideError, match=r"did not delete it: in use␛\[2J$"):
            await client(target).delete(ID)


async def test_an_id_stays_one_segment() -> None:
    async with serve(in_turn(says({"success": True}))) as target:
        assert await client(target).delete("a/../b?c") == ""

    assert list(lines(target)) == ["DELETE /a%2F..%2Fb%3Fc"]


# Refusals


@pytest.mark.parametrize(
    ("status", "sentence", "kind"),
    [
        (400, r"answered 400: Bad: eventUrl must be https$", OutsideError),
        (401, r"look at token in register\.wink: a token may have expired", OutsideError),
        (403, r"is register\.wink\.entity the right one\?", OutsideError),
        (404, r"is the id right, and register\.wink\.entity\?", NotFoundError),
        (405, r"answered 405: Bad: eventUrl must be https$", OutsideError),
        (409, r"answered 409: Bad", OutsideError),
        (415, r"answered 415: Bad", OutsideError),
        (500, r"answered 500: Bad", OutsideError),
        (503, r"\(try again in a moment\)$", OutsideError),
    ],
)
async def test_every_problem_is_one_sentence(
    status: int, sentence: str, kind: type[Exception]
) -> None:
    """Those that the description lists; what opens the API is in none of them."""
    details = problem(status, type="about:blank", title="Bad", detail="eventUrl must be https")
    async with serve(answering(details)) as target:
        with pytest.raises(kind, match=sentence) as raised:
            await client(target).delete(ID)

    assert TOKEN not in str(raised.value)
    assert "127.0.0.1 answered" in str(raised.value)


async def test_the_token_goes_to_nobody_else() -> None:
    """A redirect is told, and not followed."""
    async with serve(answering()) as elsewhere:
        moved = says({}, 307).replace(b"\r\n", f"\r\nLocation: {elsewhere.url}/\r\n".encode(), 1)
        async with serve(answering(moved)) as target:
            with pytest.raises(
                OutsideError, match="answered 307: a redirect, which is not followed"
            ):
                await client(target).webhooks()

        assert elsewhere.connections == 0


async def test_over_tls() -> None:
    """Whoever cannot show that it is the API is told no token."""
    server, trusting = server_tls("localhost")
    async with serve(answering(says([])), tls=server) as target:
        known = registration(f"https://localhost:{target.port}")
        assert await Wink(known, tls=trusting).webhooks() == []
        with pytest.raises(OutsideError, match=r"^localhost could not be reached: "):
            await Wink(known).webhooks()

    assert len(target.requests) == 1
