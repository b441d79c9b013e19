"""``psfu config``: psfu.toml."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from proctor_sfu.errors import RefusedError
from psfu_cli import exits
from psfu_cli.commands.serve import SYSTEM_FILE, ConfigOption, chosen
from psfu_cli.options import Cli, client
from psfu_cli.output import Column

if TYPE_CHECKING:
    from proctor_sfu.settings import Loaded

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


def _load(config: Path | None) -> Loaded:
    from proctor_sfu import settings

    return settings.load(chosen(config), os.environ)


@app.command()
@client()
def check(cli: Cli, config: ConfigOption = None) -> None:
    """Check file and environment; exit code 78 and a line for each problem if a daemon would refuse them."""
    loaded = _load(config)
    if not cli.as_json:
        exits.hint(f"{loaded.file or 'no file, defaults'}: ok")


@app.command()
@client()
def show(
    cli: Cli,
    config: ConfigOption = None,
    toml: Annotated[bool, typer.Option("--toml", help="As a settings file.")] = False,
) -> None:
    """Show every setting, its value and where that comes from."""
    from proctor_sfu import settings

    loaded = _load(config)
    values = loaded.settings.model_dump(mode="json")
    if toml:
        cli.writer().line(_toml(values).rstrip("\n"))
        return
    found = []
    for path, description in settings.keys().items():
        section, key = path.split(".")
        found.append(Setting(key=path, value=values[section][key], origin=loaded.origin[path], description=description))
    cli.writer(lambda each: each.key).many(found, COLUMNS, empty="")


@app.command()
@client()
def init(
    cli: Cli,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write.")] = SYSTEM_FILE,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a settings file with every key and its default."""
    from proctor_sfu.settings import Settings

    try:
        with file.open("w" if force else "x", encoding="utf-8") as target:
            target.write(_toml(Settings().model_dump(mode="json")))
    except FileExistsError:
        raise RefusedError("conflict", f"{file} exists (--force replaces it)") from None
    except OSError as error:
        reason = "denied" if isinstance(error, PermissionError) else "failed"
        raise RefusedError(reason, f"{file}: {error.strerror}") from error
    cli.writer().line(str(file))


def _toml(values: dict[str, dict[str, Any]]) -> str:
    """Return settings as TOML, what has no value left out."""
    import tomli_w

    return tomli_w.dumps(
        {section: {key: value for key, value in keys.items() if value is not None} for section, keys in values.items()}
    )
