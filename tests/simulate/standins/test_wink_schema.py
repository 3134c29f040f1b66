"""The stand-in for Wink, held to Wink's own description by somebody else's program.

`wink-webhook-openapi.json` is a copy of the project's shared reference: an extract of Wink's public settings schema.
"""

import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from inspector.core.wire import JSON
from inspector.simulate.standins.wink import WINK
from tests import process
from tests.simulate.standins.serving import Serving, serving

DESCRIPTION: JSON = json.loads(
    Path(__file__).with_name("wink-webhook-openapi.json").read_text("utf-8")
)
ENTITY = "d5b8a3c2-9e6f-4a1b-8d34-7c2e1f0a5b69"
"""That of the description's examples."""
SEED = 6
EXAMPLES = 30
RUN_S = 120


def adapted(description: JSON) -> JSON:
    """Return the description as a program can follow it, with the prose's own rules where its schemas lack them."""
    spec: JSON = json.loads(json.dumps(description))
    for schema in _dicts(spec):
        # "Leave empty to receive all events", and an entity without webhooks has none: but `contains` wants an item.
        # Its schema, `{"default": ""}`, says nothing else.
        schema.pop("contains", None)
    for item in spec["paths"].values():
        for operation in item.values():
            # An identifier is any text by the schema: of one drawn at random there would be no entity to be found.
            entity = operation["parameters"][0]
            assert entity["name"] == "managingEntityIdentifier"
            entity["schema"]["enum"] = [ENTITY]
    upsert = spec["components"]["schemas"]["UpsertWebhookRequest"]["properties"]
    # "HTTPS endpoint URL to POST events to", any URI by the schema.
    upsert["eventUrl"]["pattern"] = "^https://"
    entities = spec["components"]["schemas"]["UpsertWebhookManagingEntityRequest"]["properties"]
    entities["identifier"]["enum"] = [ENTITY]
    # "Call the API: pass the returned token on every request", which schemathesis does not try to leave out of OAuth 2.
    bearer = {"type": "http", "scheme": "bearer"}
    spec["components"]["securitySchemes"]["oauth2ClientCredentials"] = bearer
    return spec


async def test_the_api_is_as_wink_describes_it(tmp_path: Path) -> None:
    """All checks of schemathesis, in all its phases; what links the operations it finds in their schemas."""
    description = tmp_path / "openapi.json"
    description.write_text(json.dumps(adapted(DESCRIPTION)), "utf-8")
    async with serving(WINK, tmp_path / "state.db") as wink:
        exit_code, told = await _schemathesis(wink, description, tmp_path / "report.ndjson")

    assert exit_code == 0, told
    seen = _statuses(tmp_path / "report.ndjson")
    # What it is worth: every operation has succeeded and failed, by link too.
    assert seen["POST", ""] >= {201, 400, 404, 415}
    assert seen["PATCH", "/{id}"] >= {200, 400, 404, 415}
    assert seen["GET", "/{id}"] >= {200, 400, 404}
    assert seen["DELETE", "/{id}"] >= {200, 400, 404}
    assert seen["GET", "/list"] >= {200, 400, 404}
    assert seen["GET", "/event/list"] >= {200, 400, 404}
    for path in ("", "/{id}", "/list", "/event/list"):
        assert seen["PUT", path] == {405}
    linked = _statuses(tmp_path / "report.ndjson", phase="stateful")
    for method in ("GET", "PATCH", "DELETE"):
        assert linked[method, "/{id}"] >= {200, 404}


async def _schemathesis(wink: Serving, description: Path, report: Path) -> tuple[int | None, str]:
    process_ = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "run", str(description)),
        *("--url", wink.url, "--header", f"Authorization: Bearer {wink.token}"),
        *("--checks", "all", "--seed", str(SEED), "--max-examples", str(EXAMPLES)),
        # A busy machine is no failure of the API's.
        *("--generation-database", "none", "--suppress-health-check", "all", "--no-color"),
        *("--report", "ndjson", "--report-ndjson-path", str(report)),
        cwd=report.parent,  # it leaves files where it runs, and would read a configuration there
        env=process.environ_of(report.parent),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(RUN_S):
            told, _ = await process_.communicate()
    finally:
        if process_.returncode is None:
            process_.kill()
            await process_.wait()
    return process_.returncode, told.decode("utf-8", "replace")


def _statuses(report: Path, phase: str | None = None) -> dict[tuple[str, str], set[int]]:
    """Return what was answered, by method and the path's end."""
    seen = defaultdict(set)
    for line in report.read_text("utf-8").splitlines():
        scenario = json.loads(line).get("ScenarioFinished")
        if scenario is None or phase not in {None, scenario["phase"]}:
            continue
        recorder = scenario["recorder"]
        for name, interaction in recorder.get("interactions", {}).items():
            case = recorder["cases"][name]["value"]
            end = case["path"].partition("/webhook")[2]
            seen[case["method"], end].add(interaction["response"]["status_code"])
    return seen


def _dicts(value: Any) -> Iterator[JSON]:
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _dicts(item)
