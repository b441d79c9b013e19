"""The worker binary every test with real media stands on: installed once, as `psfu serve` would."""

from __future__ import annotations

import sys

import pytest

from proctor_sfu.mediasoup.install import WorkerBinary, install


@pytest.fixture(scope="session")
def worker_binary(pytestconfig: pytest.Config) -> WorkerBinary:
    shown: set[str] = set()

    def show(what: str, fraction: float | None) -> None:
        tenth = what if fraction is None else f"{what}: {int(fraction * 10) * 10} %"
        if tenth not in shown:
            shown.add(tenth)
            print(tenth, file=sys.__stderr__, flush=True)

    return install(progress=show)
