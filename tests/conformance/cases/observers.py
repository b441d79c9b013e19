"""Observers of audio levels and of the active speaker."""

from __future__ import annotations

from typing import Any

from conformance.cases.ingredients import OPUS, PLAIN_VP8, SPEECH, VP8, plain, produce, router
from conformance.script import Case, ask, make

KINDS = {"audio level": "createAudioLevelObserver", "active speaker": "createActiveSpeakerObserver"}

OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "audio level, defaults": ("createAudioLevelObserver", {}),
    "audio level, all options": (
        "createAudioLevelObserver", {"maxEntries": 5, "threshold": -50, "interval": 400, "appData": {"x": 1}},
    ),
    "audio level, limits": ("createAudioLevelObserver", {"maxEntries": 1, "threshold": -127, "interval": 5000}),
    "audio level, the highest threshold": ("createAudioLevelObserver", {"threshold": 0}),
    "active speaker, defaults": ("createActiveSpeakerObserver", {}),
    "active speaker, all options": ("createActiveSpeakerObserver", {"interval": 500, "appData": {"x": 1}}),
}  # fmt: skip
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "audio level of nobody": ("createAudioLevelObserver", {"maxEntries": 0}),
    "audio level, entries that are no number": ("createAudioLevelObserver", {"maxEntries": "many"}),
    "audio level, a threshold too low": ("createAudioLevelObserver", {"threshold": -128}),
    "audio level, a threshold above 0": ("createAudioLevelObserver", {"threshold": 1}),
    "audio level, a threshold that is no number": ("createAudioLevelObserver", {"threshold": "low"}),
    "audio level, an interval that is no number": ("createAudioLevelObserver", {"interval": "long"}),
    "active speaker, an interval that is no number": ("createActiveSpeakerObserver", {"interval": "long"}),
}

CASES: dict[str, Case] = {
    **{
        f"observer: {name}": (router(OPUS), make("observer", f"router.{method}", **options), ask("router.dump"))
        for name, (method, options) in OPTIONS.items()
    },
    **{
        f"observer: refused: {name}": (
            router(OPUS), make("observer", f"router.{method}", **options), ask("router.dump"),
        )
        for name, (method, options) in REFUSED.items()
    },
    **{
        f"observer: {kind}: a life": (
            router(OPUS, VP8), plain("sender"), produce("voice", "sender", "audio", SPEECH),
            make("observer", f"router.{method}"), ask("observer.addProducer", producerId="$voice.id"),
            ask("router.dump"), ask("observer.pause"), ask("observer.pause"), ask("observer.resume"),
            ask("observer.resume"),
            ask("observer.removeProducer", producerId="$voice.id"), ask("router.dump"),
            ask("observer.addProducer", producerId="$voice.id"), ask("voice.close"), ask("router.dump"),
            ask("observer.close"), ask("observer.close"), ask("observer.pause"), ask("router.dump"),
        )
        for kind, method in KINDS.items()
    },
    **{
        f"observer: {kind}: who cannot be watched": (
            router(OPUS, VP8), plain("sender"), produce("camera", "sender", "video", PLAIN_VP8),
            make("observer", f"router.{method}"), ask("observer.addProducer", producerId="$camera.id"),
            ask("observer.addProducer", producerId="nobody"), ask("observer.removeProducer", producerId="nobody"),
            ask("observer.removeProducer", producerId="$camera.id"), ask("router.dump"),
        )
        for kind, method in KINDS.items()
    },
    "observer: the router closes": (
        router(OPUS), plain("sender"), produce("voice", "sender", "audio", SPEECH),
        make("volumes", "router.createAudioLevelObserver"), make("speaker", "router.createActiveSpeakerObserver"),
        ask("volumes.addProducer", producerId="$voice.id"), ask("speaker.addProducer", producerId="$voice.id"),
        ask("router.close"),
    ),
}  # fmt: skip
