"""psfu check: what it finds, how it says so, and what it ends with."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families as parse

from proctor_sfu.control.api.quality import Frame
from proctor_sfu.control.api.recordings import Disk
from psfu_cli.commands import check
from psfu_cli.commands.check import Finding, Verdict
from support.commands import Run, result
from support.frames import candidate, daemon, frame, incident, worker

PLUGIN = re.compile(
    r"PSFU [A-Z]+ (OK|WARNING|CRITICAL|UNKNOWN) - [^|\n]+( \|( '[a-z_]+'=[-\d.e+]+(%|ms|s)?;[\d.:]*;[\d.:]*)+)?\n"
)


def worst(findings: list[Finding]) -> tuple[Verdict, list[str]]:
    verdict = max(each.verdict for each in findings)
    return verdict, [each.name for each in findings if each.verdict is verdict is not Verdict.OK]


def shown(bad: int = 0, **own: Any) -> Frame:
    people = tuple(candidate(number, level="bad" if number < bad else "ok") for number in range(20))
    values: dict[str, Any] = {"candidates": 20, "bad": bad} | own
    return frame(candidates=people, incidents=(), daemon=daemon(**values))


def disk(**changed: Any) -> Disk:
    values: dict[str, Any] = {
        "directory": "/var/lib/psfu/recordings", "free_bytes": 50 << 30, "size_bytes": 100 << 30, "rate": 0.0,
        "expected_rate": 0.0, "speed": None, "hours_left": None, "reserve_bytes": 1 << 30,
        "trouble": "", "reason": "", "recording": 0, "refused": 0, "public_key": "",
    }  # fmt: skip
    return Disk(**(values | changed))


@pytest.mark.parametrize(
    ("changed", "verdict", "names"),
    [
        ({}, Verdict.OK, []),
        ({"bad": 1}, Verdict.WARNING, ["bad"]),
        ({"bad": 4}, Verdict.CRITICAL, ["bad"]),
        ({"ready": False}, Verdict.CRITICAL, ["ready"]),
        ({"workers": 3, "workers_target": 4}, Verdict.WARNING, ["workers_missing"]),
        ({"workers": 1, "workers_target": 4}, Verdict.CRITICAL, ["workers_missing"]),
        ({"workers": 0, "workers_target": 1}, Verdict.CRITICAL, ["workers_missing"]),
    ],
)
def test_health(changed: dict[str, Any], verdict: Verdict, names: list[str]) -> None:
    assert worst(check.judge_health(shown(**changed), 5, 20)) == (verdict, names)


def test_health_of_workers_and_incidents() -> None:
    busy = replace(shown(), workers=(worker(level="warn"), worker(level="ok")))
    assert worst(check.judge_health(busy, 5, 20)) == (Verdict.WARNING, ["workers_warn"])
    dead = replace(shown(), workers=(worker(level="bad"),))
    assert worst(check.judge_health(dead, 5, 20)) == (Verdict.CRITICAL, ["workers_bad"])
    found = check.judge_health(replace(shown(), incidents=(incident(),)), 5, 20)
    assert worst(found) == (Verdict.WARNING, ["incidents"])
    assert incident().summary in found[-1].text


def test_health_of_recordings() -> None:
    people = (candidate(1, recording="on"), candidate(2, recording="error"), candidate(3, recording="off"))
    found = check.judge_health(replace(shown(), candidates=people), 5, 20)
    assert worst(found) == (Verdict.CRITICAL, ["not_recorded"])
    assert "1 of 3 candidates should be recorded and is not" in [each.text for each in found]


def test_an_empty_server_is_healthy() -> None:
    assert (
        worst(check.judge_health(frame(candidates=(), incidents=(), daemon=daemon(candidates=0)), 5, 20))[0]
        is Verdict.OK
    )


@pytest.mark.parametrize(
    ("changed", "free", "verdict", "names"),
    [
        ({}, 50.0, Verdict.OK, []),
        ({"cpu": 75.0}, 50.0, Verdict.WARNING, ["daemon_cpu"]),
        ({"loop_lag_ms": 300.0}, 50.0, Verdict.CRITICAL, ["loop_lag"]),
        ({}, 9.0, Verdict.WARNING, ["disk_free"]),
        ({}, 10.0, Verdict.OK, []),
        ({}, 4.9, Verdict.CRITICAL, ["disk_free"]),
        ({"cpu": None, "loop_lag_ms": None}, None, Verdict.OK, []),
    ],
)
def test_capacity(changed: dict[str, Any], free: float | None, verdict: Verdict, names: list[str]) -> None:
    assert worst(check.judge_capacity(shown(**changed), free, disk(), 70, 90)) == (verdict, names)


@pytest.mark.parametrize(
    ("changed", "verdict", "names"),
    [
        ({"hours_left": 100.0}, Verdict.OK, []),
        ({"hours_left": 1.5}, Verdict.WARNING, ["recordings_left"]),
        ({"hours_left": 0.1}, Verdict.CRITICAL, ["recordings_left"]),
        ({"trouble": "disk-slow", "reason": "busy"}, Verdict.CRITICAL, ["recordings_trouble"]),
    ],
)
def test_capacity_of_the_disk_of_recordings(changed: dict[str, Any], verdict: Verdict, names: list[str]) -> None:
    assert worst(check.judge_capacity(shown(), 50.0, disk(**changed), 70, 90)) == (verdict, names)


def test_capacity_of_the_busiest_worker() -> None:
    busy = replace(shown(), workers=(worker(cpu=20.0), worker(cpu=91.0), worker(cpu=None)))
    assert worst(check.judge_capacity(busy, None, disk(), 70, 90)) == (Verdict.CRITICAL, ["worker_cpu"])


# At a real daemon.


@pytest.mark.parametrize("what", ["health", "capacity"])
def test_a_plugin_line(run: Run, people: str, what: str) -> None:
    assert people
    done = run("check", what)
    assert PLUGIN.fullmatch(done.stdout), done.stdout
    assert done.returncode == Verdict[done.stdout.split()[2]]
    assert done.stderr == ""


def test_thresholds_are_ours_to_choose(run: Run) -> None:
    done = run("check", "capacity", "--warning", "0%", "--critical", "101")
    assert (done.returncode, done.stdout.split()[2]) == (1, "WARNING")
    assert run("check", "capacity", "--warning", "much").returncode == 2


def test_every_form(run: Run, people: str) -> None:
    assert people
    done = run("check", "health", "--format", "prometheus")
    families = {each.name: each.samples for each in parse(done.stdout)}
    assert families["psfu_check_status"][0].value == done.returncode
    assert {each.labels["what"] for each in families["psfu_check_value"]} >= {"ready", "candidates", "bad"}
    helped = [run("check", each, "--format", "prometheus").stdout.splitlines()[1] for each in ("health", "capacity")]
    assert helped[0] == helped[1], "files of several checks lie side by side"
    told = json.loads(run("check", "health", "--format", "json").stdout)
    assert all((each["text"] == "") is (each["status"] == "ok") for each in told["findings"])
    assert told["status"] == Verdict(done.returncode).name.lower()
    assert json.loads(run("check", "health", "--json").stdout)["check"] == "health"
    text = run("check", "capacity", "--format", "text").stdout
    assert text.startswith("capacity: ") and "worker_cpu" in text


def test_no_daemon_is_critical(run: Run) -> None:
    done = run("check", "health", "--socket", "/nowhere/control.sock")
    assert done.returncode == 2
    assert done.stdout.startswith("PSFU HEALTH CRITICAL - no daemon at /nowhere/control.sock")
    assert result_status(run("check", "health", "--socket", "/nowhere/control.sock", "--json").stdout) == "critical"


def result_status(text: str) -> str:
    found: str = json.loads(text)["status"]
    return found


def test_findings_are_of_use_to_programs(run: Run) -> None:
    assert result(run("status", "--json"))["ready"]
    findings = json.loads(run("check", "capacity", "--json").stdout)["findings"]
    assert {each["name"] for each in findings} >= {"worker_cpu", "daemon_cpu", "loop_lag", "disk_free"}
    assert all(each["status"] in ("ok", "warning", "critical") for each in findings)
