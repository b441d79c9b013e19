"""The logic of the pages that needs no browser: its unit tests, bundled by esbuild, run by node's own test runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WEB = HERE.parents[2] / "proctor_sfu" / "web"


@pytest.fixture(scope="module")
def bundled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    subprocess.run(["node", WEB / "build.mjs", "--tests", folder], check=True, timeout=60)
    return folder


@pytest.mark.parametrize("name", sorted(path.name.removesuffix(".test.ts") for path in HERE.glob("*.test.ts")))
def test_logic(bundled: Path, name: str) -> None:
    command = ["node", "--test", "--test-reporter=tap", str(bundled / f"{name}.test.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    counts = dict(line.removeprefix("# ").split(" ", 1) for line in done.stdout.splitlines() if line.startswith("# "))
    assert int(counts["pass"]) > 0 and counts["fail"] == "0", done.stdout
