"""As much of JSON Schema as `openapi.yaml` uses, and stricter: a property that is not described is an error."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def complaints(spec: Schema, schema: Schema, value: object, at: str = "") -> Iterator[str]:
    """Yield what is wrong with `value`."""
    schema = _whole(spec, schema)
    if "oneOf" in schema:
        rest = {key: schema[key] for key in schema if key != "oneOf"}
        cases = [_merged(rest, _whole(spec, case)) for case in schema["oneOf"]]
        fitting = [case for case in cases if not list(complaints(spec, case, value, at))]
        if len(fitting) != 1:
            yield f"{at}: fits {len(fitting)} of {len(cases)} cases"
        return
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(_is(value, kind) for kind in kinds):
        yield f"{at}: {value!r} is not {kinds}"
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is not one of {schema['enum']}"
    if "pattern" in schema and not re.search(schema["pattern"], str(value)):
        yield f"{at}: {value!r} does not match"
    if isinstance(value, list):
        yield from _of_array(spec, schema, value, at)
    if isinstance(value, dict):
        yield from _of_object(spec, schema, value, at)


def _of_array(spec: Schema, schema: Schema, value: Sequence[Any], at: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        yield f"{at}: {len(value)} items"
    if "items" in schema:
        for index, item in enumerate(value):
            yield from complaints(spec, schema["items"], item, f"{at}[{index}]")


def _of_object(spec: Schema, schema: Schema, value: Mapping[str, Any], at: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    for name in set(schema.get("required", ())) - value.keys():
        yield f"{at}.{name}: is missing"
    for name, item in value.items():
        if name in properties:
            yield from complaints(spec, properties[name], item, f"{at}.{name}")
        else:
            yield f"{at}.{name}: is not described"


def _whole(spec: Schema, schema: Schema) -> Schema:
    """Return the schema with its `$ref` and `allOf` put in."""
    if "$ref" in schema:
        found: Any = spec
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = _merged(found, {key: schema[key] for key in schema if key != "$ref"})
    for part in schema.get("allOf", ()):
        rest = {key: schema[key] for key in schema if key != "allOf"}
        schema = _merged(rest, _whole(spec, part))
    return schema


def _merged(first: Schema, second: Schema) -> Schema:
    return {
        **first,
        **second,
        "required": [*first.get("required", ()), *second.get("required", ())],
        "properties": {**first.get("properties", {}), **second.get("properties", {})},
    }


def _is(value: object, kind: str) -> bool:
    if kind in {"integer", "number"} and isinstance(value, bool):
        return False
    return isinstance(value, TYPES[kind])
