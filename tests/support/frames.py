"""Frames with something of everything in them."""

from __future__ import annotations

from typing import Any

from proctor_sfu.control.api import quality as api


def source(name: str = "camera", **changed: Any) -> api.Source:
    values: dict[str, Any] = {
        "source": name, "producer": f"producer-{name}", "kind": "audio" if name == "microphone" else "video",
        "codec": "video/VP8", "paused": False, "level": "ok", "reasons": (), "health": 98, "bitrate": 388_000.0,
        "packets": 40.5, "loss": 0.2, "loss_from": "packets", "repaired": 0.1, "rtt_ms": 20.5, "rtt_from": "xr",
        "jitter_ms": 3.0, "fps": 15.0, "gap_s": 0.0, "silent_s": 0.1, "layer": None, "layers": (), "score": 10,
    }  # fmt: skip
    return api.Source(**(values | changed))


def candidate(number: int = 1, **changed: Any) -> api.Candidate:
    values: dict[str, Any] = {
        "id": f"cand-{number:03}", "room": "exam-1", "name": f"Candidate {number}", "state": "live", "state_s": 12.0,
        "level": "ok", "reasons": (), "health": 98, "worker": 4711, "address": "192.0.2.7", "path": "udp",
        "ice": "completed", "dtls": "connected", "bitrate": 400_000.0, "loss": 0.2, "repaired": 0.1, "rtt_ms": 20.5,
        "jitter_ms": 3.0, "gap_s": 0.0, "available_bitrate": None, "available_from": None,
        "connected_at": "2026-01-01T08:00:00.000Z", "sources": (source(), source("microphone", kind="audio")),
        "missing": (), "watchers": ("proctor-1",), "recording": None,
    }  # fmt: skip
    return api.Candidate(**(values | changed))


def proctor(number: int = 1, **changed: Any) -> api.Proctor:
    values: dict[str, Any] = {
        "id": f"proctor-{number}", "room": "exam-1", "name": f"Proctor {number}", "role": "proctor", "state": "live",
        "state_s": 60.0, "level": "ok", "reasons": (), "worker": 4711, "address": "198.51.100.2", "path": "tcp",
        "bitrate": 2_000_000.0, "loss": 0.5, "rtt_ms": 35.0, "rtt_from": "rr", "available_bitrate": 5_000_000.0,
        "available_from": "twcc", "consumers": 8, "paused_consumers": 1, "lowered_consumers": 2,
    }  # fmt: skip
    return api.Proctor(**(values | changed))


def worker(pid: int = 4711, **changed: Any) -> api.Worker:
    values: dict[str, Any] = {
        "pid": pid, "state": "running", "level": "ok", "reasons": (), "cpu": 12.5, "memory": 50_000_000,
        "packets_in": 4000.0, "packets_out": None, "bitrate_in": 40e6, "bitrate_out": 80e6, "answer_ms": 4.0,
        "rooms": 1, "routers": 1, "transports": 3, "producers": 4, "consumers": 8, "port": 40_000,
        "started_at": "2026-01-01T07:00:00.000Z",
    }  # fmt: skip
    return api.Worker(**(values | changed))


def room(name: str = "exam-1", **changed: Any) -> api.Room:
    values: dict[str, Any] = {
        "id": name, "state": "running", "open": False, "worker": 4711, "created_at": "2026-01-01T07:30:00.000Z",
        "level": "ok", "candidates": 2, "live": 2, "expected": None, "proctors": 1, "warn": 0, "bad": 0,
        "bitrate_in": 800_000.0, "bitrate_out": 2_000_000.0, "health": 98, "loss_p95": 0.2, "rtt_p95_ms": 20.5,
        "recordings": None,
    }  # fmt: skip
    return api.Room(**(values | changed))


def incident(number: int = 1, **changed: Any) -> api.Incident:
    values: dict[str, Any] = {
        "id": number, "at": "2026-01-01T09:00:00.000Z", "room": "exam-1", "candidates": ("exam-1/cand-001",),
        "shared": "network", "value": "192.0.2.0/24", "others": 0, "summary": "1 candidate of 192.0.2.0/24",
    }  # fmt: skip
    return api.Incident(**(values | changed))


def daemon(**changed: Any) -> api.Daemon:
    values: dict[str, Any] = {
        "version": "1.0", "pid": 42, "node": "exam-server", "uptime_s": 5400.0, "ready": True, "cpu": 3.0,
        "memory": 90_000_000, "loop_lag_ms": 0.4, "sample_ms": 5.0, "full": True, "rooms": 1, "candidates": 2,
        "live": 2, "proctors": 1, "workers": 1, "workers_target": 1, "restarts": 0, "ok": 2, "warn": 0, "bad": 0,
        "bitrate_in": 800_000.0, "bitrate_out": 2_000_000.0, "recordings": None,
    }  # fmt: skip
    return api.Daemon(**(values | changed))


def frame(seq: int = 1, **changed: Any) -> api.Frame:
    values: dict[str, Any] = {
        "seq": seq, "at": "2026-01-01T09:00:00.000Z", "daemon": daemon(), "workers": (worker(),), "rooms": (room(),),
        "candidates": (candidate(1), candidate(2)), "proctors": (proctor(),), "incidents": (incident(),),
    }  # fmt: skip
    return api.Frame(**(values | changed))
