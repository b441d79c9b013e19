"""What commands about recordings do without a daemon: find their files and keys, and say what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from proctor_sfu.errors import RefusedError
from proctor_sfu.text import ID, safe_text
from psfu_cli.configured import chosen
from psfu_cli.options import Cli
from psfu_cli.output import Format, size

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from proctor_sfu.recording.verify import Finding, Report
    from proctor_sfu.settings import Settings


LINE: Final = 4000
"""Characters of a line that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """The key that signs."""

    fingerprint: str
    file: str
    pem: str


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the system refuses into one line."""
    try:
        yield
    except OSError as error:
        kinds = ((FileNotFoundError, "not_found"), (PermissionError, "denied"))
        reason = next((name for kind, name in kinds if isinstance(error, kind)), "failed")
        where = f"{error.filename}: " if error.filename else ""
        raise RefusedError(reason, f"{where}{(error.strerror or str(error)).lower()}") from error


def targets(cli: Cli, paths: Sequence[Path], what: str) -> Iterator[tuple[Path, str | None]]:
    """Yield folders of recordings, and the journal that is meant if it is one. Raises `RefusedError`."""
    from proctor_sfu.recording.folder import LEDGER, journal_name

    for path in paths:
        if not path.exists():
            yield Path(_folder_of(cli, path, what)), None
        elif path.is_file():
            if journal_name(path.name) is None and path.name != LEDGER:
                raise RefusedError("usage", f"{path}: no journal of a recording")
            yield path.parent, path.name
        elif (path / LEDGER).exists():
            yield path, None
        else:
            found = sorted(each.parent for each in path.glob(f"*/*/*/{LEDGER}"))
            found += sorted(each.parent for each in path.glob(f"*/*/{LEDGER}"))
            found += sorted(each.parent for each in path.glob(f"*/{LEDGER}"))
            if not found:
                raise RefusedError("not_found", f"{path}: no recording is here")
            for each in found:
                yield each, None


def _folder_of(cli: Cli, path: Path, what: str) -> str:
    """Ask the daemon where a recording is; it notes in the audit what is done with it."""
    parts = path.parts
    if len(parts) != 3 or not all(ID.fullmatch(part) for part in parts):
        raise RefusedError("not_found", f"{path}: no such file or folder")
    found = cli.client.recordings.get("/".join(parts))
    cli.client.recordings.viewed(found.id, what)
    return found.folder


def write_reports(cli: Cli, reports: Sequence[Report]) -> None:
    """Write a line for each recording and, below it, one for each finding; what they quote may be anything."""
    from proctor_sfu.recording.verify import GOOD, Report

    if cli.format not in (Format.TABLE, Format.WIDE):
        cli.writer(Report, lambda each: str(each.recording)).many(reports, (), empty="")
        return
    writer = cli.writer(type(None))
    for report in reports:
        signed = f", signed by {report.signed_by}" if report.signed_by else ""
        known = "" if not signed else " (known)" if report.trusted else " (UNKNOWN key)"
        line = (
            f"{report.recording}: {report.state}: {report.journals} journals, {report.packets} packets,"
            f" {size(report.bytes)}, {report.gaps} gaps{signed}{known}"
        )
        writer.line(safe_text(line, LINE), alarming=report.state not in GOOD)
        for finding in report.findings:
            writer.line(safe_text(f"  {_told(finding)}", LINE))


def worst(report: Report) -> str:
    """Return in a line what is wrong with a recording, and how much more is."""
    found, more = report.worst, len(report.findings) - 1
    told = report.state if found is None else _told(found)
    return f"{report.recording}: {told}" + (f" (and {more} more: psfu recordings verify)" if more > 0 else "")


def _told(finding: Finding) -> str:
    where = f"{finding.file}: byte {finding.byte}" if finding.byte is not None else finding.file
    return f"{finding.kind}: {where}: {finding.text}"


def signing_key(path: Path | None, config: Path | None) -> Ed25519PrivateKey | None:
    """Return the key to sign with: the one named, else the daemon's if it is there and may be read."""
    from proctor_sfu.recording import keys

    if path is not None:
        return keys.load_signing_key(path)
    own = _own_key(config)
    return keys.load_signing_key(own) if os.access(own, os.R_OK) else None


def recording_key(folder: Path, config: Path | None) -> bytes | None:
    """Return the key of an encrypted recording, None if it is none. Raises `SealedError` and `KeyFileError`."""
    from proctor_sfu.recording import keys, ledger_file
    from proctor_sfu.recording.folder import KEY

    if not (folder / KEY).exists():
        return None
    master = _settings(config).recording.master_key
    if master is None:
        raise RefusedError("usage", f"{folder}: it is encrypted; --config has to name settings with its master key")
    return keys.recording_key(folder, ledger_file.name(folder), keys.master_key(master))


def public_key(config: Path | None) -> Shown:
    """Return the public half of the daemon's key. Raises `KeyFileError` and `RefusedError`."""
    from proctor_sfu.recording import keys, manifest

    path = _own_key(config)
    if not path.exists():
        elsewhere = "--config names the settings of a daemon whose files are elsewhere"
        raise RefusedError("not_found", f"{path}: there is no key (psfu serve makes it); {elsewhere}")
    key = keys.load_signing_key(path)
    raw = manifest.raw(key.public_key())
    return Shown(fingerprint=manifest.fingerprint(raw), file=str(path), pem=keys.public_pem(key).decode())


def _own_key(config: Path | None) -> Path:
    from proctor_sfu.recording.folder import SIGNING_KEY
    from proctor_sfu.state import place

    settings = _settings(config)
    return settings.recording.signing_key or place(settings.state.directory, os.environ) / SIGNING_KEY


def _settings(config: Path | None) -> Settings:
    from proctor_sfu import settings_file

    return settings_file.load(chosen(config), os.environ).settings
