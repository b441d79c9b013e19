"""A reel: one recording while it is written, with its tracks, its ledger, and what an earlier crash left of it.

Lives in the recorder's loop. What touches the disk for long is handed to the lanes; rows wait there until the ledger
was read and its torn tail cut off, packets never do.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proctor_sfu.errors import FolderError
from proctor_sfu.recording import contents, keys, mending
from proctor_sfu.recording.book import Book, Pages
from proctor_sfu.recording.folder import KEY, JournalName, journal_name, journals
from proctor_sfu.recording.gaps import Named
from proctor_sfu.recording.intake import Intake
from proctor_sfu.recording.lane import RETRY, Lane
from proctor_sfu.recording.ledger_file import LedgerFile
from proctor_sfu.recording.past import Past
from proctor_sfu.recording.protocol import Begin, BeginTrack, Begun, Ended, Failed, Note, Said, Standing, ToDaemon
from proctor_sfu.recording.receive import Batch
from proctor_sfu.recording.seal import finish
from proctor_sfu.recording.sealed import SALT, Sealer
from proctor_sfu.recording.track import Format, Track
from proctor_sfu.recording.writing import JournalWriter, Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What all reels share."""

    writer: JournalWriter
    book: Book
    mender: Lane
    master: bytes | None
    signing: Ed25519PrivateKey
    say: Callable[[ToDaemon], None]


class Reel:
    """Made when a recording begins or goes on. Raises `OSError` and `KeyFileError`, with nothing left behind."""

    def __init__(self, context: Context, begin: Begin) -> None:
        self.id = begin.recording
        self.folder = Path(begin.folder)
        self.tracks: dict[str, Track] = {}
        self.pages = Pages(context.book, self._stands, self._meddled)
        self._context = context
        self._intakes: dict[str, Intake] = {}
        self._ended: dict[str, tuple[int, str]] = {}
        """Track -> arrival of its last packet, nanoseconds, and why it ended, if it did in this process."""
        self._past: Past
        """Set by the mender before any row is written."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        before = [path.name for path in journals(self.folder)]
        self._numbers: dict[str, int] = {}
        for name in map(journal_name, before):
            assert name is not None
            self._numbers[name.track] = max(name.segment, self._numbers.get(name.track, 0))
        self._is_deleted = False
        self._key = self._own_key()
        context.mender.put(lambda: self._adopt(begin, frozenset(before)))

    def _own_key(self) -> bytes | None:
        """Return the key of this recording; once begun with or without one it goes on so."""
        master = self._context.master
        if (self.folder / KEY).exists():
            if master is None:
                raise FolderError("sealed", f"{self.folder}: it was begun encrypted; recording.master_key is needed")
            return keys.recording_key(self.folder, self.id, master)
        if master is None or self._numbers:
            return None
        return keys.new_recording_key(self.folder, self.id, master)

    # Tracks.

    def begin_track(self, wanted: BeginTrack, intake: Intake) -> Track:
        """Begin a track, or begin it anew; the caller adds it to the intake."""
        if wanted.track in self.tracks:
            self._close_track(wanted.track, "replaced")
        form = Format(
            kind=wanted.kind, codec=wanted.codec, ssrc=wanted.ssrc, payload_type=wanted.payload_type,
            clock_rate=wanted.clock_rate, channels=wanted.channels, parameters=wanted.parameters,
        )  # fmt: skip
        track = Track(self, self.id, wanted.track, form, self._context.writer)
        track.last_ns, cause = self._ended.get(wanted.track, (0, ""))
        track.explain(cause, time.time_ns())
        self.tracks[wanted.track] = track
        self._intakes[wanted.track] = intake
        self.pages.note(
            "track_started", {"track": wanted.track, "codec": wanted.codec, "ssrc": wanted.ssrc, **wanted.fields}
        )
        return track

    def end_track(self, name: str, cause: str, batch: Batch) -> None:
        """End a track, with what still waits in its socket."""
        if name in self.tracks:
            self._intakes[name].drain(batch)
            self._close_track(name, cause)

    def _close_track(self, name: str, cause: str) -> None:
        track = self.tracks.pop(name)
        self.overflowed(track)
        self._intakes.pop(name).remove(track)
        track.close_segment()
        self._ended[name] = track.last_ns, cause
        now = time.time()
        row = {"track": name, "cause": cause}
        self._after_journals(lambda: self.pages.note("track_stopped", row, now), always=True)

    def explain(self, name: str, cause: str) -> None:
        """Remember why a track is silent."""
        if name in self.tracks:
            self.tracks[name].explain(cause, time.time_ns())

    # What tracks need.

    def open_segment(self, track: Track, first_us: int) -> tuple[Segment, int]:
        """Return the next segment of a track, with its number."""
        number = self._numbers[track.name] = self._numbers.get(track.name, 0) + 1
        name = str(JournalName(track=track.name, segment=number, sealed=self._key is not None))
        sealer = None if self._key is None else Sealer(self._key, os.urandom(SALT), self.id, name)
        return Segment(self.folder / name, track.name, first_us, self.pages.note, sealer, self._deleted), number

    def _deleted(self) -> None:
        """In the lane: files are not there any more, so that the recording has to begin anew elsewhere."""
        if not self._is_deleted:
            self._is_deleted = True
            message = f"{self.folder}: it was deleted while it was recorded"
            self._say(Failed(recording=self.id, code="deleted", message=message))

    def _meddled(self, how: str) -> None:
        """In the lane: somebody else changed the ledger, which is none of one piece any more: it has to begin anew."""
        if how != "deleted":
            message = f"{self.folder}: its ledger was {how} by somebody else while it was recorded"
            self._say(Failed(recording=self.id, code="tampered", message=message))
        else:
            self._deleted()

    def gap(self, track: Track, at_ns: int, sequence: int) -> None:
        """Packets come again: write down since when none came, and why."""
        name, ssrc, cause, since_us = track.name, track.form.ssrc, track.cause(), track.last_ns // 1000

        def fields() -> Mapping[str, Any] | None:
            row = {"track": name, "from_us": since_us, "to_us": at_ns // 1000, "cause": cause or "no-packets"}
            if not since_us:
                last, why = self._past.last(name)
                if last is None or not last.at_us:
                    return None  # The first packet there ever was.
                row |= {"from_us": last.at_us, "cause": why}
                if last.ssrc == ssrc:
                    # The same stream goes on, so its sequence numbers tell what is missing.
                    row["packets"] = (sequence - last.sequence - 1) & 0xFFFF
            return row

        self.pages.note("gap", fields, at_ns / 1e9)

    # What else happens.

    def note(self, told: Note) -> None:
        """Write down what the daemon says.

        It says a hold again as long as it has not heard that the ledger has it, of which an earlier recorder may have
        died between writing and saying so.
        """
        at = time.time() if told.at is None else told.at

        def fields() -> Mapping[str, Any] | None:
            return None if self._past.has(told.event, at, told.fields) else told.fields

        self.pages.note(told.event, fields if told.event in contents.HOLDS else told.fields, at)

    def overflowed(self, track: Track) -> None:
        """There is room again: write down what found none."""
        if (lost := track.overflow) is not None:
            track.overflow = None
            track.wants_key = track.form.kind == "video"
            self.pages.note(
                "gap",
                {
                    "track": track.name, "from_us": lost.since_ns // 1000, "to_us": track.last_ns // 1000,
                    "packets": lost.packets, "cause": lost.cause,
                },
            )  # fmt: skip

    def dropped(self, packets: int) -> None:
        """The kernel dropped packets since the recorder came too late."""
        self.pages.note("packets_dropped", {"packets": packets, "cause": "recorder-busy"})

    def clock_stepped(self, seconds: float) -> None:
        """The system's clock jumped: journals begin anew, so that arrivals within one are comparable."""
        self.pages.note("clock_stepped", {"by_s": round(seconds, 3)})
        for track in self.tracks.values():
            track.close_segment()

    # The end.

    def interrupt(self, cause: str) -> None:
        """Close everything; the recording goes on another time."""
        for name in list(self.tracks):
            self._close_track(name, cause)
        self._after_all(lambda: self.pages.note("recording_interrupted", {"cause": cause}), always=True)
        self._after_all(lambda: self.pages.end(lambda: self._say(Ended(recording=self.id, final=False))), always=True)

    def finish(self, fields: Mapping[str, Any], batch: Batch) -> None:
        """Close everything and sign it."""
        for name in list(self.tracks):
            self.end_track(name, "recording-finished", batch)
        self._after_all(lambda: self.pages.end(lambda: self._context.mender.put(lambda: self._finish(fields))))

    def _after_journals(self, job: Callable[[], None], *, always: bool = False) -> None:
        """Do ``job`` when the journals handed over so far are closed and their rows on the way.

        ``always``: also when the disk refused them to the end; a recording that is to be signed is not, then.
        """
        self._context.writer.lane.put(job, always=always)

    def _after_all(self, job: Callable[[], None], *, always: bool = False) -> None:
        """Do ``job`` when, besides, what a crash left is mended."""
        self._after_journals(lambda: self._context.mender.put(job), always=always)

    # In the mender's lane.

    def _adopt(self, begin: Begin, before: frozenset[str]) -> None:
        try:
            file = LedgerFile.open(self.folder, create=True)
            try:
                self._go_on(begin, before, file)
            except (FolderError, OSError):
                # It may be tried again, and would find its own lock.
                file.close()
                raise
        except FolderError as error:
            if error.reason == "busy":
                # Somebody looks after what a crash left; that takes a moment.
                time.sleep(RETRY)
                self._context.mender.put(lambda: self._adopt(begin, before))
            else:
                self._say(Failed(recording=self.id, code=error.reason, message=str(error)))

    def _go_on(self, begin: Begin, before: frozenset[str], file: LedgerFile) -> None:
        past = self._past = Past(
            self.folder, self.id, self._key, file.rows, before=before, cause=begin.cause,
            unreadable=lambda name, error: self._complain("journal_unreadable", name, str(error)),
        )  # fmt: skip
        resumed = bool(file.rows)
        if resumed:
            file.append("recording_resumed", time.time(), {"cause": begin.cause, "torn": file.torn})
        else:
            file.append("recording_begun", time.time(), {"recording": self.id, **begin.fields})
        tally = contents.Tally()
        for row in file.rows:
            tally.take(row.event, row.fields)
        file.rows = []
        self._say(Begun(recording=self.id, resumed=resumed))
        self.pages.adopt(file, tally)
        for each in past.left:
            # Behind whatever else is to be adopted, since this takes long.
            self._context.mender.put(lambda each=each: self._mend(each, past.named, begin.cause))  # type: ignore[misc]

    def _mend(self, stated: contents.Stated, named: Named, cause: str) -> None:
        try:
            mended = mending.examine(self.folder, self.id, stated, self._key)
            mending.cut(self.folder, mended)
        except FolderError as error:
            self.pages.note("journal_suspect", {"file": stated.file})
            self._complain("journal_suspect", stated.file, str(error))
            return
        except OSError as error:
            self._complain("journal_not_mended", stated.file, str(error))
            return
        for fields in mended.gaps(named):
            self.pages.note("gap", fields, fields["to_us"] / 1e6)
        self.pages.note("segment_closed", {**mended.fields, "torn": mended.torn, "cause": cause})

    def _complain(self, event: str, file: str, reason: str) -> None:
        fields = {"recording": self.id, "file": file, "reason": reason}
        self._say(Said(level="error", event=event, fields=fields))

    def _finish(self, fields: Mapping[str, Any]) -> None:
        try:
            finish(self.folder, self.id, fields, self._context.signing)
        except FolderError as error:
            self._say(Failed(recording=self.id, code=error.reason, message=str(error)))
        else:
            self._say(Ended(recording=self.id, final=True))

    def _stands(self, tally: contents.Tally) -> None:
        self._say(Standing(recording=self.id, gaps=tally.gaps, held=tally.held))

    def _say(self, message: ToDaemon) -> None:
        self._context.say(message)
