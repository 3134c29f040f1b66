"""Schemes and cases made elsewhere; see tests/vectors/README.md."""

import json
import tomllib
from pathlib import Path
from typing import Any

from inspector.core.provider_table import parse

VECTORS = Path(__file__).parent / "vectors"

TABLES: dict[str, dict[str, Any]] = tomllib.loads((VECTORS / "providers.toml").read_text("utf-8"))
"""The reference table of every scheme that needs data only."""

REFERENCE = {name: parse(name, table, TABLES) for name, table in TABLES.items()}

CASES: list[dict[str, Any]] = json.loads((VECTORS / "signatures.json").read_bytes())
"""Requests that independent libraries signed and judged."""
