"""``psfu simulate`` and ``psfu rehearse`` without a daemon: nonsense is refused first, results are shown whole."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner

from proctor_sfu.simulate import events
from proctor_sfu.simulate.book import Book
from proctor_sfu.simulate.capacity import Server, Used, first, limits
from proctor_sfu.simulate.limits import Limits, judged
from proctor_sfu.simulate.plan import Plan, cast
from proctor_sfu.simulate.rehearsal import Rehearsal
from proctor_sfu.simulate.results import Now, Result
from psfu_cli import live
from psfu_cli.app import called
from psfu_cli.commands import rehearse, simulate
from psfu_cli.output import Colour, Format, Writer


@pytest.mark.parametrize(
    "arguments",
    [
        "--loss 5x", "--loss 120%", "--outage 5s", "--sources smell", "--sources ,", "--duration 0",
        "--ramp 9 --duration 5", "-c -1", "--codec h265", "--burst 0", "--delay -5ms",
        "--tiles -1", "--light --simulcast", "-c 0 -p 0", "--ca /nonexistent", "--ca /etc/passwd",
    ],
)  # fmt: skip
def test_nonsense_is_refused_before_anything_happens(arguments: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        called(["simulate"]), ["simulate", "--socket", str(tmp_path / "none"), *arguments.split()]
    )
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr


@pytest.mark.parametrize(
    ("arguments", "record"),
    [
        ([], ""), (["--record"], simulate.ALL_SOURCES), (["--record", "--seed", "7"], simulate.ALL_SOURCES),
        (["--record", "camera,screen"], "camera,screen"), (["--record=camera"], "camera"), (["--record", ""], ""),
    ],
)  # fmt: skip
def test_record_without_a_list_is_of_all_sources(arguments: list[str], record: str) -> None:
    tree = get_command(called(["simulate"]))
    context = tree.commands["simulate"].make_context("simulate", arguments)  # type: ignore[attr-defined]
    assert context.params["record"] == record


def test_a_rehearsal_of_nobody_is_none(tmp_path: Path) -> None:
    done = CliRunner().invoke(called(["rehearse"]), ["rehearse", "--socket", str(tmp_path / "none"), "-c", "0"])
    assert (done.exit_code, done.stdout) == (2, "") and "--candidates" in done.stderr


@pytest.mark.parametrize("command", ["simulate", "rehearse"])
def test_without_a_daemon(command: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(called([command]), [command, "--socket", str(tmp_path / "none")])
    assert (done.exit_code, done.stdout) == (3, "")
    assert done.stderr.startswith("error: no daemon at")


def test_a_verdict_says_when_no_picture_was_judged(capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan(candidates=1, proctors=0, duration=30.0)
    book = Book(plan, cast(plan))
    book.take(0, events.Joined(peer="sim-1", role="candidate", at=1.0, took=0.1, again=False))
    found = judged(book.result(room="r", zero=0.0, duration=30.0, complete=True, processes=[]), Limits())
    rows = dict(line.split(":", 1) for line in shown(found, simulate.COLUMNS, Format.TABLE, capsys).splitlines())
    assert rows["verdict"].strip() == "ok, of joins alone: nobody watched a candidate with a good network"


def result() -> Result:
    plan = Plan(candidates=2, proctors=1, duration=30.0)
    book = Book(plan, cast(plan))
    for peer in ("sim-1", "sim-2", "sim-proctor-1"):
        book.take(0, events.Joined(peer=peer, role="candidate", at=1.0, took=0.1, again=False))
    book.take(
        0,
        events.Watched(
            viewer="sim-proctor-1", peer="sim-1", source="camera", offered=10.0, active=10.0, arrived=100, packets=400,
            lost=3, repaired=7, began=True,
        ),
    )  # fmt: skip
    book.take(0, events.Trouble(peer="sim-2", at=104.5, code="closed", reason="the connection was closed with 1006"))
    process = book.process(0, pid=77, peers=3, exit_code=0, said=["odd"])
    found = book.result(room="r", zero=100.0, duration=30.0, complete=True, processes=[process])
    return judged(found, Limits())


def shown(record: object, columns: object, form: Format, capsys: pytest.CaptureFixture[str]) -> str:
    kind = type(record)
    Writer(format=form, colour=Colour.NEVER, kind=kind, name_of=str).one(record, columns)  # type: ignore[arg-type]
    return capsys.readouterr().out


def test_a_result_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(result(), simulate.COLUMNS, Format.TABLE, capsys)
    rows = dict(line.split(":", 1) for line in text.splitlines())
    assert rows["joined"].strip() == "3 of 3"
    assert rows["join"].strip() == "median 100 ms, 95 of 100 within 100 ms, all within 100 ms"
    assert rows["media"].strip() == "50.0 % of 200 pictures, 100.0 % of the sound; 3 packets lost, 7 repaired"
    assert rows["bad network"].strip() == "-"
    assert rows["verdict"].strip() == "FAILED"


def test_what_went_wrong_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    simulate.explain(result())
    assert capsys.readouterr().err.splitlines() == [
        "trouble: after 4.5 s sim-2: closed: the connection was closed with 1006",
        "process 77: odd",
        "limit: a peer was out of the room for 25.5 s, limit 3 s",
        "limit: 50.0 % of the pictures arrived, limit 95 %",
    ]


def test_a_result_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(shown(result(), simulate.COLUMNS, Format.JSON, capsys))
    assert found["clean"]["pictures_percent"] == 50.0
    assert found["troubles"] == [
        {"at_s": 4.5, "peer": "sim-2", "code": "closed", "reason": "the connection was closed with 1006"}
    ]
    assert (found["ok"], found["impaired_media"]) == (False, None)


def test_a_verdict_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    used = Used(candidates=10, worker=0.1, daemon=0.0, join=0.0, memory=2**20, files=None, sent=0.0)
    found = limits(used, Server(cores=2, memory=2**30, files=None, network=None), 100)
    verdict = Rehearsal(
        candidates=100, proctors=2, sample=10, recorded=False, holds=False, capacity=85, first=first(found),
        limits=tuple(found), datagrams_dropped=0, result=result(),
    )  # fmt: skip
    text = shown(verdict, rehearse.COLUMNS, Format.TABLE, capsys)
    assert "IT DOES NOT HOLD" in text
    assert "the room's worker, which has one core, with 85 candidates" in text
    Writer(format=Format.TABLE, colour=Colour.NEVER, kind=type(found[0])).many(
        found, rehearse.LIMIT_COLUMNS, empty=""
    )  # fmt: skip
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1] == ["worker", "0.100", "cores", "1.000", "cores", "0.850", "cores", "85", "no"]
    assert rows[-1][0] in ("daemon", "arrival")
    assert rows[-1][-3:] == ["any", "number", "yes"]


def now(seconds: float, *, troubles: int = 0) -> Now:
    return Now(
        seconds=seconds, candidates=3, proctors=1, megabits=12.34, arrived=100.0, gaps=0, troubles=troubles,
        lag_ms=80.0, cpu=0.2,
    )  # fmt: skip


def test_how_it_goes_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    with live.live(candidates=4, proctors=1, duration=20.0) as show:
        for second in range(1, 12):
            show(now(second))
    assert capsys.readouterr().err.splitlines() == [
        f"{second}s: 3 of 4 candidates, 1 proctors, 12.3 Mb/s, 0 gaps, 0 troubles" for second in (1, 6, 11)
    ]


def test_how_it_goes_is_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with live.live(candidates=4, proctors=1, duration=20.0) as show:
        show(now(5, troubles=2))
    text = Console(file=io.StringIO()).render_str(terminal.getvalue(), markup=False).plain
    assert "3 of 4" in text and "12.3 Mb/s" in text and "80 ms late" in text
