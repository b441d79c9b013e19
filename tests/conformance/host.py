"""Carries out scripts on psfu's host, and says what came of it in the spelling of the official one."""

from __future__ import annotations

import asyncio
import inspect
import types
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from conformance.script import Case, Step
from proctor_sfu.errors import (
    InvalidArgumentError,
    MediasoupError,
    NotFoundError,
    UnsupportedError,
    WorkerClosedError,
    WorkerRequestError,
)
from proctor_sfu.mediasoup import stats
from proctor_sfu.mediasoup.dumps import TraceEvent
from proctor_sfu.mediasoup.entity import Entity
from proctor_sfu.mediasoup.rtp import camel as camel_case
from proctor_sfu.mediasoup.stats import ResourceUsage
from proctor_sfu.mediasoup.worker import Worker, WorkerSettings
from support.api import API, whole

ERRORS: dict[type[Exception], str] = {
    InvalidArgumentError: "TypeError",
    UnsupportedError: "UnsupportedError",
    NotFoundError: "NotFoundError",
    WorkerClosedError: "WorkerClosedError",
    WorkerRequestError: "Error",
    TypeError: "TypeError",
}
"""Our class -> the name of the official host's."""


def error_name(error: Exception) -> str:
    """Return what the official host calls an error of ours."""
    return next(name for kind, name in ERRORS.items() if isinstance(error, kind))


STATS = {
    stats.WebRtcTransportStats: "webrtc-transport",
    stats.PlainTransportStats: "plain-rtp-transport",
    stats.PipeTransportStats: "pipe-transport",
    stats.TransportStats: "direct-transport",
    stats.InboundRtpStats: "inbound-rtp",
    stats.OutboundRtpStats: "outbound-rtp",
    stats.DataProducerStats: "data-producer",
    stats.DataConsumerStats: "data-consumer",
}
"""The official host's statistics say in ``type`` what ours say by their class."""


def camel(name: str) -> str:
    return camel_case(name).replace("Webrtc", "WebRtc")


def snake(name: str) -> str:
    spelled = name.replace("WebRtc", "Webrtc").replace("webRtc", "webrtc")
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in spelled)


def node_api() -> dict[str, dict[str, list[str]]]:
    """Return the classes a script may meet, as the Node side needs them."""
    return {
        name: {
            "getters": [camel(getter) for getter in whole(name).getters if getter != "observer"],
            "events": list(whole(name).events),
        }
        for name in API
    }


# JSON -> arguments.


def build(hint: Any, value: Any) -> Any:
    """Return a JSON value as the type of a parameter; what does not fit is passed on for the host to refuse."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return value if value is None else build(next(each for each in typing.get_args(hint) if each), value)
    if isinstance(hint, type) and is_dataclass(hint) and isinstance(value, dict):
        hints = fields_of(hint)
        return hint(**{snake(key): build(hints[snake(key)], item) for key, item in value.items()})
    if origin in (tuple, Sequence) and isinstance(value, list):
        return tuple(build(typing.get_args(hint)[0], item) for item in value)
    return value


@cache
def fields_of(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@cache
def parameters_of(function: Callable[..., Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(function)
    for hint in list(hints.values()):
        if typing.get_origin(hint) is typing.Unpack:
            hints |= typing.get_type_hints(typing.get_args(hint)[0])
    return hints


# Values -> JSON.


def plain(value: Any) -> Any:
    """Return a value of this host as the official host would show it."""
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$hex": bytes(value).hex()}
    if isinstance(value, Entity):
        return {"$entity": identity(value)}
    if isinstance(value, TraceEvent):
        return {**vars_of(value), "info": spelled(value.info)}
    if isinstance(value, ResourceUsage):
        return value._asdict()
    if is_dataclass(value) and not isinstance(value, type):
        return vars_of(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        shown = {camel(name): plain(item) for name, item in zip(value._fields, value, strict=True)}
        return {"type": STATS[type(value)], **shown} if type(value) in STATS else shown
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, Exception):
        return str(value)
    return value


def vars_of(value: Any) -> dict[str, Any]:
    return {camel(each.name): plain(getattr(value, each.name)) for each in fields(value)}


def spelled(value: Any) -> Any:
    """Return the schema's names, which the content of a trace event has, in the documentation's spelling."""
    return {camel(key): spelled(item) for key, item in value.items()} if isinstance(value, Mapping) else plain(value)


def identity(entity: Entity) -> str:
    return str(entity.pid) if isinstance(entity, Worker) else entity.id


def portrait(entity: Entity) -> dict[str, Any]:
    """Return every getter of an entity."""
    name = type(entity).__name__
    getters = [getter for getter in whole(name).getters if getter != "observer"]
    return {"$is": name, **{camel(getter): plain(getattr(entity, getter)) for getter in getters}}


class Host:
    """Makes workers."""

    def __init__(self, settings: WorkerSettings) -> None:
        self.settings = settings

    async def create_worker(self) -> Worker:
        return await Worker(self.settings).start()


class Run:
    """One case under way; see host.mjs, which this mirrors."""

    def __init__(self, host: Host, worker: Worker) -> None:
        self.saved: dict[str, Any] = {"host": host, "worker": worker}
        self.entities: dict[str, Entity] = {}
        self.names: dict[str, str] = {}
        self.events: list[Any] = []
        self.listeners: list[tuple[Any, str, Any]] = []
        self.know("worker", worker)

    def know(self, name: str, entity: Entity) -> dict[str, Any]:
        self.entities[name] = entity
        self.names.setdefault(identity(entity), name)
        for event in whole(type(entity).__name__).events:
            for prefix, emitter in (("", entity), ("observer ", entity.observer)):

                def listener(*args: Any, what: str = f"{prefix}{event}") -> None:
                    self.events.append([name, what, plain(args)])

                self.listeners.append((emitter, event, emitter.on(event, listener)))
        return portrait(entity)

    def resolve(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith("$"):
            first, *rest = value[1:].split(".")
            found = self.saved[first]
            for key in rest:
                found = getattr(found, snake(key))
            return found
        if isinstance(value, list | tuple):
            return [self.resolve(each) for each in value]
        if isinstance(value, dict):
            if "$hex" in value:
                return bytes.fromhex(value["$hex"])
            return {key: self.resolve(item) for key, item in value.items()}
        return value

    async def step(self, step: Step) -> dict[str, Any]:
        outcome: dict[str, Any] = {"atOnce": []}
        try:
            result = self.call(step)
            outcome["atOnce"], self.events = self.events, []
            result = await result if isinstance(result, Awaitable) else result
        except (MediasoupError, TypeError) as error:
            outcome["error"] = error_name(error)
        else:
            if step.save is None:
                outcome["result"] = plain(result)
            else:
                self.saved[step.save] = result
                many = {} if isinstance(result, Entity) else result._asdict()
                made = {f"{step.save}.{camel(key)}": entity for key, entity in many.items()} or {step.save: result}
                outcome["made"] = {name: self.know(name, entity) for name, entity in made.items()}
        await self.settle()
        outcome["later"], self.events = self.events, []
        return outcome

    def call(self, step: Step) -> Any:
        target = self.resolve(f"${step.target}")
        method = getattr(target, snake(step.method))
        hints = parameters_of(method.__func__)
        options = {snake(key): self.resolve(value) for key, value in (step.options or {}).items()}
        names = list(inspect.signature(method).parameters)
        args = [build(hints[name], value) for name, value in zip(names, self.resolve(step.args), strict=False)]
        return method(*args, **{key: build(hints.get(key), value) for key, value in options.items()})

    async def settle(self) -> None:
        workers = [entity for entity in self.entities.values() if isinstance(entity, Worker)]
        for _ in range(4):
            await asyncio.gather(*(worker.get_resource_usage() for worker in workers if not worker.closed))
            await asyncio.sleep(0)
        await asyncio.gather(*(worker.wait_closed() for worker in workers if worker.closed))
        await asyncio.sleep(0)

    async def run(self, case: Case) -> dict[str, Any]:
        try:
            outcomes = [await self.step(step) for step in case]
            end = {name: portrait(entity) for name, entity in self.entities.items()}
            return {"outcomes": outcomes, "end": end, "names": self.names}
        finally:
            for emitter, event, listener in self.listeners:
                emitter.off(event, listener)
            for name, entity in self.entities.items():
                if name != "worker":
                    entity.close()
            await self.settle()
