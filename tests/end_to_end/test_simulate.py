"""``psfu simulate`` against a real daemon: true numbers, a clean end however it ends, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from end_to_end.daemon import PSFU, Daemon, running
from end_to_end.exam import Report
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.simulate.formats import CAMERA, SCREEN
from support.coturn import coturn

LIMIT: Final = 60.0
"""Seconds after which a test stops waiting."""


def command(daemon: Daemon, *arguments: str) -> list[str]:
    return [str(PSFU), "simulate", "--socket", str(daemon.socket), "--json", *arguments]


def rooms(daemon: Daemon) -> list[str]:
    return [room["id"] for room in daemon.psfu("rooms", "list")]


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def watching(daemon: Daemon, room: str) -> list[dict[str, Any]]:
    """Return the proctors that are sent pictures."""
    found = daemon.psfu("monitor", "--once", "--screen", "proctors", "--room", room)
    return [each for each in found if (each["bitrate"] or 0) > CAMERA.bitrate / 2]


class Simulation:
    """A simulation that goes on, in a room of its own that ``simulate`` makes."""

    def __init__(self, daemon: Daemon, room: str, *arguments: str) -> None:
        self.daemon = daemon
        self.room = room
        self.process = subprocess.Popen(
            command(daemon, "--room", room, "--duration", "10m", *arguments),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def until(self, happened: Callable[[], Any]) -> Any:
        """Wait until something happened and return it."""
        end = time.monotonic() + LIMIT
        while not (result := happened()):
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.05)  # The daemon cannot be waited for; nothing is judged by this pace.
        return result

    def live(self, count: int) -> bool:
        """Whether so many candidates are live."""
        if self.room not in rooms(self.daemon):
            return False
        found = self.daemon.psfu("candidates", "list", "--room", self.room)
        return [each["state"] for each in found] == ["live"] * count

    def watched(self, count: int) -> bool:
        """Whether so many candidates are live, and a proctor, which comes by itself, is sent their pictures."""
        return self.live(count) and len(watching(self.daemon, self.room)) == 1

    def end(self, number: signal.Signals | None = None) -> tuple[int, dict[str, Any], str]:
        """Return exit code, result and what was said, after a signal."""
        if number is not None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, json.loads(out), err


def test_a_small_exam_with_a_bad_network(daemon: Daemon, report: Report) -> None:
    mark = daemon.mark()
    sizes = ["--candidates", "6", "--proctors", "2", "--duration", "8", "--ramp", "1", "--tiles", "0"]
    network = ["--loss", "5%", "--on", "2", "--seed", "7"]
    done = subprocess.run(command(daemon, *sizes, *network), capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert (result["joined"], result["complete"], result["ok"], result["broken"]) == (8, True, True, [])
    assert (result["trouble_count"], [each["exit"] for each in result["processes"]]) == (0, [0, 0])
    assert result["join_ms"]["count"] == 8
    assert result["join_ms"]["p95"] < 5000
    clean, bad = result["clean"], result["impaired_media"]
    # 2 proctors see 3 sources of 4 candidates and of 2.
    assert (clean["views"], bad["views"], clean["never_began"], bad["never_began"]) == (24, 12, 0, 0)
    pictures = 2 * 4 * (CAMERA.fps + SCREEN.fps) * 8
    assert 0.7 * pictures < clean["pictures"] <= pictures
    assert clean["pictures_percent"] > 95
    assert clean["sound_percent"] > 95
    assert (clean["first_picture_ms"]["count"], clean["first_sound_ms"]["count"]) == (16, 8)
    assert clean["first_picture_ms"]["p95"] < 5000
    # The worker asks the candidate for lost video again, so only sound stays lost: 5 % of 50 packets a second.
    assert 0.01 < bad["lost"] / bad["packets"] < 0.06
    assert 90 < bad["sound_percent"] < 98.5
    assert bad["pictures_percent"] > 80
    assert rooms(daemon) == []
    join, picture = result["join_ms"], clean["first_picture_ms"]
    assert "joined_without_token" not in daemon.logged(after=mark)
    report(f"6 simulated candidates join in {join['p50']:.0f} ms, first picture {picture['p50']:.0f} ms (medians)")


def test_light_candidates_are_whole_and_send_few_packets(daemon: Daemon) -> None:
    options = ["--light", "-c", "2", "-p", "1", "--duration", "8", "--ramp", "1", "--tiles", "0"]
    done = subprocess.run(command(daemon, *options), capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    clean = result["clean"]
    assert (result["light"], clean["views"], clean["never_began"], clean["gaps"]) == (True, 6, 0, 0)
    assert clean["pictures_percent"] > 95
    assert clean["sound_percent"] > 95
    assert clean["packets"] < 2 * 8 * 25


def test_a_wall_over_https_has_a_page_in_sight_and_one_in_focus(worker_binary: WorkerBinary, tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, flags=["--dev"])
    try:
        daemon.start()
        assert daemon.url.startswith("wss://")
        options = ["-c", "3", "-p", "1", "-d", "13", "--ramp", "2", "--tiles", "2", "--loss", "3%", "--on", "1"]
        refused = subprocess.run(command(daemon, "-c", "1", "-d", "1"), capture_output=True, text=True, timeout=LIMIT)
        assert refused.returncode == 1
        assert "--ca FILE says whom to trust" in refused.stderr
        certificate = str(daemon.state / "tls" / "certificate.pem")
        for trust in (["--ca", certificate], ["--insecure", "-d", "2"]):
            done = subprocess.run(command(daemon, *options, *trust), capture_output=True, text=True, timeout=LIMIT)
            assert done.returncode == 0, done.stderr
            result = json.loads(done.stdout)
            assert (result["joined"], result["trouble_count"], result["tiles"]) == (4, 0, 2)
            if trust[0] == "--ca":
                # The second candidate joins the first in sight, and after ten seconds gets the focus: its screen.
                assert (result["impaired_media"]["views"], result["clean"]["views"]) == (3, 3)
                assert result["clean"]["pictures_percent"] > 95
        daemon.stop()
    finally:
        daemon.abandon()


def test_media_through_a_turn_server(worker_binary: WorkerBinary, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("shared-secret\n")
    with coturn(tmp_path / "turn", "shared-secret") as turn:
        (tmp_path / "psfu").mkdir()
        with running(tmp_path / "psfu", {"turn": {"urls": turn.urls, "secret_file": str(secret)}}) as daemon:
            simulation = Simulation(daemon, "relayed", "-c", "1", "-p", "1", "--sources", "camera", "--relay")
            simulation.until(lambda: simulation.live(1))
            [proctor] = simulation.until(lambda: watching(daemon, "relayed"))
            [candidate] = daemon.psfu("stats", "--room", "relayed")
            assert (candidate["path"], proctor["path"]) == ("relay", "relay")
            code, result, _ = simulation.end(signal.SIGINT)
            assert (code, result["joined"], result["clean"]["never_began"]) == (130, 2, 0)
            assert result["clean"]["pictures"] > 0


def test_an_interrupted_simulation_ends_well(daemon: Daemon) -> None:
    running = Simulation(daemon, "interrupted", "--candidates", "2", "--proctors", "1")
    running.until(lambda: running.watched(2))
    helpers = children(running.process.pid)
    code, result, _ = running.end(signal.SIGINT)
    assert code == 130
    assert (result["joined"], result["complete"]) == (3, False)
    assert [each["exit"] for each in result["processes"]] == [0, 0]
    assert rooms(daemon) == []
    assert [pid for pid in helpers if Path(f"/proc/{pid}").exists()] == []


def test_who_is_kicked_stays_away_and_fails_nothing(daemon: Daemon) -> None:
    generous = ("--max-join", "1m", "--max-first-picture", "1m", "--min-pictures", "1%", "--max-gap", "1m")
    running = Simulation(daemon, "kicked", "--candidates", "2", "--light", "--duration", "25s", *generous)
    running.until(lambda: running.live(2))
    gone = daemon.psfu("candidates", "list", "--room", "kicked")[0]["id"]
    daemon.psfu("candidates", "kick", gone, "--room", "kicked", "--reason", "a phone", "--yes")
    (left,) = daemon.psfu("events", "--room", "kicked", "--peer", gone, "--kind", "peer_left")
    assert left["details"] == {"reason": "kicked", "note": "a phone"}
    code, result, said = running.end()
    assert (code, result["broken"], result["trouble_count"], result["away_longest_s"]) == (0, [], 0, 0.0)
    assert [(each["peer"], each["reason"]) for each in result["kicks"]] == [(gone, "a phone")]
    assert f"{gone}: a phone" in said


def test_a_process_that_is_killed_is_noticed(daemon: Daemon) -> None:
    running = Simulation(daemon, "killed", "--candidates", "2", "--proctors", "1")
    running.until(lambda: running.live(2))
    proctors, candidates = children(running.process.pid)
    os.kill(candidates, signal.SIGKILL)
    code, result, said = running.end(signal.SIGINT)
    assert code == 130
    assert [each["exit"] for each in result["processes"]] == [0, -9]
    assert f"process {candidates} with 2 simulated peers ended with -9" in said
    assert not Path(f"/proc/{proctors}").exists()
    assert rooms(daemon) == []


def test_a_daemon_that_is_killed_costs_the_verdict_and_not_the_result(
    worker_binary: WorkerBinary, tmp_path: Path
) -> None:
    mortal = Daemon(tmp_path)
    try:
        mortal.start()
        simulation = Simulation(mortal, "orphaned", "--candidates", "2", "--proctors", "1", "--duration", "20s")
        simulation.until(lambda: simulation.watched(2))
        mortal.kill()
        code, result, said = simulation.end()
    finally:
        mortal.abandon()
    assert (code, result["joined"], result["ok"]) == (3, 3, False)
    assert {each["code"] for each in result["troubles"]} >= {"closed"}
    assert any("out of the room" in each for each in result["broken"])
    assert "no daemon at" in said


def test_nobody_outlives_a_simulation_that_is_killed(daemon: Daemon) -> None:
    running = Simulation(daemon, "orphans", "--candidates", "2", "--proctors", "0")
    running.until(lambda: running.live(2))
    helpers = children(running.process.pid)
    running.process.kill()
    running.process.communicate()
    end = time.monotonic() + LIMIT
    while [pid for pid in helpers if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < end, "a process of simulated peers outlived the simulation"
        time.sleep(0.05)
    daemon.psfu("rooms", "close", "orphans", "--yes")


def test_an_outage_costs_a_gap_and_no_seat(worker_binary: WorkerBinary, tmp_path: Path) -> None:
    # It gives up who does not answer within a second, and asks every other one: within the outage, and not before.
    impatient = Daemon(tmp_path, {"signaling": {"ping_seconds": 2.0}})
    try:
        impatient.start()
        options = ["-c", "2", "-p", "1", "-d", "14", "--on", "1", "--outage", "4s@5s", "--max-gap", "1s"]
        done = subprocess.run(command(impatient, *options), capture_output=True, text=True, timeout=LIMIT)
        assert done.returncode == 0, done.stderr
        result = json.loads(done.stdout)
        # The server gave up the WebSocket meanwhile; the candidate resumed its seat, so that nobody had to look again.
        assert [(each["peer"], each["code"]) for each in result["troubles"]] == [("sim-1", "closed")]
        assert result["rejoin_ms"]["count"] == 1
        bad = result["impaired_media"]
        assert (bad["views"], bad["gaps"], result["clean"]["gaps"]) == (3, 3, 0)
        assert 3.8 < bad["gap_longest_s"] < 6
        impatient.stop()
    finally:
        impatient.abandon()


def test_a_room_that_was_there_stays_and_the_delay_is_measured(daemon: Daemon) -> None:
    daemon.psfu("rooms", "create", "kept")
    options = ["--room", "kept", "-c", "1", "-p", "1", "-d", "3", "--simulcast", "--decode", "--sources", "camera"]
    done = subprocess.run(command(daemon, *options), capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["clean"]["views"] == 1
    delay = result["clean"]["delay_ms"]
    assert delay["count"] > 20
    assert 0 <= delay["min"] < delay["p95"] < 1000
    assert rooms(daemon) == ["kept"]
    daemon.psfu("rooms", "close", "kept", "--yes")


def test_without_a_daemon(tmp_path: Path) -> None:
    arguments = [str(PSFU), "simulate", "--socket", str(tmp_path / "none.sock")]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 3
    assert done.stderr.startswith("error: no daemon at")


def test_a_rehearsal_has_a_verdict(daemon: Daemon, report: Report) -> None:
    # So few that a slow machine carries them, and for so long that they are all there for a while.
    exam = ["--candidates", "12", "--proctors", "1", "--record", "--lasts", "1h"]
    sample = ["--sample", "4", "--duration", "20", "--json", "--socket", str(daemon.socket)]
    done = subprocess.run([str(PSFU), "rehearse", *exam, *sample], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    verdict = json.loads(done.stdout)
    assert (verdict["holds"], verdict["candidates"], verdict["sample"], verdict["result"]["joined"]) == (True, 12, 4, 5)
    found = {limit["name"]: limit for limit in verdict["limits"]}
    assert {"worker", "daemon", "arrival", "cores", "memory", "files", "recorder", "disk"} <= found.keys()
    assert verdict["capacity"] == min(limit["capacity"] for limit in verdict["limits"]) >= 12
    worker = found["worker"]
    assert worker["sample"] > 0
    assert worker["needed"] == pytest.approx(worker["sample"] * 12 / 4)
    # Camera, screen and sound of a candidate, which its clips have, for an hour.
    assert found["disk"]["sample"] / 4 / 3600 * 8 == pytest.approx(CAMERA.bitrate + 225_000 + 70_000, rel=0.3)
    assert rooms(daemon) == []
    report(f"a rehearsal with 4 of 12 candidates: {verdict['first']}")


def test_a_rehearsal_that_is_too_short_says_so(daemon: Daemon) -> None:
    options = ["--candidates", "1", "--duration", "1", "--socket", str(daemon.socket)]
    done = subprocess.run([str(PSFU), "rehearse", *options], capture_output=True, text=True, timeout=LIMIT)
    assert (done.returncode, done.stdout) == (1, "")
    assert "rehearse for longer" in done.stderr.splitlines()[-1]
    assert rooms(daemon) == []
