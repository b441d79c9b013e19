"""What `Settings` says of each key of ``psfu.toml``, in words: for its file, for man psfu.toml(5) and for messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from proctor_sfu.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of ``psfu.toml``."""

    path: str
    """Its table and its name: ``rtc.port``."""
    description: str
    expected: str
    """What its value has to be, in words: ``a whole number from 0 to 65535``."""
    default: Any
    """As TOML has it; None: unset."""
    example: Any
    """A good value for one that is unset by default."""
    text: bool
    """Whether any text will do, also one that looks like a number."""

    @property
    def table(self) -> str:
        """Its table: ``rtc``."""
        return self.path.rpartition(".")[0]

    @property
    def name(self) -> str:
        """Its name in the table: ``port``."""
        return self.path.rpartition(".")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of ``psfu.toml``: ``[rtc]``."""

    path: str
    description: str
    keys: tuple[Key, ...]


def tables() -> list[Table]:
    """Return all tables, in order."""
    schema = Settings.model_json_schema()
    defaults = Settings().model_dump(mode="json")
    return list(_tables(schema, schema["$defs"], defaults, ""))


def keys() -> dict[str, Key]:
    """Return all keys by path, in order."""
    return {key.path: key for table in tables() for key in table.keys}


def _tables(schema: Mapping[str, Any], known: Mapping[str, Any], defaults: Any, path: str) -> Iterator[Table]:
    found = []
    inner = []
    for name, field in schema["properties"].items():
        below = f"{path}.{name}".lstrip(".")
        if "$ref" in field:
            inner.append((known[field["$ref"].rpartition("/")[2]], defaults[name], below))
        else:
            found.append(_key(below, field, defaults[name]))
    if found:
        yield Table(path=path, description=schema["description"], keys=tuple(found))
    for each, values, below in inner:
        yield from _tables(each, known, values, below)


def _key(path: str, field: Mapping[str, Any], default: Any) -> Key:
    choices = [each for each in field.get("anyOf", [field]) if each.get("type") != "null"]
    return Key(
        path=path,
        description=field["description"],
        expected=" or ".join(_expected(each) for each in choices),
        default=default,
        example=next(iter(field.get("examples", ())), default),
        text=any(each.get("type") == "string" and "const" not in each and "enum" not in each for each in choices),
    )


def _expected(schema: Mapping[str, Any]) -> str:
    """Say in words what a JSON Schema allows."""
    if "const" in schema:
        return f'"{schema["const"]}"'
    if "enum" in schema:
        return "one of " + ", ".join(f'"{each}"' for each in schema["enum"])
    kinds = {
        "integer": "a whole number", "number": "a number", "boolean": "true or false", "array": "a list",
        "object": "a table", "string": "a path in quotes" if schema.get("format") == "path" else "text in quotes",
    }  # fmt: skip
    of = f" of {_expected(schema['items'])}" if "items" in schema else ""
    return kinds[schema["type"]] + of + _bounds(schema)


def _bounds(schema: Mapping[str, Any]) -> str:
    least, most, above = (schema.get(name) for name in ("minimum", "maximum", "exclusiveMinimum"))
    if least is not None and most is not None:
        return f" from {least} to {most}"
    named = (("at least", least), ("above", above), ("at most", most))
    return "".join(f", {word} {bound:g}" for word, bound in named if bound is not None)
