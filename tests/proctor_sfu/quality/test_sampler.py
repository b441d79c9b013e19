"""Asking workers: one that hangs costs its own, and nobody is asked twice before it answered."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from proctor_sfu.errors import NotFoundError, WorkerClosedError
from proctor_sfu.pool.member import Member
from proctor_sfu.quality.sampler import HANDFUL, Answers, Sampler


class Asked:
    """Somebody with statistics; ``answer`` None: it does not answer."""

    def __init__(self, name: str, answer: object, *, closed: bool = False) -> None:
        self.id, self.closed, self.asked = name, closed, 0
        self._answer = answer
        self.futures: list[asyncio.Future[Any]] = []

    def get_stats(self) -> asyncio.Future[Any]:
        self.asked += 1
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.futures.append(future)
        if isinstance(self._answer, Exception):
            future.set_exception(self._answer)
        elif self._answer is not None:
            future.set_result(self._answer)
        return future

    get_resource_usage = get_stats


class Worker:
    def __init__(self, pid: int, usage: object = "usage") -> None:
        self.worker = Asked("", usage)
        self.worker.pid = pid  # type: ignore[attr-defined]


def member(pid: int, usage: object = "usage") -> Member:
    return cast(Member, Worker(pid, usage))


async def test_all_are_asked_and_their_answers_sorted() -> None:
    one, two = member(1), member(2)
    answers = await Sampler().ask(
        {
            one: {
                "transports": [Asked("t", ["T"])],
                "producers": [Asked("p", ["P"])],
                "consumers": [Asked("c", ["C"])],
            },
            two: {"producers": [Asked("q", ["Q"])]},
        }
    )
    assert (answers.transports, answers.producers, answers.consumers) == (
        {"t": ["T"]}, {"p": ["P"], "q": ["Q"]}, {"c": ["C"]},
    )  # fmt: skip
    assert answers.usage == {1: "usage", 2: "usage"} and set(answers.seconds) == {1, 2}


async def test_who_is_gone_meanwhile_is_left_out() -> None:
    asked = [Asked("a", NotFoundError("gone")), Asked("b", ["B"]), Asked("c", ["C"], closed=True)]
    answers = await Sampler().ask({member(1): {"producers": asked}})
    assert answers.producers == {"b": ["B"]}
    assert asked[2].asked == 0


async def test_a_worker_that_died_is_no_failure() -> None:
    answers = await Sampler().ask({member(1, WorkerClosedError("died")): {"producers": []}, member(2): {}})
    assert answers.usage == {2: "usage"}


async def test_a_worker_that_hangs_costs_nobody_else_and_is_not_asked_again_meanwhile() -> None:
    slow, fast, sampler = Asked("slow", None), Asked("fast", ["F"]), Sampler(patience=0.01)
    one, two = member(1), member(2)
    for _ in range(3):
        answers = await sampler.ask({one: {"producers": [slow]}, two: {"producers": [fast]}})
        assert answers.producers == {"fast": ["F"]} and set(answers.seconds) == {2}
    assert (slow.asked, fast.asked) == (1, 3)
    slow.futures[0].set_result(["S"])
    slow._answer = ["S"]
    answers = await sampler.ask({one: {"producers": [slow]}, two: {"producers": [fast]}})
    assert answers.producers == {"slow": ["S"], "fast": ["F"]} and slow.asked == 2


async def test_whoever_answers_before_others_that_were_asked_sooner_ends_no_round() -> None:
    class Later(Asked):
        def get_stats(self) -> asyncio.Future[Any]:
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(0.01, future.set_result, [self.id])
            return future

    asked = [Later("a", None), Later("b", None), Asked("c", NotFoundError("gone"))]
    answers = await Sampler(patience=30).ask({member(1): {"producers": asked}})
    assert answers.producers == {"a": ["a"], "b": ["b"]} and set(answers.seconds) == {1}


async def test_a_late_refusal_is_not_reported_as_never_retrieved(caplog: pytest.LogCaptureFixture) -> None:
    slow, sampler = Asked("slow", None), Sampler(patience=0.01)
    await sampler.ask({member(1): {"producers": [slow]}})
    slow.futures[0].set_exception(NotFoundError("gone"))
    await asyncio.sleep(0)
    slow.futures.clear()
    assert caplog.records == []


async def test_what_nobody_foresaw_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await Sampler().ask({member(1): {"producers": [Asked("a", ZeroDivisionError())]}})


async def test_a_transport_that_is_not_there() -> None:
    assert Answers().transport(None) is None


async def test_many_are_asked_a_handful_at_a_time() -> None:
    """The next ones only once these have answered, so that everybody else has the event loop meanwhile."""
    open_now, most = 0, 0

    class Later(Asked):
        def get_stats(self) -> asyncio.Future[Any]:
            nonlocal open_now, most
            open_now += 1
            most = max(most, open_now)
            future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(self.answer, future)
            return future

        def answer(self, future: asyncio.Future[Any]) -> None:
            nonlocal open_now
            open_now -= 1
            future.set_result([self.id])

    asked = [Later(f"p-{number}", None) for number in range(5 * HANDFUL)]
    answers = await Sampler().ask({member(1): {"transports": asked[:7], "producers": asked[7:]}})
    assert most <= HANDFUL
    assert len(answers.transports) == 7 and len(answers.producers) == len(asked) - 7
    assert set(answers.seconds) == {1}
