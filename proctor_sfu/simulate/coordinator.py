"""Runs a simulation: starts the processes of simulated peers, collects what they tell, notices those that die."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from proctor_sfu.aio import spawn
from proctor_sfu.errors import SimulationError
from proctor_sfu.simulate import clip, events, formats
from proctor_sfu.simulate.book import Book
from proctor_sfu.simulate.plan import Part, Plan, cast, share_out
from proctor_sfu.simulate.results import Now, Process, Result
from proctor_sfu.simulate.trust import Trust

Credentials: TypeAlias = Callable[[Part], Mapping[str, Any]]
"""Returns the data of a peer's ``authenticate``."""
Show: TypeAlias = Callable[[Now], None]

START: Final = 30.0
"""Seconds a process may take until it is ready."""
END: Final = 20.0
"""Seconds a process may take to end; then it is killed."""
_HEADSTART: Final = 0.2
"""Seconds between the signal to begin and the beginning."""
_LONGEST_LINE: Final = 16 * 2**20
_TONE: Final = 440
"""Hertz."""


class Interrupted(Exception):
    """The user ended the simulation early; ``result`` has what was measured until then."""

    def __init__(self, result: Result) -> None:
        super().__init__("interrupted")
        self.result = result


def run(plan: Plan, *, url: str, room: str, credentials: Credentials, show: Show, trust: Trust | None = None) -> Result:
    """Simulate; ``show`` is called every second. Raises `SimulationError` and `Interrupted` (on SIGINT, SIGTERM)."""
    return asyncio.run(_Coordinator(plan, url=url, room=room, show=show, trust=trust or Trust()).run(credentials))


class _Coordinator:
    def __init__(self, plan: Plan, *, url: str, room: str, show: Show, trust: Trust) -> None:
        self._plan = plan
        self._url = url
        self._trust = trust
        self._room = room
        self._show = show
        self._parts = cast(plan)
        self._book = Book(plan, self._parts)
        self._zero = 0.0

    async def run(self, credentials: Credentials) -> Result:
        stop = _signals()
        files = await asyncio.to_thread(_clips, self._plan)
        shares = share_out(self._parts)
        crews = [_Crew(number, share, self._book) for number, share in enumerate(shares)]
        try:
            for crew in crews:
                given = {part.peer: dict(credentials(part)) for part in crew.parts}
                await crew.start(
                    events.Task(
                        url=self._url,
                        trust=self._trust,
                        plan=self._plan,
                        parts=tuple(crew.parts),
                        credentials=given,
                        clips=files,
                    )
                )
            await self._ready(crews, stop)
            await self._go(crews, stop)
        finally:
            await asyncio.gather(*(crew.end() for crew in crews))
        result = self._result(crews, complete=not stop.is_set())
        if stop.is_set():
            raise Interrupted(result)
        return result

    async def _ready(self, crews: Sequence[_Crew], stop: asyncio.Event) -> None:
        stopped = spawn(stop.wait(), name="stop")
        waiting = {spawn(crew.ready(), name="ready"): crew for crew in crews}
        try:
            async with asyncio.timeout(START):
                pending: set[asyncio.Task[Any]] = set(waiting)
                while pending and not stop.is_set():
                    done, pending = await asyncio.wait({stopped, *pending}, return_when=asyncio.FIRST_COMPLETED)
                    pending.discard(stopped)
                    for each in done - {stopped}:
                        each.result()
        except TimeoutError:
            raise SimulationError(f"the simulated peers were not ready within {START:g} s") from None
        finally:
            for task in (stopped, *waiting):
                task.cancel()

    async def _go(self, crews: Sequence[_Crew], stop: asyncio.Event) -> None:
        self._zero = time.monotonic() + _HEADSTART
        for crew in crews:
            crew.send(events.Begin(at=self._zero))
        end = self._zero + self._plan.duration
        while not stop.is_set() and (left := end - time.monotonic()) > 0 and any(crew.alive for crew in crews):
            try:
                async with asyncio.timeout(min(1.0, left)):
                    await stop.wait()
            except TimeoutError:
                self._show(self._book.now(time.monotonic() - self._zero))

    def _result(self, crews: Sequence[_Crew], *, complete: bool) -> Result:
        reached = min(self._plan.duration, max(0.0, time.monotonic() - self._zero)) if self._zero else 0.0
        return self._book.result(
            room=self._room,
            zero=self._zero,
            duration=reached,
            complete=complete and all(crew.exit == 0 for crew in crews),
            processes=[crew.described() for crew in crews],
        )


class _Crew:
    """One process and who is in it."""

    def __init__(self, number: int, parts: Sequence[Part], book: Book) -> None:
        self.parts = parts
        self.exit: int | None = None
        self._number = number
        self._book = book
        self._process: asyncio.subprocess.Process | None = None
        self._is_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._readers: list[asyncio.Task[None]] = []
        self._said: deque[str] = deque(maxlen=5)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    async def start(self, task: events.Task) -> None:
        """Start it in a session of its own: a Ctrl-C on the terminal is for the coordinator, who ends it properly."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "proctor_sfu.simulate.fleet",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            start_new_session=True,
        )
        self._readers = [spawn(self._read(), name="events"), spawn(self._read_errors(), name="errors")]
        self.send(task)

    def send(self, line: events.Task | events.Begin) -> None:
        """Send it a line; one that died is noticed elsewhere."""
        if self._process is not None and self._process.stdin is not None and self.alive:
            self._process.stdin.write(line.model_dump_json().encode() + b"\n")

    async def ready(self) -> None:
        """Wait until it is ready; raises `SimulationError` if it died instead."""
        await asyncio.shield(self._is_ready)

    async def end(self) -> None:
        """End it, if need be by force, after reading everything it has to say."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(END):
                await asyncio.gather(*self._readers)
                self.exit = await self._process.wait()
        except TimeoutError:
            self._process.kill()
            self.exit = await self._process.wait()
            await asyncio.gather(*self._readers)

    def described(self) -> Process:
        """Return what is known of it."""
        pid = 0 if self._process is None else self._process.pid
        return self._book.process(self._number, pid=pid, peers=len(self.parts), exit_code=self.exit, said=self._said)

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        while line := await self._process.stdout.readline():
            event = events.EVENT.validate_json(line)
            if isinstance(event, events.Ready):
                self._is_ready.set_result(None)
            else:
                self._book.take(self._number, event)
        if not self._is_ready.done():
            self._is_ready.set_exception(SimulationError("a process of simulated peers ended before it was ready"))

    async def _read_errors(self) -> None:
        assert self._process is not None and self._process.stderr is not None
        while line := await self._process.stderr.readline():
            self._said.append(line.decode(errors="replace").rstrip())


def _clips(plan: Plan) -> dict[str, str]:
    """Make the clips that candidates play; returns their files by name, see `events.Task`."""
    wanted: dict[str, formats.Format] = {}
    for source in plan.sources:
        if source == "camera" and plan.simulcast:
            wanted |= {f"camera/{index}": layer for index, layer in enumerate(formats.LAYERS)}
        else:
            wanted[source] = plan.kit.screen if source == "screen" else plan.kit.camera
    return {name: str(clip.make(plan.codec, _TONE, form, plan.kit.packet)) for name, form in wanted.items()}


def _signals() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
