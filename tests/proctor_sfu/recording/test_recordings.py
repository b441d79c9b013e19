"""Who is recorded, whoever says so and however many at once: with a real worker and a real recorder."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proctor_sfu.audit.entry import By
from proctor_sfu.events import RecorderDied, RecordingBegun, RecordingFinished, RecordingRefused
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.recording import folder as folders
from proctor_sfu.recording.folder import LEDGER, MANIFEST
from proctor_sfu.recording.inlets import EACH, OTHERS
from proctor_sfu.recording.space import Refusal
from proctor_sfu.recording.verify import Verifier
from proctor_sfu.rooms.roles import CANDIDATE_SOURCES, Source
from proctor_sfu.rooms.store import Store
from support.deck import Source as Packets
from support.sitting_recorded import Sitting, sitting

CAMERA, MICROPHONE, SCREEN = Source.CAMERA, Source.MICROPHONE, Source.SCREEN


@pytest.fixture
async def exam(tmp_path: Path, worker_binary: WorkerBinary) -> AsyncIterator[Sitting]:
    async with sitting(tmp_path, worker_binary, checkpoint_seconds=1.0) as made:
        yield made


def states(exam: Sitting, kind: type) -> list[object]:
    return [each for each in exam.told if isinstance(each, kind)]


async def kill_recorder(exam: Sitting) -> None:
    """Kill the recorder there is, or the next one as soon as it is there."""
    pid = await exam.until(lambda: exam.recordings.recorder.pid)
    os.kill(pid, signal.SIGKILL)


async def test_who_is_wanted_twice_is_recorded_once(exam: Sitting) -> None:
    producer, _ = await exam.publish(exam.enter("ann"))
    for _ in range(5):
        exam.recordings.want("exam", None, CANDIDATE_SOURCES)
    recording = await exam.recording("ann", CAMERA)
    exam.recordings.want("exam", "ann", [CAMERA])
    await exam.idle()
    assert await exam.consumers(producer) == [recording.takes[CAMERA].consumer.id]


async def test_what_is_not_wanted_any_more_when_the_recorder_is_there_is_not_recorded(exam: Sitting) -> None:
    await exam.publish(exam.enter("ann"))
    exam.recordings.want("exam", None, [CAMERA])
    # The recorder takes its time to start.
    await exam.recordings.unwant("exam", None, [CAMERA])
    await exam.until(lambda: exam.recordings.recorder.pid)
    await exam.idle()
    assert exam.recordings.running == {}
    assert list(folders.recordings(exam.recordings.directory)) == []
    assert states(exam, RecordingBegun) == states(exam, RecordingRefused) == []


async def test_what_is_wanted_again_while_a_recording_ends_begins_another_one(exam: Sitting) -> None:
    await exam.publish(exam.enter("ann"), MICROPHONE)
    exam.recordings.want("exam", None, [MICROPHONE])
    async with asyncio.timeout(20):
        while not exam.recordings.running:
            await asyncio.sleep(0)
    (first,) = exam.recordings.running.values()
    assert first.state == "beginning"
    # Its end waits for its beginning, and so does what comes next.
    await exam.recordings.unwant("exam", None, [MICROPHONE])
    exam.recordings.want("exam", None, [MICROPHONE])
    again = await exam.recording("ann", MICROPHONE)
    assert again.id != first.id
    assert Verifier(first.folder, None).verify().state == "ok"


async def test_who_was_stopped_is_not_recorded_again_by_the_next_daemon(exam: Sitting, tmp_path: Path) -> None:
    exam.recordings.want("exam", None, [CAMERA, SCREEN], retain_days=30)
    await exam.recordings.unwant("exam", "ann", CANDIDATE_SOURCES, by=By(uid=7, pid=8))
    exam.recordings.want("exam", "bob", [MICROPHONE])
    await exam.registry.keep_record(exam.room)
    another = Store(tmp_path)
    try:
        (saved,) = (await another.open()).rooms
    finally:
        await another.close()
    said = {name: (set(each.sources), each.retain_days) for name, each in saved.profile.record_apart.items()}
    assert said == {"ann": (set(), 30), "bob": ({CAMERA, SCREEN, MICROPHONE}, 30)}
    assert saved.profile.record_apart["ann"].by == By(uid=7, pid=8).plain()
    exam.room.profile = saved.profile
    assert exam.recordings.wanted("exam", "ann") == frozenset()
    assert exam.recordings.wanted("exam", "cat") == {CAMERA, SCREEN}


async def test_a_room_that_is_closed_meanwhile_is_not_recorded(exam: Sitting) -> None:
    await exam.publish(exam.enter("ann"))
    exam.recordings.want("exam", None, [CAMERA])
    await exam.registry.close("exam", reason="over")
    await exam.until(lambda: exam.recordings.recorder.pid)
    await exam.idle()
    assert exam.recordings.running == {} and states(exam, RecordingBegun) == []


async def test_stops_and_starts_in_one_second_make_recordings_of_their_own(exam: Sitting) -> None:
    await exam.publish(exam.enter("ann"))
    ids = []
    for _ in range(3):
        exam.recordings.want("exam", None, [CAMERA])
        recording = await exam.recording("ann", CAMERA)
        ids.append(recording.id)
        await exam.recordings.unwant("exam", None, [CAMERA])
        await exam.until(recording.ended.done)
    assert len(set(ids)) == 3
    for name in ids:
        folder = exam.recordings.directory / name
        assert len(exam.rows(folder, "recording_finished")) == 1
        assert exam.rows(folder, "recording_resumed") == []
        assert Verifier(folder).verify().state == "ok"


async def test_starts_and_stops_at_once_end_as_the_last_one_says(exam: Sitting) -> None:
    peers = [exam.enter(name) for name in ("ann", "bob")]
    for peer in peers:
        for source in (CAMERA, MICROPHONE, SCREEN):
            await exam.publish(peer, source)
    for round_ in range(12):
        sources = [(CAMERA,), (MICROPHONE, SCREEN), (CAMERA, MICROPHONE, SCREEN)][round_ % 3]
        exam.recordings.want("exam", None, sources)
        await asyncio.sleep(0.01 * (round_ % 4))  # Into the middle of what goes on.
        await exam.recordings.unwant("exam", None, sources if round_ % 2 else (CAMERA,))
    exam.recordings.want("exam", None, [MICROPHONE])
    await exam.recordings.unwant("exam", None, [CAMERA, SCREEN])
    for name in ("ann", "bob"):
        await exam.recording(name, MICROPHONE)
    await exam.idle()
    for name in ("ann", "bob"):
        assert set(exam.recordings.running["exam", name].takes) == {MICROPHONE}
    assert exam.recordings.refused == {}
    await exam.recordings.unwant("exam", None, CANDIDATE_SOURCES)
    await exam.until(lambda: not exam.recordings.running)
    for _, folder in folders.recordings(exam.recordings.directory):
        assert (folder / MANIFEST).exists()
        assert Verifier(folder).verify().state == "ok"


async def test_another_recorder_knows_of_all_before_anybody_else_is_recorded(exam: Sitting) -> None:
    await exam.publish(exam.enter("ann"))
    exam.recordings.want("exam", None, [CAMERA])
    ann = await exam.recording("ann", CAMERA)
    for deaths in (1, 2):
        # The second one dies so soon that there is none for a while.
        await kill_recorder(exam)
        await exam.until(lambda deaths=deaths: exam.recordings.recorder.deaths == deaths)
        if deaths == 1:
            await exam.until(lambda: states(exam, RecorderDied))
    await exam.publish(exam.enter("bob"))
    await exam.recording("bob", CAMERA)
    await exam.until(lambda: len(exam.rows(ann.folder, "recording_resumed")) >= 1)
    await exam.recordings.unwant("exam", None, CANDIDATE_SOURCES)
    await exam.until(lambda: len(states(exam, RecordingFinished)) == 2)
    assert Verifier(ann.folder).verify().state == "ok"


async def test_what_is_said_while_there_is_no_recorder_is_in_the_ledger_all_the_same(exam: Sitting) -> None:
    await exam.publish(exam.enter("ann"))
    exam.recordings.want("exam", None, [CAMERA])
    ann = await exam.recording("ann", CAMERA)
    await kill_recorder(exam)
    await exam.until(lambda: exam.recordings.recorder.deaths)
    ann.hold(held=True, by={"kind": "daemon"}, reason="appeal 17")
    exam.recordings.want("exam", "ann", [CAMERA], retain_days=3650)
    await exam.until(lambda: exam.rows(ann.folder, "hold_set"))
    assert ann.held
    (retention,) = await exam.until(lambda: exam.rows(ann.folder, "retention_set"))
    assert retention.fields["retain_days"] == 3650
    # It is there once, however many recorders follow, also if this one dies before the daemon hears of it.
    await kill_recorder(exam)
    await exam.until(lambda: len(exam.rows(ann.folder, "recording_resumed")) == 2)
    await exam.recordings.unwant("exam", None, CANDIDATE_SOURCES)
    await exam.until(lambda: states(exam, RecordingFinished))
    assert [len(exam.rows(ann.folder, event)) for event in ("hold_set", "retention_set")] == [1, 1]


async def test_a_hold_of_which_the_daemon_has_not_heard_is_in_the_ledger_once(exam: Sitting) -> None:
    await exam.publish(exam.enter("ann"))
    exam.recordings.want("exam", None, [CAMERA])
    ann = await exam.recording("ann", CAMERA)
    reasons = ["appeal 17", "appeal 18"]
    ann.hold(held=True, by={"kind": "daemon"}, reason=reasons[0])
    await exam.until(lambda: ann._hold is None)
    # This one changes nothing, so that the recorder does not say where its ledger stands.
    ann.hold(held=True, by={"kind": "daemon"}, reason=reasons[1])
    await exam.until(lambda: len(exam.rows(ann.folder, "hold_set")) == 2)
    await kill_recorder(exam)
    await exam.until(lambda: exam.rows(ann.folder, "recording_resumed"))
    await exam.recordings.unwant("exam", None, CANDIDATE_SOURCES)
    await exam.until(lambda: states(exam, RecordingFinished))
    assert [row.fields["reason"] for row in exam.rows(ann.folder, "hold_set")] == reasons
    assert ann.held and Verifier(ann.folder).verify().state == "ok"


async def test_a_folder_that_is_deleted_is_followed_by_another(exam: Sitting) -> None:
    producer, transport = await exam.publish(exam.enter("ann"))
    exam.recordings.want("exam", None, [CAMERA])
    first = await exam.recording("ann", CAMERA)
    source = Packets((transport.tuple.local_address, transport.tuple.local_port), 1111)
    while not list(first.folder.glob("*.mjr")):
        source.send(5, key=True)
        await asyncio.sleep(0.05)  # The pace of the packets.
    shutil.rmtree(first.folder)
    while exam.recordings.running.get(("exam", "ann")) is first:
        source.send(5, key=True)
        await asyncio.sleep(0.05)  # As above.
    second = await exam.recording("ann", CAMERA)
    assert second.id != first.id
    while not list(second.folder.glob("*.mjr")):
        source.send(5, key=True)
        await asyncio.sleep(0.05)  # As above.
    source.close()
    assert len(await exam.consumers(producer)) == 1


async def test_a_ledger_that_somebody_cut_is_told_and_followed_by_another(exam: Sitting) -> None:
    await exam.publish(exam.enter("ann"))
    exam.recordings.want("exam", None, [CAMERA])
    first = await exam.recording("ann", CAMERA)
    await exam.until(lambda: exam.rows(first.folder, "track_started"))
    os.truncate(first.folder / LEDGER, 0)
    first.note("bookmarked")
    (refused,) = await exam.until(lambda: states(exam, RecordingRefused))
    assert (refused.peer, refused.code) == ("ann", "tampered") and "its ledger was truncated" in refused.reason
    second = await exam.until(lambda: (found := exam.recordings.running.get(("exam", "ann"))) is not first and found)
    assert (await exam.recording("ann", CAMERA)) is second and exam.recordings.refused == {}
    await exam.recordings.unwant("exam", None, CANDIDATE_SOURCES)
    await exam.until(lambda: states(exam, RecordingFinished))
    assert Verifier(second.folder).verify().state == "ok"
    assert Verifier(first.folder).verify().state == "tampered"


async def test_who_cannot_be_recorded_there_is_recorded_anew(exam: Sitting) -> None:
    await exam.publish(exam.enter("ann"))
    exam.recordings.want("exam", None, [CAMERA])
    first = await exam.recording("ann", CAMERA)
    shutil.rmtree(first.folder)
    await kill_recorder(exam)
    (first.folder.parent / first.folder.name).write_text("in its place is something else")
    second = await exam.until(lambda: (found := exam.recordings.running.get(("exam", "ann"))) is not first and found)
    assert (await exam.recording("ann", CAMERA)) is second and second.id != first.id
    refused = states(exam, RecordingRefused)
    assert len(refused) == 1 and exam.recordings.refused == {}


async def test_a_source_that_is_added_later_counts_on_the_disk(exam: Sitting) -> None:
    ann = exam.enter("ann")
    await exam.publish(ann)
    await exam.publish(ann, SCREEN)
    exam.recordings.want("exam", None, [CAMERA])
    await exam.recording("ann", CAMERA)
    before = exam.recordings.space.to_come
    exam.recordings.want("exam", None, [SCREEN])
    await exam.recording("ann", CAMERA, SCREEN)
    assert exam.recordings.space.to_come > before + 100_000


async def test_a_source_for_which_there_is_no_room_is_refused_and_the_others_go_on(exam: Sitting) -> None:
    ann = exam.enter("ann")
    await exam.publish(ann)
    await exam.publish(ann, SCREEN)
    exam.recordings.want("exam", None, [CAMERA])
    recording = await exam.recording("ann", CAMERA)
    exam.recordings.space.limits = type(exam.recordings.space.limits)(reserve_bytes=1 << 60, reserve_hours=0)
    exam.recordings.want("exam", None, [SCREEN])
    await exam.until(lambda: ("exam", "ann") in exam.recordings.refused)
    assert set(recording.takes) == {CAMERA}
    exam.recordings.space.limits = type(exam.recordings.space.limits)(reserve_bytes=0, reserve_hours=0)
    exam.recordings.try_refused()
    await exam.recording("ann", CAMERA, SCREEN)
    await exam.until(lambda: not exam.recordings.refused)
    # Who is not wanted any more is not refused either.
    exam.recordings.refused["exam", "ann"] = Refusal(code="disk_full", reason="for a test")
    await exam.recordings.unwant("exam", None, CANDIDATE_SOURCES)
    assert exam.recordings.refused == {}


async def test_who_is_one_too_many_for_the_files_of_the_recorder_is_refused_and_the_others_go_on(exam: Sitting) -> None:
    await exam.publish(exam.enter("ann"))
    exam.recordings.want("exam", None, [CAMERA])
    ann = await exam.recording("ann", CAMERA)
    pid = exam.recordings.recorder.pid
    assert pid is not None
    _, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (EACH + OTHERS, most))
    await exam.publish(exam.enter("bob"), MICROPHONE)
    exam.recordings.want("exam", "bob", [MICROPHONE])
    await exam.until(lambda: ("exam", "bob") in exam.recordings.refused)
    await exam.idle()
    (refused,) = states(exam, RecordingRefused)
    assert isinstance(refused, RecordingRefused) and (refused.peer, refused.code) == ("bob", "too_many_files")
    assert refused.reason == f"the recorder may have {EACH + OTHERS} files open (LimitNOFILE), enough for 1 candidates"
    assert ann.state == "running" and exam.recordings.recorder.pid == pid
    # The housekeeper tries again.
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
    exam.recordings.try_refused()
    bob = await exam.recording("bob", MICROPHONE)
    await exam.until(lambda: not exam.recordings.refused)
    assert bob.takes[MICROPHONE].ready.done()
