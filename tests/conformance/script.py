"""How a case is written: calls in the spelling of the mediasoup documentation, carried out by both hosts.

``"$camera.id"`` as an argument is the ``id`` of what an earlier step saved as ``camera``; ``{"$hex": "80…"}`` is bytes.
Every case begins with the ``worker``; what a case saves is closed when it ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One call. ``options`` is the one argument most methods take, ``args`` are the others'."""

    target: str
    method: str
    options: dict[str, Any] | None = None
    args: tuple[Any, ...] = ()
    save: str | None = None

    def document(self) -> dict[str, Any]:
        """Return it as JSON for the Node side."""
        args = [self.options] if self.options is not None else list(self.args)
        return {"target": self.target, "method": self.method, "args": args, "save": self.save}


Case: TypeAlias = tuple[Step, ...]


def make(save: str, call: str, /, **options: Any) -> Step:
    """``make("camera", "sender.produce", kind="video", …)``: a call whose result later steps refer to."""
    target, _, method = call.rpartition(".")
    return Step(target=target, method=method, options=options, save=save)


def ask(call: str, *args: Any, **options: Any) -> Step:
    """``ask("camera.dump")``: a call whose result is only compared."""
    target, _, method = call.rpartition(".")
    return Step(target=target, method=method, args=args, options=options or None)


def hexed(data: bytes) -> dict[str, str]:
    """Return bytes as a script has them."""
    return {"$hex": data.hex()}
