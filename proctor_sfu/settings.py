"""Settings of the daemon: every key of ``psfu.toml``, every default, in this one place.

Order of precedence: command-line flags, environment (``PSFU_<SECTION>__<KEY>``), file, default. All problems are
reported at once, each with where it is, what was found and what to do.
"""

from __future__ import annotations

import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from proctor_sfu.errors import SettingsError

Origin: TypeAlias = Literal["default", "file", "environment", "flag"]
Port = Annotated[int, Field(ge=0, le=65535)]
ENVIRONMENT_PREFIX: Final = "PSFU_"
DEFAULT_FILE: Final = Path("/etc/psfu/psfu.toml")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Signaling(_Section):
    """The WebSocket clients join through."""

    host: str = Field("127.0.0.1", description="Address the signaling WebSocket listens on.")
    port: Port = Field(4443, description="Its TCP port; 0 takes a free one.")
    max_message_bytes: int = Field(262_144, ge=1024, le=8_388_608, description="Largest message a client may send.")
    authenticate_seconds: float = Field(10.0, gt=0, le=300, description="Time a new connection has to authenticate.")
    ping_seconds: float = Field(20.0, gt=0, le=600, description="Interval of WebSocket pings to each client.")
    messages_per_second: float = Field(50.0, gt=0, description="Messages a client may send in the long run.")
    messages_burst: int = Field(200, ge=1, description="Messages a client may send at once.")


class Workers(_Section):
    """The mediasoup-worker processes."""

    count: Literal["auto"] | Annotated[int, Field(ge=1, le=1024)] = Field(
        "auto", description="Number of workers; auto: one for each core."
    )
    log_level: Literal["debug", "warn", "error", "none"] = Field("error", description="What the workers log.")
    binary: Path | None = Field(None, description="A mediasoup-worker to use instead of the installed one.")


class Rtc(_Section):
    """Where media arrives."""

    listen_ip: str = Field("127.0.0.1", description="Address the workers listen on; 0.0.0.0 for all.")
    announced_address: str | None = Field(
        None, description="Address or name clients are told instead, as behind a NAT; needed with 0.0.0.0."
    )
    port: Port = Field(
        0, description="UDP and TCP port of the first worker, each further one takes the next; 0: free ones."
    )
    initial_outgoing_bitrate: int = Field(
        1_000_000, ge=30_000, description="First guess of what a proctor can receive, bits per second."
    )
    max_incoming_bitrate: int = Field(
        3_000_000, ge=0, description="Most a candidate may send, bits per second; 0: no limit."
    )

    @field_validator("listen_ip")
    @classmethod
    def _address(cls, value: str) -> str:
        ipaddress.ip_address(value)
        return value


class Control(_Section):
    """The socket `psfu` commands talk to."""

    socket: Path | None = Field(None, description="Path of the Unix socket; unset: see psfu(1), FILES.")


class Rooms(_Section):
    """Defaults of rooms."""

    max_candidates: int = Field(1000, ge=1, le=100_000, description="Candidates a room takes unless it says otherwise.")


class Log(_Section):
    """The daemon's own log, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    format: Literal["auto", "json", "console"] = Field("auto", description="auto: console on a terminal, else JSON.")


class Settings(_Section):
    """All settings."""

    signaling: Signaling = Field(default_factory=Signaling)
    workers: Workers = Field(default_factory=Workers)
    rtc: Rtc = Field(default_factory=Rtc)
    control: Control = Field(default_factory=Control)
    rooms: Rooms = Field(default_factory=Rooms)
    log: Log = Field(default_factory=Log)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings and where each came from."""

    settings: Settings
    origin: Mapping[str, Origin]
    """``section.key`` -> where its value comes from."""
    file: Path | None


def load(
    file: Path | None = None, environment: Mapping[str, str] | None = None, flags: Mapping[str, Any] | None = None
) -> Loaded:
    """Merge file, environment and flags (``{"section.key": value}``, None: not given).

    Raises `SettingsError` for a file that cannot be read or is not TOML, an unknown key, a value out of bounds.
    """
    values: dict[str, dict[str, Any]] = {}
    origin: dict[str, Origin] = dict.fromkeys(keys(), "default")
    for section, content in (_read(file) if file is not None else {}).items():
        if not isinstance(content, dict):
            raise SettingsError([f"{file}: {section}: expected a table, written [{section}]"])
        for key, value in content.items():
            values.setdefault(section, {})[key] = value
            origin[f"{section}.{key}"] = "file"
    layers: list[tuple[Origin, Mapping[str, Any]]] = [
        ("environment", _from_environment(environment or {})),
        ("flag", {key: value for key, value in (flags or {}).items() if value is not None}),
    ]
    for name, layer in layers:
        for path, value in layer.items():
            section, key = path.split(".")
            values.setdefault(section, {})[key] = value
            origin[path] = name
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError([_problem(each, origin, file) for each in error.errors()]) from None
    if settings.rtc.listen_ip in ("0.0.0.0", "::") and settings.rtc.announced_address is None:
        raise SettingsError(
            [f"{file or 'settings'}: rtc.announced_address: needed when rtc.listen_ip is {settings.rtc.listen_ip}"]
        )
    return Loaded(settings=settings, origin=origin, file=file)


def keys() -> dict[str, str]:
    """Return ``section.key`` -> description, in order."""
    return {
        f"{section}.{key}": each.description or ""
        for section, model in sections().items()
        for key, each in model.model_fields.items()
    }


def sections() -> dict[str, type[BaseModel]]:
    """Return section -> its model."""
    return {name: type(getattr(Settings(), name)) for name in Settings.model_fields}


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError([f"{file}: cannot be read: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{file}: not TOML: {error}"]) from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    known = {f"{ENVIRONMENT_PREFIX}{path.replace('.', '__').upper()}": path for path in keys()}
    found: dict[str, Any] = {}
    unknown = []
    for name, value in environment.items():
        if name in known:
            found[known[name]] = value
        elif name.startswith(ENVIRONMENT_PREFIX) and "__" in name:
            unknown.append(f"environment: {name}: no such setting (psfu config show lists them)")
    if unknown:
        raise SettingsError(unknown)
    return found


def _problem(error: Mapping[str, Any], origin: Mapping[str, Origin], file: Path | None) -> str:
    path = ".".join(str(part) for part in error["loc"][:2])
    place = origin.get(path, "file")
    where = str(file) if place == "file" and file else place
    if error["type"] == "extra_forbidden":
        return f"{where}: {path}: no such key (psfu config show lists them)"
    shown = repr(error["input"])
    return f"{where}: {path}: {shown if len(shown) < 80 else shown[:79] + '…'}: {error['msg'].lower()}"
