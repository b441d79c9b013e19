"""Rooms that want other pictures than VP8: a real browser sends them, and the server still chooses layers by tile."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from end_to_end.browser import face
from end_to_end.browser.chromium import Chromium, until
from end_to_end.browser.people import Candidate, Proctor
from end_to_end.daemon import Daemon

ASKED = """(() => {
    globalThis.asked = [];
    const send = WebSocket.prototype.send;
    WebSocket.prototype.send = function (text) {
        asked.push(JSON.parse(text));
        return send.call(this, text);
    };
})()"""
"""Keeps what a page asks the server for."""


@pytest.mark.parametrize(("codec", "kind"), [("vp9", "svc"), ("h264", "simulcast")])
def test_a_camera_is_sent_as_the_room_wants_it_in_layers_that_fit_the_tile(
    browser: Chromium, daemon: Daemon, tmp_path: Path, codec: str, kind: str
) -> None:
    room = f"codec-{codec}"
    roster = tmp_path / "roster.csv"
    roster.write_text("ann,Ann\nbob,Bob\n")
    daemon.psfu("rooms", "create", room, "--open", "--codec", codec, "--roster", str(roster))
    pam = Proctor.opens(browser, room, "pam", size=(1280, 720))
    Candidate.opens(browser, room, "ann").join()
    tile, focus = f"{pam.tile('ann')} .picture-camera video", ".focus-camera video"
    pam.sees("ann", face.ANN.wall)
    # One source is published after the other.
    until(lambda: len(published(daemon, room)) == 2, lambda: f"published are {published(daemon, room)}")
    assert published(daemon, room) == {
        "microphone": ("audio/opus", "simple"),
        "camera": (f"video/{codec.upper()}", kind),
    }

    pam.until_wide(tile, 640)
    pam.focus("ann")
    pam.until_wide(focus, 1280)
    pam.sees("ann", face.ANN.wall, where=focus)
    # In the row of small tiles below somebody else.
    pam.focus("bob")
    pam.until_wide(tile, 320)
    pam.until_moves("ann")
    pam.sees("ann", face.ANN.wall)
    daemon.psfu("rooms", "close", room, "--yes")


def published(daemon: Daemon, room: str) -> dict[str, tuple[str, str]]:
    """Return what the candidate of a room sends: source -> MIME type, and what the worker takes its streams for."""
    (ann,) = daemon.psfu("candidates", "list", "--room", room)
    entries = [json.loads(line) for line in daemon.logged().splitlines() if '"source_published"' in line]
    kinds = {each["source"]: each["type"] for each in entries if each["room"] == room}
    return {each["source"]: (each["codec"], kinds[each["source"]]) for each in ann["sources"]}


def test_sound_is_sent_as_opus_with_fec_and_without_silence(browser: Chromium, room: str) -> None:
    ann = Candidate.opens(browser, room, "ann", script=ASKED).join()
    ann.until_source("microphone", "on")
    codec = ann.window.until("asked.find(({ method, data }) => method === 'produce' && data.kind === 'audio')")
    (opus,) = codec["data"]["rtpParameters"]["codecs"]
    assert opus["mimeType"] == "audio/opus"
    assert (opus["parameters"]["usedtx"], opus["parameters"]["useinbandfec"]) == (1, 1)
