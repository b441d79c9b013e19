"""Schema -> encoders and decoders of FlatBuffers messages; bytes in, values out, no I/O.

Values look the way the host wants them, which `Binding` says per table: a dataclass, a named tuple, the content of a
wrapper, or a dict where nothing is bound. Enum members are lowercase strings unless renamed. Decoders are generated
per table *and* vtable, because the worker writes the same vtable for the same kind of message nearly always: all
inline fields of a table then come out of one `struct.unpack_from`. Source: https://flatbuffers.dev/internals/.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import partial
from typing import Any, TypeAlias

from proctor_sfu.errors import InvalidArgumentError, SchemaError
from proctor_sfu.mediasoup.schema import Field, Schema, Table

Decode: TypeAlias = Callable[[bytes, int], Any]

_u32 = struct.Struct("<I").unpack_from
_i32 = struct.Struct("<i").unpack_from
_u16 = struct.Struct("<H").unpack_from


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What a table becomes in Python.

    ``type``: a dataclass or named tuple whose fields carry the names of the table's (others are left out), or `tuple`
    for a plain tuple of all fields. ``flatten``: a table field whose own fields come first, in its place. ``unwrap``:
    the table is only a wrapper and becomes the value of this field; a union loses its member name with it.
    ``defer``: a union field that is not decoded but becomes ``(type number, buffer, position)``; see `members`.
    """

    type: type | None = None
    flatten: str | None = None
    unwrap: str | None = None
    defer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """How a schema maps to Python where the schema itself does not say."""

    bindings: Mapping[str, Binding] = field(default_factory=dict)
    enum_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Enum -> schema member -> Python value, for members that are not simply lowercased."""
    raw: frozenset[str] = frozenset()
    """Names of ``[uint8]`` fields that are bytes; others are tuples of integers."""
    blank: frozenset[str] = frozenset()
    """Names of string fields in which an empty string means absent."""
    mappings: Mapping[str, tuple[Callable[[Any], Iterable[Any]], Callable[[Any], Any]]] = field(default_factory=dict)
    """Table -> (value -> tables, tables -> value), for vectors of a key-value table that are a mapping in Python."""


class Codec:
    """Encodes and decodes the tables of one schema. Holds caches of layouts and decoders, nothing else."""

    def __init__(self, schema: Schema, conventions: Conventions) -> None:
        self.schema = schema
        self.conventions = conventions
        self._to_int: dict[str, dict[str, int]] = {}
        self._from_int: dict[str, dict[int, str]] = {}
        for enum in schema.enums.values():
            renamed = conventions.enum_names.get(enum.name, {})
            names = {renamed.get(member, member.lower()): number for member, number in enum.members.items()}
            self._to_int[enum.name] = names
            self._from_int[enum.name] = {number: name for name, number in names.items()}
        for name in conventions.bindings:
            if name not in schema.tables:
                raise SchemaError(f"the worker's schema has no table {name}")
        self._layouts: dict[tuple[str, ...], _Layout] = {}
        self._union_index = {
            union.name: {member: (number, table) for number, (member, table) in enumerate(union.members, 1)}
            for union in schema.unions.values()
        }
        self._decoders: dict[str, Decode] = {}

    def numbers(self, enum: str) -> Mapping[str, int]:
        """Return Python value -> number of an enum."""
        return self._to_int[enum]

    # Encoding.

    def encode(self, table: str, value: Any) -> bytes:
        """Encode ``value`` as a size-prefixed root table.

        ``value`` is a mapping or any object with attributes of the fields' names; None means absent. A union is a
        pair of member name and value. Raises `InvalidArgumentError` for a value that does not fit its field.
        """
        buffer = bytearray(8)
        position = self._put_table(buffer, table, value)
        struct.pack_into("<II", buffer, 0, len(buffer) - 4, position - 4)
        return bytes(buffer)

    def _put_table(self, buffer: bytearray, name: str, value: Any) -> int:
        get: Callable[[str], Any] = value.get if isinstance(value, Mapping) else partial(_attribute, value)
        shape = [name]
        scalars: list[Any] = []
        references: list[tuple[Field, Any]] = []
        for each in self.schema.tables[name].fields:
            content = get(each.name)
            if content is None:
                if each.required:
                    raise InvalidArgumentError(f"missing {each.name} of {name.removeprefix('FBS.')}")
                continue
            shape.append(each.name)
            if each.kind == "scalar" and not each.vector:
                scalars.append(self._number(each, content) if each.enum else content)
            else:
                references.append((each, content))
        key = tuple(shape)
        layout = self._layouts.get(key)
        if layout is None:
            layout = self._layouts[key] = _Layout(self.schema.tables[name], key)
        buffer.extend(bytes((-len(buffer) - len(layout.vtable)) % layout.alignment))
        buffer += layout.vtable
        start = len(buffer)
        try:
            buffer += layout.inline.pack(len(layout.vtable), *scalars)
        except struct.error as error:
            raise InvalidArgumentError(f"value out of range in {name.removeprefix('FBS.')}: {error}") from error
        for each, content in references:
            at = start + layout.offsets[each.slot]
            position = self._put_reference(buffer, start, layout, each, content)
            buffer[at : at + 4] = (position - at).to_bytes(4, "little")
        return start

    def _put_reference(self, buffer: bytearray, start: int, layout: _Layout, each: Field, content: Any) -> int:
        if each.vector:
            return self._put_vector(buffer, each, content)
        if each.kind == "string":
            return _put_string(buffer, content)
        if each.kind == "table":
            return self._put_table(buffer, each.type, content)
        member, inner = content
        number, table = self._union_index[each.type][member]
        buffer[start + layout.offsets[each.slot - 1]] = number
        return self._put_table(buffer, table, inner)

    def _put_vector(self, buffer: bytearray, each: Field, content: Any) -> int:
        if each.kind == "table" and each.type in self.conventions.mappings:
            content = self.conventions.mappings[each.type][0](content)
        if each.kind == "scalar":
            return self._put_scalars(buffer, each, content)
        items: Sequence[Any] = tuple(content)
        buffer.extend(bytes(-len(buffer) % 4))
        start = len(buffer)
        buffer += len(items).to_bytes(4, "little") + bytes(4 * len(items))
        for index, item in enumerate(items):
            at = start + 4 + 4 * index
            position = _put_string(buffer, item) if each.kind == "string" else self._put_table(buffer, each.type, item)
            buffer[at : at + 4] = (position - at).to_bytes(4, "little")
        return start

    def _put_scalars(self, buffer: bytearray, each: Field, content: Any) -> int:
        if each.enum:
            content = [self._number(each, item) for item in content]
        buffer.extend(bytes((-len(buffer) - 4) % max(4, each.size)))
        start = len(buffer)
        buffer += len(content).to_bytes(4, "little")
        if each.size == 1 and isinstance(content, bytes | bytearray | memoryview):
            buffer += content
            return start
        try:
            buffer += struct.pack(f"<{len(content)}{each.format}", *content)
        except struct.error as error:
            raise InvalidArgumentError(f"value out of range in {each.name}: {error}") from error
        return start

    def _number(self, each: Field, content: Any) -> int:
        number = self._to_int[each.type].get(content)
        if number is None:
            allowed = ", ".join(self._to_int[each.type])
            raise InvalidArgumentError(f"invalid {each.name} {content!r} (one of {allowed})")
        return number

    # Decoding.

    def decode(self, table: str, buffer: bytes, start: int = 0) -> Any:
        """Decode the root table whose offset stands at ``start`` (behind any size prefix).

        Damaged input raises one of `DECODE_ERRORS`, or yields wrong values: FlatBuffers has no checksum.
        """
        return self.decoder(table)(buffer, start + _u32(buffer, start)[0])

    def decoder(self, name: str) -> Decode:
        """Return the decoder of a table: ``(buffer, position of the table) -> value``."""
        found = self._decoders.get(name)
        if found is None:
            found = self._decoders[name] = self._dispatcher(self.schema.tables[name])
        return found

    def members(self, union: str) -> dict[int, Decode]:
        """Return type number -> decoder of a union, for what was deferred."""
        return {number: self.decoder(table) for number, (_, table) in enumerate(self.schema.unions[union].members, 1)}

    def _dispatcher(self, table: Table) -> Decode:
        compiled: dict[bytes, Decode] = {}
        latest = b"\0\0\0\0"
        function: Decode = _no_vtable

        def decode(buffer: bytes, position: int) -> Any:
            nonlocal latest, function
            start = position - _i32(buffer, position)[0]
            # A vtable begins with its own size, so equal up to there is equal; the same one nearly always follows.
            if not buffer.startswith(latest, start):
                latest = buffer[start : start + _u16(buffer, start)[0]]
                found = compiled.get(latest)
                if found is None:
                    found = compiled[latest] = _Compiler(self, table, latest).compile()
                function = found
            return function(buffer, position)

        return decode

    def name_of(self, enum: str) -> dict[int, str]:
        """Return number -> Python value of an enum."""
        return self._from_int[enum]


DECODE_ERRORS = (struct.error, IndexError, UnicodeDecodeError, KeyError, ValueError, TypeError)
"""What decoding bytes that are no message of the schema raises."""


class _Layout:
    """Where the present fields of a table lie: the vtable, a `struct` for all scalars at once, offsets by slot."""

    __slots__ = ("alignment", "inline", "offsets", "vtable")

    def __init__(self, table: Table, shape: tuple[str, ...]) -> None:
        names = set(shape[1:])
        present = [each for each in table.fields if each.name in names]
        scalars = [each for each in present if each.kind == "scalar" and not each.vector]
        references = [each for each in present if not (each.kind == "scalar" and not each.vector)]
        self.alignment = max([4, *(each.size for each in scalars)])
        self.offsets: dict[int, int] = {}
        form, at = "<i", 4
        for each in scalars:
            pad = -at % each.size
            self.offsets[each.slot] = at + pad
            form += f"{pad}x{each.format}" if pad else each.format
            at += pad + each.size
        for each in references:
            if each.kind == "union":
                self.offsets[each.slot - 1] = at
                form, at = form + "x", at + 1
        form, at = form + f"{-at % 4}x", at + -at % 4
        for each in references:
            self.offsets[each.slot] = at
            form, at = form + "4x", at + 4
        slots = max(self.offsets, default=-1) + 1
        self.inline = struct.Struct(form)
        self.vtable = struct.pack(f"<{slots + 2}H", 4 + 2 * slots, at, *(self.offsets.get(i, 0) for i in range(slots)))


def _no_vtable(buffer: bytes, position: int) -> Any:
    raise ValueError("not a table")


def _attribute(value: Any, name: str) -> Any:
    return getattr(value, name, None)


def _put_string(buffer: bytearray, text: str) -> int:
    buffer.extend(bytes(-len(buffer) % 4))
    start = len(buffer)
    try:
        data = text.encode()
    except (UnicodeEncodeError, AttributeError) as error:
        raise InvalidArgumentError(f"not a text: {text!r}") from error
    buffer += len(data).to_bytes(4, "little") + data + b"\0"
    return start


class _Compiler:
    """Writes the decoder of one table with one vtable as a Python function.

    The generated text consists of numbers from the vtable, field names of the schema and names defined here.
    """

    def __init__(self, codec: Codec, table: Table, vtable: bytes) -> None:
        self.codec = codec
        self.table = table
        self.binding = codec.conventions.bindings.get(table.name, Binding())
        self.offsets = struct.unpack_from(f"<{(len(vtable) - 4) // 2}H", vtable, 4)
        self.inline: list[tuple[int, str, int, str]] = []
        """Offset in the table, `struct` format, size, variable."""
        self.scope: dict[str, Any] = {"u32": _u32, "new": tuple.__new__}

    def compile(self) -> Decode:
        expressions = {each.name: self.expression(each) for each in self.table.fields}
        result = self.result(expressions)
        self.inline.sort()
        form, at = "<", 0
        for offset, fmt, size, _ in self.inline:
            form += f"{offset - at}x{fmt}"
            at = offset + size
        self.scope["inline"] = struct.Struct(form).unpack_from
        targets = "".join(f"{variable}," for *_, variable in self.inline)
        unpack = f"    {targets} = inline(buffer, position)\n" if targets else ""
        source = f"def decode(buffer, position):\n{unpack}    return {result}\n"
        exec(compile(source, f"<decoder of {self.table.name}>", "exec"), self.scope)
        decode: Decode = self.scope["decode"]
        return decode

    def offset(self, slot: int) -> int:
        return self.offsets[slot] if slot < len(self.offsets) else 0

    def take(self, offset: int, fmt: str, size: int) -> str:
        variable = f"v{len(self.inline)}"
        self.inline.append((offset, fmt, size, variable))
        return variable

    def bind(self, value: Any) -> str:
        name = f"b{len(self.scope)}"
        self.scope[name] = value
        return name

    def expression(self, each: Field) -> str:
        """Return the Python expression of a field's value."""
        offset = self.offset(each.slot)
        if not offset:
            return self.absent(each)
        if each.kind == "scalar" and not each.vector:
            variable = self.take(offset, each.format, each.size)
            return f"{self.bind(self.codec.name_of(each.type))}[{variable}]" if each.enum else variable
        at = f"position+{offset}+{self.take(offset, 'I', 4)}"
        if each.vector:
            return f"{self.bind(_vector(self.codec, each))}(buffer, {at})"
        if each.kind == "string":
            text = f"str(buffer[(q:={at}+4):q+u32(buffer,q-4)[0]],'utf-8')"
            return f"({text} or None)" if each.name in self.codec.conventions.blank else text
        if each.kind == "table":
            return f"{self.bind(self.codec.decoder(each.type))}(buffer, {at})"
        members = {
            number: (member, self.codec.decoder(table))
            for number, (member, table) in enumerate(self.codec.schema.unions[each.type].members, 1)
        }
        if self.binding.defer == each.name:
            return f"({self.take(self.offset(each.slot - 1), 'B', 1)}, buffer, {at})"
        chosen = f"(m:={self.bind(members)}[{self.take(self.offset(each.slot - 1), 'B', 1)}])"
        if self.binding.unwrap == each.name and self.binding.type is None:
            return f"{chosen}[1](buffer, {at})"
        return f"({chosen}[0], m[1](buffer, {at}))"

    def absent(self, each: Field) -> str:
        if each.vector:
            return "b''" if each.name in self.codec.conventions.raw else "()"
        if each.kind != "scalar" or each.optional:
            return "None"
        return repr(self.codec.name_of(each.type).get(int(each.default)) if each.enum else each.default)

    def result(self, expressions: dict[str, str]) -> str:
        kind, flatten, unwrap = self.binding.type, self.binding.flatten, self.binding.unwrap
        if unwrap is not None:
            return expressions[unwrap]
        base = f"*{expressions.pop(flatten)}, " if flatten else ""
        if kind is None:
            return "{" + ", ".join(f"{name!r}: {value}" for name, value in expressions.items()) + "}"
        if kind is tuple:
            return "(" + base + ", ".join(expressions.values()) + ",)"
        if is_dataclass(kind):
            names = [each.name for each in fields(kind) if each.name in expressions]
            inner = f"**{self.bind(_as_keywords)}({base[1:-2]}), " if base else ""
            return f"{self.bind(kind)}({inner}{', '.join(f'{name}={expressions[name]}' for name in names)})"
        order: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]
        own = [name for name in order if name in expressions]
        return f"new({self.bind(kind)}, ({base}{', '.join(expressions[name] for name in own)},))"


def _as_keywords(value: Any) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


def _vector(codec: Codec, each: Field) -> Callable[[bytes, int], Any]:
    """Return the decoder of a vector: ``(buffer, position of its length) -> value``."""
    size, fmt = each.size, each.format
    if each.kind == "scalar":
        names = codec.name_of(each.type) if each.enum else None

        def scalars(buffer: bytes, position: int) -> Any:
            count = _u32(buffer, position)[0]
            values = struct.unpack_from(f"<{count}{fmt}", buffer, position + 4)
            return values if names is None else tuple([names[value] for value in values])

        def raw(buffer: bytes, position: int) -> bytes:
            return buffer[position + 4 : position + 4 + _u32(buffer, position)[0]]

        return raw if size == 1 and each.name in codec.conventions.raw else scalars

    def string(buffer: bytes, position: int) -> str:
        return str(buffer[position + 4 : position + 4 + _u32(buffer, position)[0]], "utf-8")

    item: Decode = string if each.kind == "string" else codec.decoder(each.type)

    def references(buffer: bytes, position: int) -> tuple[Any, ...]:
        count = _u32(buffer, position)[0]
        if count == 1:  # As in nearly all statistics.
            return (item(buffer, position + 4 + _u32(buffer, position + 4)[0]),)
        offsets = struct.unpack_from(f"<{count}I", buffer, position + 4)
        return tuple([item(buffer, position + 4 + 4 * index + offset) for index, offset in enumerate(offsets)])

    mapping = codec.conventions.mappings.get(each.type)
    if mapping is None:
        return references
    collect = mapping[1]
    return lambda buffer, position: collect(references(buffer, position))
