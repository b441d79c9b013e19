"""The JSON Schema of signaling, made from what the code itself uses (https://json-schema.org/draft/2020-12)."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from proctor_sfu.signaling import shapes
from proctor_sfu.signaling.handlers.table import TABLE
from proctor_sfu.signaling.messages import STATUS

ID = "https://psfu.example/signaling.schema.json"


def document() -> dict[str, Any]:
    """Return one document: ``requests`` of clients with their answers, ``serverRequests``, ``notifications``, codes."""
    wanted: list[tuple[str, Any, JsonSchemaMode]] = []
    for method, entry in TABLE.items():
        wanted += [(f"requests.{method}.data", entry.body, "validation")]
        wanted += [(f"requests.{method}.answer", entry.answer, "serialization")]
    for method, (data, answer) in shapes.REQUESTS.items():
        wanted += [(f"serverRequests.{method}.data", data, "serialization")]
        wanted += [(f"serverRequests.{method}.answer", answer, "validation")]
    wanted += [(f"notifications.{method}", data, "serialization") for method, data in shapes.NOTIFICATIONS.items()]
    adapters = [(name, mode, TypeAdapter(kind)) for name, kind, mode in wanted]
    found, definitions = TypeAdapter.json_schemas(adapters, by_alias=True)
    root: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "psfu signaling",
        "description": "See psfu-signaling(7). Data of messages below protoo's own members.",
    }
    for name, mode, _ in adapters:
        _put(root, name.split("."), found[name, mode])
    for method, entry in TABLE.items():
        root["requests"][method]["state"] = entry.state
    return root | {"errorCodes": dict(STATUS), "$defs": definitions.get("$defs", {})}


def _put(root: dict[str, Any], path: list[str], value: Any) -> None:
    for part in path[:-1]:
        root = root.setdefault(part, {})
    root[path[-1]] = value
