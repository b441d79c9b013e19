"""Reads the worker's own FlatBuffers schema files (``.fbs``) into a `Schema`.

Only the part of the language the worker uses is understood: namespaces, tables, enums, unions with named members,
scalar defaults and optional scalars. Anything else is a `SchemaError` that names the file. Nothing but
`Schema.read` does I/O. Source: https://flatbuffers.dev/schema/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from proctor_sfu.errors import SchemaError

SCALARS: Mapping[str, tuple[str, int]] = {
    "bool": ("?", 1), "byte": ("b", 1), "ubyte": ("B", 1), "int8": ("b", 1), "uint8": ("B", 1),
    "int16": ("h", 2), "uint16": ("H", 2), "int32": ("i", 4), "uint32": ("I", 4), "int64": ("q", 8),
    "uint64": ("Q", 8), "float": ("f", 4), "float32": ("f", 4), "double": ("d", 8), "float64": ("d", 8),
}  # fmt: skip
"""FlatBuffers scalar -> (`struct` format, bytes)."""

_COMMENT = re.compile(r"//[^\n]*")
_NAMESPACE = re.compile(r"namespace\s+([\w.]+)\s*;")
_BLOCK = re.compile(r"\b(table|enum|union)\s+(\w+)\s*(?::\s*(\w+)\s*)?\{([^}]*)\}")
_INCLUDE = re.compile(r'include\s+"[^"]*"\s*;|root_type\s+\w+\s*;')
_FIELD = re.compile(r"(\w+)\s*:\s*(\[)?\s*([\w.]+)\s*\]?\s*(?:=\s*([\w.+-]+)\s*)?(\(\s*\w+\s*\))?\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Enum:
    """An enum: member names and their numbers."""

    name: str
    format: str
    size: int
    members: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Union:
    """A union: member name and table, in the order of their type numbers, which start at 1."""

    name: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a table. ``slot`` is its index in the vtable; a union's type byte sits in ``slot - 1``."""

    name: str
    kind: Literal["scalar", "string", "table", "union"]
    type: str
    """Full name of the table, union or enum; else the scalar's name."""
    slot: int
    vector: bool
    optional: bool
    required: bool
    default: bool | int | float
    format: str
    """`struct` format of a scalar."""
    size: int
    """Bytes of a scalar."""
    enum: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table and its fields in declaration order."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """All tables, enums and unions by full name, for example ``FBS.Transport.Stats``."""

    tables: Mapping[str, Table]
    enums: Mapping[str, Enum]
    unions: Mapping[str, Union]

    @classmethod
    def read(cls, directory: Path) -> Schema:
        """Read every ``.fbs`` file of ``directory``; raises `SchemaError` for none or one not understood."""
        files = sorted(directory.glob("*.fbs"))
        if not files:
            raise SchemaError(f"no .fbs files in {directory}")
        try:
            return cls.parse((file.name, file.read_text(encoding="utf-8")) for file in files)
        except (OSError, UnicodeDecodeError) as error:
            raise SchemaError(f"cannot read the schema in {directory}: {error}") from error

    @classmethod
    def parse(cls, sources: Iterable[tuple[str, str]]) -> Schema:
        """Parse ``(file name, text)`` pairs."""
        parser = _Parser()
        for name, text in sources:
            parser.collect(name, text)
        return parser.resolve()


class _Parser:
    """Two passes: names first, since files refer to one another, then the fields."""

    def __init__(self) -> None:
        self.enums: dict[str, Enum] = {}
        self.raw_unions: dict[str, tuple[str, list[str]]] = {}
        self.raw_tables: dict[str, tuple[str, list[str]]] = {}

    def collect(self, file: str, text: str) -> None:
        text = _COMMENT.sub("", text)
        found = _NAMESPACE.search(text)
        if found is None:
            raise SchemaError(f"{file}: no namespace")
        namespace = found.group(1)
        for kind, name, base, body in _BLOCK.findall(text):
            full = f"{namespace}.{name}"
            items = [item for part in re.split(r"[;,]", body) if (item := part.strip())]
            if kind == "enum":
                self.enums[full] = _enum(file, full, base, items)
            elif kind == "union":
                self.raw_unions[full] = (namespace, items)
            else:
                self.raw_tables[full] = (namespace, items)
        rest = _INCLUDE.sub("", _NAMESPACE.sub("", _BLOCK.sub("", text))).strip()
        if rest:
            raise SchemaError(f"{file}: not understood: {rest.splitlines()[0]!r}")

    def resolve(self) -> Schema:
        unions = {}
        for full, (namespace, items) in self.raw_unions.items():
            members = []
            for item in items:
                name, _, target = (part.strip() for part in item.partition(":"))
                members.append((name, self.find(namespace, target or name)))
            unions[full] = Union(name=full, members=tuple(members))
        tables = {full: self.table(full, ns, items) for full, (ns, items) in self.raw_tables.items()}
        return Schema(tables=tables, enums=self.enums, unions=unions)

    def find(self, namespace: str, name: str) -> str:
        """Resolve ``name`` as seen from ``namespace``: innermost scope first, as FlatBuffers does."""
        scopes = namespace.split(".")
        candidates = [".".join([*scopes[:depth], name]) for depth in range(len(scopes), -1, -1)]
        for candidate in candidates:
            if candidate in self.raw_tables or candidate in self.enums or candidate in self.raw_unions:
                return candidate
        raise SchemaError(f"{namespace}: unknown type {name}")

    def table(self, full: str, namespace: str, items: list[str]) -> Table:
        fields: list[Field] = []
        slot = 0
        for item in items:
            matched = _FIELD.match(item)
            if matched is None:
                raise SchemaError(f"{full}: field not understood: {item!r}")
            name, bracket, type_name, default, attribute = matched.groups()
            field = self.field(
                full, namespace, name, type_name, bracket is not None, default, attribute is not None, slot
            )
            fields.append(field)
            slot = field.slot + 1
        return Table(name=full, fields=tuple(fields))

    def field(
        self, full: str, namespace: str, name: str, type_name: str, vector: bool, default: str | None,
        required: bool, slot: int,
    ) -> Field:  # fmt: skip
        kind: Literal["scalar", "string", "table", "union"] = "scalar"
        fmt, size, enum, target = "", 0, None, type_name
        if type_name in SCALARS:
            fmt, size = SCALARS[type_name]
        elif type_name == "string":
            kind = "string"
        else:
            target = self.find(namespace, type_name)
            if (enum := self.enums.get(target)) is not None:
                fmt, size = enum.format, enum.size
            elif target in self.raw_unions:
                kind, slot = "union", slot + 1
            else:
                kind = "table"
        value: bool | int | float = False if fmt == "?" else 0
        if default is not None and default != "null":
            try:
                value = _default(default, enum)
            except (KeyError, ValueError) as error:
                raise SchemaError(f"{full}.{name}: bad default {default!r}") from error
        return Field(
            name=name, kind=kind, type=target, slot=slot, vector=vector, optional=default == "null",
            required=required, default=value, format=fmt, size=size, enum=enum is not None,
        )  # fmt: skip


def _enum(file: str, full: str, base: str, items: list[str]) -> Enum:
    if base not in SCALARS:
        raise SchemaError(f"{file}: enum {full} without a scalar type")
    members: dict[str, int] = {}
    following = 0
    for item in items:
        name, _, number = (part.strip() for part in item.partition("="))
        members[name] = int(number) if number else following
        following = members[name] + 1
    fmt, size = SCALARS[base]
    return Enum(name=full, format=fmt, size=size, members=members)


def _default(text: str, enum: Enum | None) -> bool | int | float:
    if enum is not None and not text.lstrip("-").isdigit():
        return enum.members[text]
    if text in ("true", "false"):
        return text == "true"
    return float(text) if "." in text else int(text)
