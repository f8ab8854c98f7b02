"""The OpenAPI description, made of the table of operations and of the types that are really used."""

from collections.abc import Iterable
from typing import Any

import msgspec

from alerts.alert import Alert
from alerts.api.models import Problem
from alerts.api.operations import ALWAYS, OPERATIONS, Operation
from alerts.api.problems import MEDIA_TYPE, STATUSES
from alerts.api.service import MEDIA_TYPES
from alerts.cases import Case

_REF = "#/components/schemas/{name}"
_KEPT = {
    "Case": ["siren", "department", "number", "version", "state", "since", "by", "opened_at", "opened_on", "alert"],
    "Alert": ["id", "siren", "as_of", "raised_at"],
    "Vote": ["useful", "at"],
}
"""What is there whatever is masked; the other fields may be absent."""


def description() -> dict[str, Any]:
    """The whole, as JSON has it."""
    used = {one for op in OPERATIONS for one in (op.path_type, op.query, op.body, op.answers) if one is not None}
    types = sorted(used | {Case, Alert, Problem}, key=lambda one: one.__name__)
    _, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    for name, kept in _KEPT.items():
        schemas[name]["required"] = kept
    paths: dict[str, dict[str, Any]] = {}
    for op in OPERATIONS:
        paths.setdefault(op.path, {})[op.method.lower()] = _operation(op, schemas)
    for op in OPERATIONS:
        # Of these each part is a parameter.
        schemas.pop(op.path_type.__name__, None)
        schemas.pop(op.query.__name__, None)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vigie",
            "version": "1",
            "description": "Cases of firms in distress, for other programs. The scope is the token's.",
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(op: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    parameters = [*_parameters(op.path_type, "path", schemas), *_parameters(op.query, "query", schemas)]
    made: dict[str, Any] = {"operationId": op.name, "summary": op.summary, "responses": _responses(op)}
    if parameters:
        made["parameters"] = parameters
    if op.body is not None:
        content = {"application/json": {"schema": {"$ref": _REF.format(name=op.body.__name__)}}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _parameters(kind: type[msgspec.Struct], place: str, schemas: dict[str, Any]) -> Iterable[dict[str, Any]]:
    for name, schema in schemas[kind.__name__].get("properties", {}).items():
        yield {"name": name, "in": place, "required": place == "path", "schema": _without_null(schema)}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is absent, and never null."""
    kept = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    default = schema.get("default")
    if default is not None:
        kept["default"] = default
    for choice in schema.get("anyOf", ()):
        if choice != {"type": "null"}:
            kept |= choice
    return kept


def _responses(op: Operation) -> dict[str, Any]:
    if op.answers is None:
        done = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES.values()}
    else:
        done = {"application/json": {"schema": {"$ref": _REF.format(name=op.answers.__name__)}}}
    found: dict[str, Any] = {"200": {"description": "Done.", "content": done}}
    refused = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(name="Problem")}}}
    for status in sorted({STATUSES[kind] for kind in (*ALWAYS, *op.problems)}):
        kinds = [kind for kind in (*ALWAYS, *op.problems) if STATUSES[kind] == status]
        found[str(status)] = {"description": f"Refused: {', '.join(kinds)}.", "content": refused}
    return found
