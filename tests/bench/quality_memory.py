"""The memory that watching takes, measured in a process that does nothing else; run by `quality`.

Workers, rooms and clients are only names here, and the statistics are made up; what is kept of them is real: tracks,
windows, frames, encodings, the history.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from proctor_sfu.events import Bus
from proctor_sfu.mediasoup.stats import InboundRtpStats, WebRtcTransportStats
from proctor_sfu.pool.member import resident
from proctor_sfu.quality.frames import Frames
from proctor_sfu.quality.history import History
from proctor_sfu.quality.overview import Moment, Overview
from proctor_sfu.quality.sampler import Answers
from proctor_sfu.rooms.peer import Published
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.settings import History as HistorySettings
from proctor_sfu.settings import Settings

SECONDS = 330
"""Longer than any window: the longest is five minutes."""
SOURCES = (Source.CAMERA, Source.SCREEN, Source.MICROPHONE)
chance = random.Random(1)


def producer(number: int, source: Source) -> Any:
    kind = "audio" if source is Source.MICROPHONE else "video"
    codec = SimpleNamespace(mime_type=f"{kind}/x", clock_rate=48_000 if kind == "audio" else 90_000)
    parameters = SimpleNamespace(codecs=(codec,), encodings=(SimpleNamespace(ssrc=number, rid=None),))
    return SimpleNamespace(
        id=f"{number:08}-producer-of-a-candidate", kind=kind, paused=False, closed=False, rtp_parameters=parameters,
        type="simple",
    )  # fmt: skip


def peer(number: int) -> Any:
    selected = SimpleNamespace(remote_ip=f"192.0.{number // 250}.{number % 250}", protocol="udp")
    transport = SimpleNamespace(
        id=f"{number:08}-transport-of-a-candidate", closed=False, dtls_state="connected", ice_state="completed",
        ice_selected_tuple=selected,
    )  # fmt: skip
    producers = [producer(10 * number + index, source) for index, source in enumerate(SOURCES)]
    published = {
        each.id: Published(source=source, producer=each) for each, source in zip(producers, SOURCES, strict=True)
    }
    return SimpleNamespace(
        id=f"candidate-{number:04}", name=f"Candidate {number}", role=Role.CANDIDATE, joined=True, away=None,
        address=selected.remote_ip, sending=transport, published=published, connected_at=0.0, missing=frozenset(),
        recording="on", viewed={},
    )  # fmt: skip


def answers(people: list[Any], second: int) -> Answers:
    """What workers might have told."""
    made = Answers()
    nothing = dict.fromkeys(InboundRtpStats._fields, 0)
    for each in people:
        for index, key in enumerate(each.published):
            stats = nothing | {
                "timestamp": 1000 * second, "ssrc": index + 1, "kind": each.published[key].producer.kind,
                "mime_type": "video/x", "packet_count": 40 * second + chance.randrange(9), "rid": None,
                "byte_count": 45_000 * second + chance.randrange(9000), "bitrate": 360_000, "rtx_ssrc": 7,
                "packets_lost": second // 7, "packets_repaired": second // 8, "jitter": chance.randrange(900),
                "round_trip_time": 20 + chance.random() * 9, "score": 10, "bitrate_by_layer": {},
            }  # fmt: skip
            made.producers[key] = (InboundRtpStats(**stats),)
        transport = dict.fromkeys(WebRtcTransportStats._fields, 0)
        transport |= {"timestamp": 1000 * second, "bytes_received": 130_000 * second}
        made.transports[each.sending.id] = (WebRtcTransportStats(**transport),)
    return made


def main() -> None:
    count = int(sys.argv[1])
    people = [peer(number) for number in range(count)]
    room = SimpleNamespace(
        id="exam-1", peers={each.id: each for each in people}, roster={}, gone={}, open=False, created_at=0.0,
        router=None, member=None,
    )  # fmt: skip
    registry: Any = SimpleNamespace(rooms={"exam-1": room})
    pool: Any = SimpleNamespace(members=[], target=0, restarts=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.psfurec"
        history = History(path, HistorySettings())
        history.start(lambda take: None, Bus())
        gc.collect()
        before = resident(os.getpid())
        overview, frames = Overview(registry, pool, Settings(), ready=lambda: True), Frames()
        for second in range(SECONDS):
            overview.questions(float(second), full=True)
            at = Moment(monotonic=float(second), wall=1.8e9 + second)
            frame = asyncio.run(overview.take(at, answers(people, second), full=True, lag=0.001, spent=0.01))
            frames.publish(frame)
            frames.encoded("rows")
            history.frame(frame)
            while history.waiting > 5:
                time.sleep(0.001)
        grown = resident(os.getpid()) - before
        history.close()
        size = path.stat().st_size
    assert len(frame.candidates) == count and all(len(each.sources) == 3 for each in frame.candidates)
    print(json.dumps({"mebibytes": grown / 2**20, "history_bytes": size / SECONDS}))


if __name__ == "__main__":
    main()
