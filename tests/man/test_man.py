"""The manual: it is what the code says, it is sound, and what it names is there."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from psfu_cli.exits import Exit

ROOT = Path(__file__).parents[2]
MAN = ROOT / "man"
PAGES = sorted(path.name for path in MAN.glob("*.[157]"))


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", MAN / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = load_generator()
GENERATED: dict[str, str] = GENERATOR.everything()


@pytest.mark.parametrize("path", GENERATED)
def test_what_is_committed_is_what_the_code_says(path: str) -> None:
    assert (ROOT / path).read_text() == GENERATED[path], "run make man"


def test_no_page_is_of_a_command_that_is_gone() -> None:
    by_hand = {"psfu-signaling.7"}
    assert set(PAGES) - by_hand == {path.removeprefix("man/") for path in GENERATED if path.startswith("man/")}
    parts = {path.stem for path in (MAN / "parts").iterdir()}
    assert parts <= {page.rpartition(".")[0] for page in PAGES} | set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_it_is_sound(page: str) -> None:
    done = subprocess.run(["mandoc", "-Tlint", "-W", "warning", MAN / page], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("page", PAGES)
def test_pages_it_refers_to_are_there(page: str) -> None:
    named = re.findall(r"(?m)^\.BR (psfu[\w\\.-]*) \((\d)\)", (MAN / page).read_text())
    assert named
    for name, section in named:
        assert (MAN / f"{name.replace(chr(92), '')}.{section}").exists(), f"{page}: {name}({section})"


def test_every_page_is_found_from_the_first() -> None:
    seen = (MAN / "psfu.1").read_text().rpartition(".SH SEE ALSO")[2].replace("\\", "")
    for page in PAGES:
        name, _, section = page.rpartition(".")
        assert page == "psfu.1" or f".BR {name} ({section})" in seen, f"man/parts/psfu.roff: SEE ALSO lacks {page}"


def test_exit_codes_are_those_of_the_code() -> None:
    section = (MAN / "psfu.1").read_text().partition(".SH EXIT STATUS")[2].partition("\n.SH ")[0]
    assert [int(code) for code in re.findall(r"(?m)^\.B (\d+)$", section)] == sorted(Exit)


def test_environment_variables_are_read_somewhere() -> None:
    section = (MAN / "psfu.1").read_text().partition(".SH ENVIRONMENT")[2].partition("\n.SH ")[0]
    code = "".join(path.read_text() for folder in ("proctor_sfu", "cli") for path in (ROOT / folder).rglob("*.py"))
    found = {name for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)*\b", section) if len(name) > 3}
    found -= {"TABLE", "OUTPUT"}
    assert {"PSFU_SOCKET", "NO_COLOR", "JOURNAL_STREAM"} <= found
    for name in found:
        assert f'"{name}"' in code, f"nothing reads {name}"


def test_words_are_escaped() -> None:
    assert GENERATOR.escape("-o a\\b `x` ~ ^ …") == "\\-o a\\eb \\(gax\\(ga \\(ti \\(ha \\[u2026]"
    assert GENERATOR.escape(".TH") == "\\&.TH" and GENERATOR.escape("'x") == "\\&'x"
    assert GENERATOR.sentences("One thing. Two e.g. this.  Three (etc.). [default: 1]") == [
        "One thing.", "Two e.g. this.", "Three (etc.).", "[default: 1]",
    ]  # fmt: skip
