"""``psfu recordings``: what was recorded, and what is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from proctor_sfu.control.api.recordings import Disk, Erased, Recording, Refusal, Wanted
from proctor_sfu.text import safe_text
from psfu_cli import complete, exits, offline, quantities
from psfu_cli.configured import ConfigOption
from psfu_cli.offline import Shown
from psfu_cli.options import Cli, DryRunOption, ReasonOption, RetainOption, YesOption, client
from psfu_cli.output import Column, Format, age, duration, size
from psfu_cli.progress import progress
from psfu_cli.quantities import recorded_sources

app = typer.Typer(no_args_is_help=True, help="Record candidates; find, verify, export and keep recordings.")

RecordingArgument = Annotated[
    str,
    typer.Argument(metavar="RECORDING", help="ROOM/CANDIDATE/TIME.", autocompletion=complete.recordings),
]
RecordingsArgument = Annotated[
    list[str],
    typer.Argument(metavar="RECORDING", help="ROOM/CANDIDATE/TIME.", autocompletion=complete.recordings),
]
RoomOption = Annotated[
    str | None, typer.Option("--room", "-r", metavar="ROOM", help="Of this room.", autocompletion=complete.rooms)
]
CandidateOption = Annotated[
    str | None,
    typer.Option(
        "--candidate", "-c", metavar="CANDIDATE", help="Of this candidate.", autocompletion=complete.candidates
    ),
]
RoomArgument = Annotated[str, typer.Argument(metavar="ROOM", help="Room.", autocompletion=complete.rooms)]
PathsArgument = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE|DIR", help="A journal, a recording's folder, a folder of many; or the id of one.",
        autocompletion=complete.recordings,
    ),
]  # fmt: skip
SourcesOption = Annotated[
    str, typer.Option("--sources", metavar="LIST", help="camera,screen,microphone; all unless named.")
]
NAMED: Final = 3
"""Candidates a warning names; `psfu recordings disk -o json` has all of them."""
_GOOD: Final = frozenset({"running", "finishing", "finished", "erased"})


def _tracks(recording: Recording) -> str:
    if not recording.tracks:
        return "nothing now" if recording.state == "running" else recording.sources.replace(",", " ")
    return " ".join(f"{each.track}{'' if each.state == 'flows' else f' ({each.state})'}" for each in recording.tracks)


COLUMNS: Final = (
    Column(title="RECORDING", value=lambda each: each.id),
    Column(title="STATE", value=lambda each: each.state, alarming=lambda each: each.state not in _GOOD),
    Column(title="TRACKS", value=_tracks, alarming=lambda each: any(t.state == "stalled" for t in each.tracks)),
    Column(title="SIZE", value=lambda each: size(each.bytes)),
    Column(title="GAPS", value=lambda each: each.gaps),
    Column(title="HELD", value=lambda each: each.held, wide=True),
    Column(title="KEPT UNTIL", value=lambda each: each.retain_until, wide=True),
    Column(title="FOLDER", value=lambda each: each.folder, wide=True),
    Column(title="AGE", value=lambda each: None if each.begun_at is None else age(each.begun_at)),
)
WANTED: Final = (
    Column(title="ROOM", value=lambda each: each.room),
    Column(title="CANDIDATE", value=lambda each: each.candidate or "(all)"),
    Column(title="RECORDED", value=lambda each: ",".join(each.sources) or "nothing"),
    Column(title="FINISHED", value=lambda each: " ".join(each.stopped)),
)
DISK: Final = (
    Column(title="DIRECTORY", value=lambda each: each.directory),
    Column(title="FREE", value=lambda each: size(each.free_bytes)),
    Column(title="RESERVE", value=lambda each: size(each.reserve_bytes)),
    Column(title="RATE", value=lambda each: f"{size(int(each.rate))}/s"),
    Column(title="COUNTED ON", value=lambda each: f"{size(int(each.expected_rate))}/s"),
    Column(title="SUFFICES FOR", value=lambda each: _hours(each)),
    Column(title="RECORDING", value=lambda each: each.recording),
    Column(title="REFUSED", value=lambda each: each.refused, alarming=lambda each: each.refused > 0),
    Column(title="WHY", value=lambda each: "; ".join(f"{why.code}: {why.reason}" for why in each.refusals)),
    Column(title="TROUBLE", value=lambda each: each.trouble, alarming=lambda each: bool(each.trouble)),
    Column(title="REASON", value=lambda each: each.reason),
)


ERASED: Final = (
    Column(title="RECORDING", value=lambda each: each.recording),
    Column(title="JOURNALS", value=lambda each: len(each.files)),
    Column(title="SIZE", value=lambda each: size(each.bytes)),
    Column(title="REASON", value=lambda each: each.reason),
)
REPAIRED: Final = (
    Column(title="RECORDING", value=lambda each: each.recording),
    Column(title="CLOSED", value=lambda each: " ".join(each.closed)),
    Column(title="BYTES CUT", value=lambda each: each.cut),
    Column(title="SIGNED", value=lambda each: each.signed),
)
KEY: Final = (
    Column(title="FINGERPRINT", value=lambda each: each.fingerprint),
    Column(title="FILE", value=lambda each: each.file),
)


def _hours(disk: Disk) -> str | None:
    return None if disk.hours_left is None else duration(3600 * disk.hours_left)


@app.command("ls", hidden=True)
@app.command("list")
@client(reads=True)
def list_(cli: Cli, room: RoomOption = None, candidate: CandidateOption = None) -> None:
    """List recordings, and for how long the disk suffices."""
    found = cli.client.recordings.list(room, candidate)
    cli.writer(Recording).many(found, COLUMNS, empty="no recordings (psfu rooms create ROOM --record camera,screen)")
    if not cli.as_json:
        _tell_disk(cli.client.recordings.disk())


@app.command()
@client(reads=True)
def get(cli: Cli, recording: RecordingArgument) -> None:
    """Show one recording."""
    cli.writer(Recording).one(cli.client.recordings.get(recording), COLUMNS)


@app.command()
@client(reads=True)
def disk(cli: Cli) -> None:
    """Show the disk recordings are on, and for how many hours it suffices."""
    cli.writer(Disk, lambda each: str(each.directory)).one(cli.client.recordings.disk(), DISK)


@app.command()
@client()
def start(
    cli: Cli,
    room: RoomArgument,
    candidate: CandidateOption = None,
    sources: SourcesOption = "",
    retain: RetainOption = None,
) -> None:
    """Record everybody in a room, or one candidate, from now on."""
    wanted = cli.client.recordings.start(room, candidate, recorded_sources(sources), retain)
    cli.writer(Wanted, lambda each: str(each.room)).changed([wanted], WANTED)


@app.command()
@client()
def stop(cli: Cli, room: RoomArgument, candidate: CandidateOption = None, sources: SourcesOption = "") -> None:
    """Record no more; a recording that has nothing left to record is finished and signed."""
    wanted = cli.client.recordings.stop(room, candidate, recorded_sources(sources))
    cli.writer(Wanted, lambda each: str(each.room)).changed([wanted], WANTED)


@app.command()
@client()
def hold(
    cli: Cli,
    recordings: RecordingsArgument,
    release: Annotated[bool, typer.Option("--release", help="Hold them no longer.")] = False,
    reason: ReasonOption = "",
) -> None:
    """Keep recordings whatever their retention says; nothing erases or deletes them before they are released."""
    done = [cli.client.recordings.hold(each, held=not release, reason=reason) for each in recordings]
    cli.writer(Recording).changed(done, COLUMNS)


@app.command()
@client()
def erase(
    cli: Cli,
    recordings: RecordingsArgument,
    reason: ReasonOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Delete the journals of recordings for ever; the ledger stays, with a receipt."""
    found = [cli.client.recordings.erase(each, reason=reason, dry_run=True) for each in recordings]
    if not dry_run:
        total = size(sum(each.bytes for each in found))
        cli.confirm(f"Erase {', '.join(recordings)} ({total}) for ever?", yes=yes)
        found = [cli.client.recordings.erase(each, reason=reason) for each in recordings]
    cli.writer(Erased, lambda each: str(each.recording)).changed(found, ERASED)
    if dry_run and not cli.as_json:
        exits.hint("dry run: nothing was erased")


@app.command()
@client()
def prune(cli: Cli, yes: YesOption = False, dry_run: DryRunOption = False) -> None:
    """Delete now what retention would delete by and by: finished, not held, and its time is over."""
    found = cli.client.recordings.prune(dry_run=True)
    if not dry_run and found:
        cli.confirm(f"Delete {len(found)} recordings ({size(sum(each.bytes for each in found))})?", yes=yes)
        found = cli.client.recordings.prune()
    writer = cli.writer(Erased, lambda each: str(each.recording))
    if found or cli.as_json:
        writer.changed(found, ERASED)
    if dry_run and not cli.as_json:
        exits.hint("dry run: nothing was deleted")


# Without a daemon.


@app.command()
@client()
def verify(
    cli: Cli,
    paths: PathsArgument,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Public key, PEM; else signing-key.pub beside the recordings."),
    ] = None,
) -> None:
    """Check that recordings are what was written; exit status 1 if one is not. Needs no daemon."""
    from proctor_sfu.recording import ledger_file
    from proctor_sfu.recording.keys import public_key
    from proctor_sfu.recording.verify import GOOD, Verifier, known_key

    reports = []
    with offline.explained(), progress(patient=True) as tell:
        for folder, only in offline.targets(cli, paths, "verify"):
            trusted = public_key(key) if key is not None else known_key(folder)
            name = ledger_file.name(folder)
            verifier = Verifier(folder, trusted, progress=lambda part, name=name: tell(name, part))  # type: ignore[misc]
            reports.append(verifier.verify(None if only is None else {only}))
    offline.write_reports(cli, reports)
    if any(report.state not in GOOD for report in reports):
        raise typer.Exit(exits.Exit.FAILED)


@app.command()
@client()
def export(
    cli: Cli,
    paths: PathsArgument,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE|DIR", help="Where to write; else named like the recording, here."),
    ] = None,
    kind: Annotated[
        Literal["webm", "mkv", "mp4"] | None,
        typer.Option("--format", help="Else as --to ends, else WebM, or Matroska where that cannot hold it."),
    ] = None,
    sources: SourcesOption = "",
    separate: Annotated[bool, typer.Option("--separate", help="A file for each track.")] = False,
    last: Annotated[
        Any,
        typer.Option("--last", parser=quantities.seconds, metavar="TIME", help="Only the last 60s, 10m …"),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="TIME", help="Only around 2026-01-01T09:30:00Z, or around 12m since it began."),
    ] = None,
    margin: Annotated[
        Any,
        typer.Option("--margin", parser=quantities.seconds, metavar="TIME", help="So long before and after --at."),
    ] = "20s",
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    unverified: Annotated[
        bool, typer.Option("--no-verify", help="Do not check first that it is what was recorded.")
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Write recordings to files people can play, nothing transcoded, also while they are recorded.

    Exit status 1, with the files written, if what they were made of is not what was recorded.
    """
    from proctor_sfu.recording.export import Exported
    from proctor_sfu.recording.verify import GOOD, Report
    from psfu_cli.exporting import COLUMNS as EXPORTED
    from psfu_cli.exporting import Wish, export

    wish = Wish(
        to=to, kind=kind, sources=tuple(recorded_sources(sources)), separate=separate, last=last, at=at, margin=margin,
        force=force,
    )  # fmt: skip
    bad: list[Report] = []

    def check(report: Report) -> None:
        if report.state not in GOOD:
            bad.append(report)
            exits.hint(f"warning: {offline.worst(report)}")

    written: list[Exported] = []
    with exits.tidily(), offline.explained(), progress(patient=True) as tell:
        targets = list(offline.targets(cli, paths, "export"))
        for folder, _ in targets:
            written += export(folder, wish, config, tell, None if unverified else check, many=len(targets) > 1)
    cli.writer(Exported, lambda each: str(each.file)).changed(written, EXPORTED)
    if bad:
        raise typer.Exit(exits.Exit.FAILED)


@app.command()
@client()
def repair(
    cli: Cli,
    paths: PathsArgument,
    finish: Annotated[bool, typer.Option("--finish", help="Finish and sign what nobody will go on with.")] = False,
    signing_key: Annotated[
        Path | None,
        typer.Option("--signing-key", metavar="FILE", help="Key to sign with, else that of the daemon's settings."),
    ] = None,
    config: ConfigOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Cut torn tails off after a crash, close what is whole, and write down that it was done. Needs no daemon."""
    from proctor_sfu.errors import FolderError
    from proctor_sfu.recording import ledger_file
    from proctor_sfu.recording.repair import Repaired, repair
    from proctor_sfu.recording.verify import Verifier

    with offline.explained():
        folders = [folder for folder, _ in offline.targets(cli, paths, "repair")]
        if dry_run:
            offline.write_reports(cli, [Verifier(folder).verify() for folder in folders])
            exits.hint("dry run: nothing was repaired")
            return
        signing = offline.signing_key(signing_key, config)
        done, failed = [], 0
        for folder in folders:
            # One that is not what it was keeps none of the others from being repaired.
            try:
                done.append(repair(folder, ledger_file.name(folder), signing, complete=finish))
            except (OSError, FolderError) as error:
                if len(folders) == 1:
                    raise
                failed += 1
                exits.hint(f"error: {safe_text(str(error), offline.LINE)}")
    cli.writer(Repaired, lambda each: str(each.recording)).changed(done, REPAIRED)
    if failed:
        raise typer.Exit(exits.Exit.FAILED)


@app.command()
@client()
def key(
    cli: Cli,
    config: ConfigOption = None,
    new_master: Annotated[
        Path | None,
        typer.Option("--new-master", metavar="FILE", help="Make a key for recording.master_key instead."),
    ] = None,
) -> None:
    """Show the public key that manifests are signed with, in PEM; give it to whoever has to verify."""
    from proctor_sfu.recording import keys

    with offline.explained():
        if new_master is not None:
            keys.new_master_key(new_master)
            cli.writer(Shown, lambda each: str(each.file)).line(str(new_master))
            exits.hint("keep a copy: without it, what is encrypted with it is lost")
            return
        shown = offline.public_key(config)
    if cli.format is Format.TABLE:
        cli.writer(Shown).line(shown.pem.rstrip("\n"))
        exits.hint(shown.fingerprint)
    else:
        cli.writer(Shown, lambda each: str(each.fingerprint)).one(shown, KEY)


def _not_recorded(refusal: Refusal) -> str:
    count = len(refusal.candidates)
    named = ", ".join(refusal.candidates[:NAMED]) + (", …" if count > NAMED else "")
    return f"{named} is" if count == 1 else f"{count} candidates ({named}) are"


def _tell_disk(disk: Disk) -> None:
    hours = _hours(disk)
    if hours is not None and disk.recording:
        now, soon = (f"{size(int(rate))}/s" for rate in (disk.rate, disk.expected_rate))
        # Sources that have just begun are counted on before their packets are measured.
        written = now if now == soon else f"{now} written, {soon} counted on"
        exits.hint(f"{size(disk.free_bytes)} free, {written}: suffices for {hours}")
    for refusal in disk.refusals:
        exits.hint(f"warning: {_not_recorded(refusal)} NOT recorded: {refusal.code}: {refusal.reason}")
    if disk.trouble:
        exits.hint(f"warning: {disk.trouble}: {disk.reason}")
