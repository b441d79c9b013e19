"""A process of simulated peers: ``python -m proctor_sfu.simulate.fleet``, started by the coordinator.

It reads what to do from stdin and writes what happens to stdout, see `events`. When stdin ends, its peers leave and it
ends; so it ends with whoever started it, however that ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import uvloop

from proctor_sfu.aio import spawn
from proctor_sfu.simulate import clip, events, stack
from proctor_sfu.simulate.life import Life, Stage
from proctor_sfu.simulate.plan import Part

_PULSE: Final = 1.0
"""Seconds between two pulses."""
_BEAT: Final = 0.05
"""Seconds between two looks at how late the event loop is."""
_FAREWELL: Final = 10.0
"""Seconds the peers get to leave."""


class Fleet:
    """Everybody in this process."""

    def __init__(self, task: events.Task) -> None:
        self._task = task
        self._stop: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._lag = 0.0
        clips = {name: clip.load(Path(path)) for name, path in task.clips.items()}
        executor = ThreadPoolExecutor(max_workers=1) if task.plan.decode else None
        self._stage = Stage(
            url=task.url, plan=task.plan, clips=clips, tell=_write, executor=executor, tls=task.trust.context(),
            stop=self._stop,
        )  # fmt: skip
        self._lives: list[Life] = []

    async def run(self, lines: asyncio.StreamReader) -> None:
        """Begin when told to and go on until the lines end."""
        begin = events.Begin.model_validate_json(await lines.readline())
        self._lives = [self._life(part, number, begin.at) for number, part in enumerate(self._task.parts)]
        living = [spawn(life.live(), name=f"life of {life.peer}") for life in self._lives]
        helpers = [spawn(self._beat(), name="lag"), spawn(self._pulse(), name="pulse")]
        while await lines.readline():
            pass
        self._stop.set_result(None)
        _, late = await asyncio.wait(living, timeout=_FAREWELL) if living else (set(), set())
        for each in [*helpers, *late]:
            each.cancel()
        await asyncio.gather(*living, *helpers, return_exceptions=True)
        self._tell_pulse()

    def _life(self, part: Part, number: int, begin: float) -> Life:
        return Life(
            part, self._stage, self._task.credentials[part.peer], seed=self._task.plan.seed + number, zero=begin
        )

    async def _beat(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(_BEAT)
            self._lag = max(self._lag, time.monotonic() - before - _BEAT)

    async def _pulse(self) -> None:
        while True:
            await asyncio.sleep(_PULSE)
            self._tell_pulse()

    def _tell_pulse(self) -> None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        for life in self._lives:
            life.flush()
        present = Counter(life.role for life in self._lives if life.present)
        _write(
            events.Pulse(
                at=time.monotonic(),
                present=dict(present),
                arrived=sum(life.arrived for life in self._lives),
                received=sum(life.received for life in self._lives),
                lag=round(self._lag, 4),
                cpu=round(usage.ru_utime + usage.ru_stime, 3),
                memory=_resident(),
            )
        )
        self._lag = 0.0


def _write(event: events.Event) -> None:
    sys.stdout.write(event.model_dump_json() + "\n")
    sys.stdout.flush()


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def main() -> None:
    """Run the fleet that stdin describes."""
    stack.prepare()
    reader = asyncio.StreamReader(limit=64 * 2**20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    fleet = Fleet(events.Task.model_validate_json(await reader.readline()))
    _write(events.Ready(pid=os.getpid()))
    await fleet.run(reader)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        uvloop.run(main())
