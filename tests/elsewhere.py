"""Other people's material: fetched by its own client or found beside the repository, never copied into it.

A test without it is skipped, with the reason; where CI=true it fails instead, so that it cannot go missing unseen.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parent.parent

GITHUB_PACKAGE = "@octokit/webhooks-examples@7.6.1"
GITHUB_ARCHIVE = ROOT / ".data" / "examples" / "octokit-webhooks-examples-7.6.1.tgz"
GITHUB_SHA256 = "89e6cb1c6345d32e3dd775617fa54effbdc26c859e514898d7728e95e9738280"


@dataclass(frozen=True)
class Example:
    """One body somebody else published, and what it is called there."""

    name: str
    body: bytes


def github_examples() -> list[Example]:
    """Return GitHub's published example payloads, named by their event."""
    archive = _github_archive()
    with tarfile.open(archive) as files:
        index = files.extractfile("package/api.github.com/index.json")
        assert index is not None
        events = json.load(index)
    return [
        Example(event["name"], json.dumps(payload, ensure_ascii=False).encode())
        for event in events
        for payload in event["examples"]
    ]


def checkfront_examples() -> list[Example]:
    """Return Checkfront's own example bodies, named by their file."""
    shared = Path(os.environ.get("HOOKTAP_SHARED") or ROOT.parent / "shared")
    folder = shared / "vectors" / "checkfront"
    if not folder.is_dir():
        missing("Checkfront's example bodies are not here: name their folder with HOOKTAP_SHARED")
    return [Example(path.name, path.read_bytes()) for path in sorted(folder.glob("webhook-*"))]


def _github_archive() -> Path:
    if not GITHUB_ARCHIVE.exists():
        _fetch_github_archive()
    found = hashlib.sha256(GITHUB_ARCHIVE.read_bytes()).hexdigest()
    assert found == GITHUB_SHA256, f"{GITHUB_ARCHIVE} is not the package we know: delete it"
    return GITHUB_ARCHIVE


def _fetch_github_archive() -> None:
    npm = shutil.which("npm")
    if npm is None:
        missing("GitHub's example payloads come from npm, which is not installed")
    GITHUB_ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place and then renamed: test processes run side by side.
    with tempfile.TemporaryDirectory(dir=GITHUB_ARCHIVE.parent) as folder:
        packed = subprocess.run(
            [npm, "pack", "--silent", "--ignore-scripts", GITHUB_PACKAGE],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        if packed.returncode != 0:
            missing(f"npm pack {GITHUB_PACKAGE} failed: {packed.stderr.strip()[-500:]}")
        (Path(folder) / GITHUB_ARCHIVE.name).rename(GITHUB_ARCHIVE)


def needs(*programs: str) -> None:
    """Skip the test where one of these programs is not installed; fail it where everything is to be proved."""
    for program in programs:
        if shutil.which(program) is None:
            missing(f"this needs {program}, which is not installed")


def missing(reason: str) -> NoReturn:
    """Skip the test for this reason; fail it where everything is to be proved (`CI=true`)."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
