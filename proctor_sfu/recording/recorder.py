"""The recorder: a process of its own that writes what arrives at its inlets into journals and ledgers.

Run as ``python -m proctor_sfu.recording.recorder DESCRIPTOR`` by the daemon, with whom it talks over that socket. It
ends when the socket does, everything written and every journal closed. Its loop never touches a disk: that is done in
three lanes, for journals, for ledgers and for what takes long.
"""

from __future__ import annotations

import ctypes
import gc
import os
import random
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from proctor_sfu.errors import PsfuError
from proctor_sfu.recording import keys, manifest, pipe, protocol
from proctor_sfu.recording.book import Book
from proctor_sfu.recording.folder import space
from proctor_sfu.recording.inlets import Inlets
from proctor_sfu.recording.lane import Lane, kind_of
from proctor_sfu.recording.outbox import Outbox
from proctor_sfu.recording.protocol import (
    Begin,
    BeginTrack,
    CloseInlet,
    Configure,
    Disk,
    End,
    Ended,
    EndTrack,
    Explain,
    Failed,
    Flow,
    Inlet,
    InletRefused,
    Note,
    Ready,
    TrackFlow,
    TrackReady,
    WantKeyFrame,
)
from proctor_sfu.recording.receive import Batch
from proctor_sfu.recording.reel import Context, Reel
from proctor_sfu.recording.track import Track
from proctor_sfu.recording.writing import JournalWriter, Space

PACE: Final = 0.05
"""Seconds between looks at the inlets, so that many packets are taken at once."""
HAND_OVER: Final = 0.4
"""Seconds after which packets go from memory to the disk."""
SECOND: Final = 1.0
"""Everything is synced and reported this often."""
SYNC: Final = 0.75
"""Seconds between syncs of all there is: with a look at the inlets and the sync itself below the second promised."""
KEY_FRAME: Final = 0.5
"""Seconds between looks who needs a key frame."""
FLOOR: Final = 4 << 20
"""Bytes of the disk that journals leave to ledgers."""
SLOW: Final = 3.0
"""Seconds behind from which on the disk is slow."""
STEP: Final = 0.1
"""Seconds the clock may jump unnoticed."""
YOUNG: Final = 50_000
"""Objects made before Python looks for cycles, of which what runs here for ever makes none."""
BUG: Final = 70
"""Exit status after what nobody foresaw."""
_PR_SET_PDEATHSIG: Final = 1


class Recorder:
    """Everything in the process. ``control``: the socket to the daemon."""

    def __init__(self, control: socket.socket, configure: Configure) -> None:
        self._control = control
        self._configure = configure
        self._space = Space()
        self._writer = JournalWriter(self._space, configure.checkpoint_seconds)
        self._book = Book()
        self._mender = Lane("mender")
        self._outbox = Outbox(control)
        self.say = self._outbox.put
        """Tells the daemon something; from any thread."""
        self._epoll = select.epoll()
        self._inlets = Inlets(self._epoll)
        self._batch = Batch()
        self._reels: dict[str, Reel] = {}
        self._ending = False
        self._turns = {"hand_over": 0.0, "sync": 0.0, "second": 0.0, "keys": 0.0}
        self._busy_before = 0.0
        self._overflowed = 0
        self._clock_offset = time.time() - time.monotonic()
        master = None if configure.master_key is None else keys.master_key(Path(configure.master_key))
        signing = keys.signing_key(Path(configure.signing_key))
        self._context = Context(
            writer=self._writer, book=self._book, mender=self._mender, master=master, signing=signing, say=self.say
        )
        self._fingerprint = manifest.fingerprint(manifest.raw(signing.public_key()))
        self._handlers: dict[type[Any], Callable[[Any, list[int]], None]] = {
            Begin: self._begin, Inlet: self._inlet, CloseInlet: self._close_inlet, BeginTrack: self._begin_track,
            EndTrack: self._end_track, Explain: self._explain, Note: self._note, End: self._end,
        }  # fmt: skip

    # The loop.

    def run(self) -> None:
        """Work until the daemon is gone, or SIGTERM; then put everything on the disk."""
        signal.signal(signal.SIGTERM, lambda *_: self._stop())
        for lane in (self._writer.lane, self._book.lane, self._mender):
            lane.start()
        self._epoll.register(self._control, select.EPOLLIN)
        self._epoll.register(self._outbox.wake, select.EPOLLIN)
        self.say(Ready(public_key=self._fingerprint))
        while not self._ending:
            for descriptor, _ in self._epoll.poll(HAND_OVER):
                if descriptor == self._outbox.wake:
                    self._outbox.hear()
                elif (intake := self._inlets.by_descriptor.get(descriptor)) is not None:
                    intake.drain(self._batch)
                elif descriptor == self._control.fileno():
                    self._listen()
            self._speak()
            self._turn(time.monotonic())
            time.sleep(PACE)  # Not an event waited for: it makes batches.
        self._farewell()

    def _stop(self) -> None:
        self._ending = True
        self._outbox.rouse()

    def _farewell(self) -> None:
        # That the daemon is gone may show before what it said last is heard.
        self._listen()
        self._inlets.drain(self._batch)
        for reel in list(self._reels.values()):
            reel.interrupt("daemon-ended")
        done = [self._writer.lane.close(), self._mender.close()]
        self._book.sync()
        done.append(self._book.lane.close())
        self._speak()
        if not all(done):
            print("the disk did not take everything", file=sys.stderr)

    # Talking.

    def _speak(self) -> None:
        try:
            self._outbox.send()
        except OSError:
            # The daemon is gone, which `_listen` notices as well.
            self._ending = True

    def _listen(self) -> None:
        try:
            while (received := pipe.receive(self._control)) is not None:
                message, descriptors = received
                self._handlers[type(message)](message, descriptors)
        except EOFError:
            self._ending = True

    # What the daemon wants.

    def _begin(self, message: Begin, descriptors: list[int]) -> None:
        if message.recording in self._reels:
            return  # It was told twice; a second writer would wait for the first one for ever.
        try:
            reel = Reel(self._context, message)
        except (OSError, PsfuError) as error:
            code = error.code if isinstance(error, PsfuError) else kind_of(error)
            self.say(Failed(recording=message.recording, code=code, message=str(error)))
            return
        self._reels[message.recording] = reel

    def _inlet(self, message: Inlet, descriptors: list[int]) -> None:
        # The kernel gives none where the limit of open files is reached.
        reason = self._inlets.refusal() or ("" if descriptors else "there is no room for another open file")
        if not reason:
            self._inlets.open(message.inlet, message.recording, descriptors[0])
            return
        for each in descriptors:
            os.close(each)
        self.say(InletRefused(recording=message.recording, inlet=message.inlet, code="too_many_files", message=reason))

    def _close_inlet(self, message: CloseInlet, descriptors: list[int]) -> None:
        self._inlets.close(message.inlet, self._batch)

    def _begin_track(self, message: BeginTrack, descriptors: list[int]) -> None:
        reel = self._reels.get(message.recording)
        if reel is None or not self._inlets.has(message.inlet):
            return  # It failed or was refused, and the daemon knows.
        intake = self._inlets.intake(message.inlet)
        intake.add(reel.begin_track(message, intake))
        self.say(TrackReady(recording=message.recording, track=message.track, ssrc=message.ssrc))

    def _end_track(self, message: EndTrack, descriptors: list[int]) -> None:
        if (reel := self._reels.get(message.recording)) is not None:
            reel.end_track(message.track, message.cause, self._batch)

    def _explain(self, message: Explain, descriptors: list[int]) -> None:
        if (reel := self._reels.get(message.recording)) is not None:
            reel.explain(message.track, message.cause)

    def _note(self, message: Note, descriptors: list[int]) -> None:
        if (reel := self._reels.get(message.recording)) is not None:
            reel.note(message)

    def _end(self, message: End, descriptors: list[int]) -> None:
        reel = self._reels.pop(message.recording, None)
        if reel is None:
            self.say(Ended(recording=message.recording, final=message.final))
        elif message.final:
            reel.finish(message.fields, self._batch)
        else:
            reel.interrupt(str(message.fields.get("cause", "")))

    # Turns.

    def _turn(self, now: float) -> None:
        turns = self._turns
        syncs = now - turns["sync"] >= SYNC
        if syncs or now - turns["hand_over"] >= HAND_OVER:
            turns["hand_over"] = now
            self._hand_over()
        if syncs:
            turns["sync"] = now
            self._writer.sync()
            self._book.sync()
        if now - turns["keys"] >= KEY_FRAME:
            turns["keys"] = now
            for track in self._tracks():
                if track.needs_key_frame(now, random.random()):
                    self.say(WantKeyFrame(recording=track.recording, track=track.name))
        if now - turns["second"] >= SECOND:
            turns["second"] = now
            self._second(now)

    def _tracks(self) -> list[Track]:
        return [track for reel in self._reels.values() for track in reel.tracks.values()]

    def _hand_over(self) -> None:
        room, cause = self._configure.memory_bytes, self._trouble()[0] or "disk-slow"
        for reel in self._reels.values():
            for track in reel.tracks.values():
                waiting = self._writer.waiting
                if waiting and waiting + track.pending.used > room:
                    self._overflowed += track.count
                    track.discard(cause)
                else:
                    reel.overflowed(track)
                    track.hand_over()

    def _second(self, now: float) -> None:
        self._look_at_clock()
        due = time.time_ns() - int(self._configure.segment_seconds * 1e9)
        flows = []
        for track in self._tracks():
            if track.loss.count(track.first_word, track.received + track.count):
                track.wants_key = track.form.kind == "video"
                track.attentive = True
            if track.segment is not None and track.begun_ns <= due:
                track.rotate(track.last_ns)
            flows.append(
                TrackFlow(
                    recording=track.recording, track=track.name, received=track.received, written=track.written,
                    bytes=track.bytes, lost=track.loss.lost, last=track.last_ns / 1e9,
                )
            )  # fmt: skip
        for first in range(0, len(flows), protocol.TRACKS):
            self.say(Flow(tracks=tuple(flows[first : first + protocol.TRACKS])))
        for recording, packets in self._inlets.dropped():
            if (reel := self._reels.get(recording)) is not None:
                reel.dropped(packets)
        self.say(self._disk(now))

    def _look_at_clock(self) -> None:
        offset = time.time() - time.monotonic()
        step, self._clock_offset = offset - self._clock_offset, offset
        if abs(step) > STEP:
            for reel in self._reels.values():
                reel.clock_stepped(step)

    def _disk(self, now: float) -> Disk:
        free, size = space(Path(self._configure.directory))
        self._space.low = free < FLOOR
        busy, before = self._writer.lane.busy, self._busy_before
        self._busy_before = busy
        trouble, reason = self._trouble()
        return Disk(
            free=free, size=size, waiting=self._writer.waiting, written=self._writer.written_bytes,
            busy=round(min(1.0, busy - before), 3), at_risk=round(self._at_risk(now), 3), trouble=trouble,
            reason=reason, overflowed=self._overflowed, dropped=self._inlets.lost,
            write_errors=self._writer.lane.errors + self._book.lane.errors + self._mender.errors,
        )  # fmt: skip

    def _at_risk(self, now: float) -> float:
        return now - self._writer.synced_at if self._reels else 0.0

    def _trouble(self) -> tuple[str, str]:
        error = self._writer.lane.trouble or self._book.lane.trouble
        if error is not None:
            return kind_of(error), error.strerror or str(error)
        behind = self._at_risk(time.monotonic())
        return ("disk-slow", f"{behind:.1f} s behind") if behind > SLOW else ("", "")


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    """A lane is gone, and nothing would be written any more: end, so that another recorder goes on."""
    threading.__excepthook__(failed)
    sys.stderr.flush()
    os._exit(BUG)


def main(descriptor: int) -> None:
    """Run the recorder of the daemon at the other end of ``descriptor``."""
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.excepthook = _thread_failed
    gc.freeze()
    gc.set_threshold(YOUNG)
    if os.getppid() != parent:
        return
    control = socket.socket(fileno=descriptor)
    first = control.recv(protocol.LARGEST)
    if first:
        configure = protocol.decode(first)
        assert isinstance(configure, Configure)
        Recorder(control, configure).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
