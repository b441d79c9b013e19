"""``psfu config``: psfu.toml."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from proctor_sfu.errors import RefusedError
from psfu_cli.configured import SYSTEM_FILE, ConfigOption, chosen
from psfu_cli.options import Cli, client
from psfu_cli.output import Column, write

if TYPE_CHECKING:
    from proctor_sfu.settings_file import Loaded

READABLE: Final = 0o644
"""The daemon's user reads what root wrote."""

app = typer.Typer(no_args_is_help=True, help="Check, show and write the settings file.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting in effect."""

    key: str
    value: Any
    origin: str
    """``default``, ``file``, ``environment`` or ``flag``."""
    description: str


COLUMNS: Final = (
    Column(title="KEY", value=lambda each: each.key),
    Column(title="VALUE", value=lambda each: each.value),
    Column(title="ORIGIN", value=lambda each: each.origin),
    Column(title="DESCRIPTION", value=lambda each: each.description, wide=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Settings that a daemon would take."""

    file: str | None
    ok: bool


CHECKED: Final = (
    Column(title="FILE", value=lambda each: each.file or "none, defaults"),
    Column(title="OK", value=lambda each: each.ok),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file that was written."""

    file: str


WRITTEN: Final = (Column(title="FILE", value=lambda each: each.file),)


def _load(config: Path | None) -> Loaded:
    from proctor_sfu import settings_file

    return settings_file.load(chosen(config), os.environ)


@app.command()
@client()
def check(cli: Cli, config: ConfigOption = None) -> None:
    """Check file and environment; exit code 78 and a line for each problem if a daemon would refuse them."""
    loaded = _load(config)
    checked = Checked(file=None if loaded.file is None else str(loaded.file), ok=True)
    cli.writer(Checked, lambda each: each.file or "").one(checked, CHECKED)


@app.command()
@client()
def show(
    cli: Cli,
    config: ConfigOption = None,
    toml: Annotated[bool, typer.Option("--toml", help="As a settings file.")] = False,
) -> None:
    """Show every setting, its value and where that comes from."""
    from proctor_sfu.settings_file import as_toml
    from proctor_sfu.settings_keys import keys

    loaded = _load(config)
    if toml:
        write(as_toml(loaded.settings))
        return
    values = loaded.settings.model_dump(mode="json")
    found = [
        Setting(key=key.path, value=_at(values, key.path), origin=loaded.origin[key.path], description=key.description)
        for key in keys().values()
    ]
    cli.writer(Setting, lambda each: each.key).many(found, COLUMNS, empty="")


def _at(values: Any, path: str) -> Any:
    for name in path.split("."):
        values = values[name]
    return values


@app.command()
@client()
def init(
    cli: Cli,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write.")] = SYSTEM_FILE,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a settings file that has every key with its default, commented out, and what it means."""
    from proctor_sfu.settings_file import template

    try:
        _write(file, template(), force=force)
    except FileExistsError:
        raise RefusedError("conflict", f"{file} exists (--force replaces it)") from None
    except OSError as error:
        reason = "denied" if isinstance(error, PermissionError) else "failed"
        raise RefusedError(reason, f"{file}: {(error.strerror or str(error)).lower()}") from error
    cli.writer(Written, lambda each: each.file).changed([Written(file=str(file))], WRITTEN)


def _write(file: Path, text: str, *, force: bool) -> None:
    """Put a whole file in its place at once: nobody ever reads half of it, and a crash leaves none."""
    if not file.parent.exists():
        file.parent.mkdir()
    descriptor, made = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as target:
            target.write(text)
            target.flush()
            os.fchmod(descriptor, READABLE)
            os.fsync(descriptor)
        # Unlike a rename, a link refuses to take the place of a file that is there.
        (os.replace if force else os.link)(made, file)
    finally:
        Path(made).unlink(missing_ok=True)
