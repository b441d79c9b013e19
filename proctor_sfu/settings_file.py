"""``psfu.toml``: reading it together with environment and flags, and writing it.

Order of precedence: command-line flags, environment (``PSFU_<TABLE>__<KEY>``), file, default. All problems are
reported at once, a line each: where it is, which key, what was found and what to do.
"""

from __future__ import annotations

import difflib
import json
import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import tomli_w
from pydantic import ValidationError

from proctor_sfu.errors import SettingsError
from proctor_sfu.events import unknown
from proctor_sfu.settings import Settings
from proctor_sfu.settings_keys import Key, keys, tables

Origin: TypeAlias = Literal["default", "file", "environment", "flag"]
PREFIX: Final = "PSFU_"
BETWEEN: Final = "__"
_WIDTH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings and where each came from."""

    settings: Settings
    origin: Mapping[str, Origin]
    """Path of a key -> where its value comes from."""
    file: Path | None

    def problem(self, path: str, text: str) -> str:
        """Return ``text`` with the key it is about and where somebody has to change it."""
        return f"{_where(path, self.origin[path], self.file)}: {path}: {text}"


def load(
    file: Path | None = None, environment: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None
) -> Loaded:
    """Merge file, environment and flags (``{"rtc.port": value}``, None: not given).

    Raises `SettingsError` with a line for each problem of all three.
    """
    known = keys()
    problems: list[str] = []
    found: dict[str, tuple[Origin, Any]] = {}
    for path, value in _from_file(file, known, problems):
        found[path] = ("file", value)
    for path, text in _from_environment(environment or {}, known, problems):
        found[path] = ("environment", _value(known[path], text))
    for path, flag in (flags or {}).items():
        if flag is not None:
            found[path] = ("flag", _value(known[path], flag) if isinstance(flag, str) else flag)
    origin: dict[str, Origin] = {path: found[path][0] if path in found else "default" for path in known}
    nested = _nest({path: each[1] for path, each in found.items()})
    try:
        # By way of JSON, in which strict reading takes text for a path.
        settings = Settings.model_validate_json(json.dumps(nested, default=str))
    except ValidationError as error:
        raise SettingsError(problems + _explain(error, known, origin, file)) from None
    loaded = Loaded(settings=settings, origin=origin, file=file)
    if problem := unknown(settings.webhooks.events):
        problems.append(loaded.problem("webhooks.events", f"{problem} (man psfu-events has them)"))
    if problems:
        raise SettingsError(problems)
    return loaded


# Reading.


def _from_file(file: Path | None, known: Mapping[str, Key], problems: list[str]) -> Iterator[tuple[str, Any]]:
    if file is None:
        return
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        problems.append(f"{file}: cannot be read: {reason} (psfu config init {file} writes one)")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        problems.append(f"{file}: not TOML: {error}: correct it (psfu config check {file} looks again)")
    else:
        yield from _leaves(content, "", known, str(file), problems)


def _leaves(
    content: Mapping[str, Any], path: str, known: Mapping[str, Key], file: str, problems: list[str]
) -> Iterator[tuple[str, Any]]:
    """Yield the values of known keys; what is not known is a problem."""
    for name, value in content.items():
        below = f"{path}.{name}".lstrip(".")
        is_table = any(each.startswith(f"{below}.") for each in known)
        if below in known:
            yield below, value
        elif is_table and isinstance(value, Mapping):
            yield from _leaves(value, below, known, file, problems)
        elif is_table:
            problems.append(f"{file}: {below}: expected a table, written [{below}]")
        else:
            problems.append(f"{file}: {below}: no such key{_meant(below, known)}")


def _from_environment(
    environment: Mapping[str, str], known: Mapping[str, Key], problems: list[str]
) -> Iterator[tuple[str, str]]:
    names = {_variable(path): path for path in known}
    for name, value in environment.items():
        if name in names:
            yield names[name], value
        elif name.startswith(PREFIX) and BETWEEN in name:
            problems.append(f"environment: {name}: no such setting{_meant(name, names)}")


def _variable(path: str) -> str:
    return PREFIX + path.replace(".", BETWEEN).upper()


def _value(key: Key, text: str) -> Any:
    """Return what stands in an environment variable or flag: text, or the value TOML would read there."""
    if key.text:
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _nest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``{"rtc.port": 1}`` as ``{"rtc": {"port": 1}}``."""
    root: dict[str, Any] = {}
    for path, value in values.items():
        *above, name = path.split(".")
        table = root
        for each in above:
            table = table.setdefault(each, {})
        table[name] = value
    return root


# Problems.


def _explain(
    error: ValidationError, known: Mapping[str, Key], origin: Mapping[str, Origin], file: Path | None
) -> list[str]:
    """Return a line for each key that is wrong, though pydantic has one for each alternative of a union."""
    lines: dict[str, str] = {}
    for each in error.errors():
        parts = [str(part) for part in each["loc"]]
        path = next((".".join(parts[:end]) for end in range(len(parts), 0, -1) if ".".join(parts[:end]) in known), "")
        own_words = str(each["ctx"]["error"]) if each["type"] == "value_error" else ""
        if path:
            shown = _shortened(json.dumps(each["input"], ensure_ascii=False))
            reason = own_words or f"expected {known[path].expected}"
            lines.setdefault(path, f"{_where(path, origin[path], file)}: {path}: {shown}: {reason}")
        else:
            # A rule about several keys begins its words with the one to change.
            name, _, rest = own_words.partition(": ")
            path = ".".join([*parts, name])
            lines.setdefault(path, f"{_where(path, origin[path], file)}: {path}: {rest}")
    return list(lines.values())


def _where(path: str, origin: Origin, file: Path | None) -> str:
    match origin:
        case "environment":
            return f"environment: {_variable(path)}"
        case "flag":
            return "command line"
        case _:
            return str(file or "psfu.toml")


def _meant(name: str, known: Iterable[str]) -> str:
    """Suggest what somebody may have meant: the same name in another table, else what is spelt much alike."""
    tables_of: dict[str, list[str]] = {}
    for each in known:
        tables_of.setdefault(each.rpartition(".")[2], []).append(each)
    last = name.rpartition(".")[2]
    alike = tables_of.get(last) or difflib.get_close_matches(name, [*known, *_tables_of(known)], n=1)
    if not alike and (close := difflib.get_close_matches(last, tables_of, n=1)):
        alike = tables_of[close[0]]
    return f"; did you mean {' or '.join(alike)}?" if alike else " (psfu config show lists them)"


def _tables_of(known: Iterable[str]) -> set[str]:
    return {each.rpartition(".")[0] for each in known} - {""}


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


# Writing.


def as_toml(settings: Settings) -> str:
    """Return settings as a file; a key without a value is left out, since TOML has no word for that."""
    return tomli_w.dumps(_filled(settings.model_dump(mode="json")))


def _filled(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _filled(value) if isinstance(value, Mapping) else value
        for name, value in values.items()
        if value is not None
    }


def template() -> str:
    """Return a file that has every key with its default, commented out, and what it means."""
    parts = [
        "# Settings of psfu serve; see psfu.toml(5).\n"
        "# Every key is here with its default. Take the # away to change one; psfu config check tells what is wrong.\n"
    ]
    for table in tables():
        parts.append(f"\n{_comment(table.description)}[{table.path}]\n")
        for key in table.keys:
            unset = " Unset by default." if key.default is None else ""
            about = f"{key.description} {key.expected[0].upper()}{key.expected[1:]}.{unset}"
            value = key.example if key.default is None else key.default
            # A list on one line, which JSON and TOML write alike.
            line = (
                f"{key.name} = {json.dumps(value)}\n" if isinstance(value, list) else tomli_w.dumps({key.name: value})
            )
            parts.append(f"\n{_comment(about)}" + "".join(f"#{each}\n" for each in line.splitlines()))
    return "".join(parts)


def _comment(text: str) -> str:
    return "".join(f"# {line}\n" for line in textwrap.wrap(text, _WIDTH - 2))
