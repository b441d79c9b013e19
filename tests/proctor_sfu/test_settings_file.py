"""psfu.toml: what takes precedence, what is refused and in which words, and that what is written can be read."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from proctor_sfu.errors import SettingsError
from proctor_sfu.settings import Settings
from proctor_sfu.settings_file import as_toml, load, template
from proctor_sfu.settings_keys import keys, tables

ROOT = Path(__file__).parents[2]


def problems(
    tmp_path: Path, text: str = "", environment: dict[str, str] | None = None, flags: dict[str, Any] | None = None
) -> list[str]:
    """Return what is refused, the file's name shortened."""
    file = tmp_path / "psfu.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(file, environment, flags)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return [each.replace(str(file), "FILE") for each in caught.value.problems]


# What applies.


def test_without_anything_the_defaults_apply() -> None:
    loaded = load()
    assert loaded.settings == Settings()
    assert set(loaded.origin.values()) == {"default"} and list(loaded.origin) == list(keys())
    assert loaded.file is None


def test_flags_precede_environment_precedes_file_precedes_default(tmp_path: Path) -> None:
    file = tmp_path / "psfu.toml"
    file.write_text('[signaling]\nport = 1\nhost = "10.0.0.1"\nmessages_burst = 9\n[rtc]\nport = 4\n')
    environment = {
        "PSFU_SIGNALING__PORT": "2",
        "PSFU_SIGNALING__HOST": "10.0.0.2",
        "PSFU_SOCKET": "elsewhere",
        "HOME": "/",
    }
    loaded = load(file, environment, {"signaling.port": "3", "rtc.port": None})
    signaling = loaded.settings.signaling
    assert (signaling.port, signaling.host, signaling.messages_burst) == (3, "10.0.0.2", 9)
    assert loaded.settings.rtc.port == 4
    names = ("signaling.port", "signaling.host", "signaling.messages_burst", "rtc.port", "log.level")
    assert [loaded.origin[name] for name in names] == ["flag", "environment", "file", "file", "default"]
    assert loaded.problem("rtc.port", "no") == f"{file}: rtc.port: no"
    assert loaded.problem("signaling.host", "no") == "environment: PSFU_SIGNALING__HOST: signaling.host: no"
    assert loaded.problem("signaling.port", "no") == "command line: signaling.port: no"


@pytest.mark.parametrize(
    ("name", "text", "section", "key", "value"),
    [
        ("PSFU_WORKERS__COUNT", "3", "workers", "count", 3),
        ("PSFU_WORKERS__COUNT", "auto", "workers", "count", "auto"),
        ("PSFU_SIGNALING__PING_SECONDS", "2.5", "signaling", "ping_seconds", 2.5),
        ("PSFU_SIGNALING__PING_SECONDS", "2", "signaling", "ping_seconds", 2.0),
        ("PSFU_RTC__ANNOUNCED_ADDRESS", "10", "rtc", "announced_address", "10"),
        ("PSFU_CONTROL__SOCKET", "/a b/c", "control", "socket", Path("/a b/c")),
        ("PSFU_LOG__LEVEL", "debug", "log", "level", "debug"),
    ],
)
def test_text_of_the_environment_becomes_what_the_key_needs(
    name: str, text: str, section: str, key: str, value: object
) -> None:
    found = getattr(getattr(load(None, {name: text}).settings, section), key)
    assert found == value and type(found) is type(value)


def test_a_path_given_as_a_flag_is_taken(tmp_path: Path) -> None:
    assert load(None, {}, {"control.socket": tmp_path}).settings.control.socket == tmp_path


def test_as_many_workers_as_cores() -> None:
    assert load().settings.workers.number == len(os.sched_getaffinity(0))
    assert load(None, {}, {"workers.count": "7"}).settings.workers.number == 7


def test_an_address_for_all_needs_one_that_clients_are_told() -> None:
    loaded = load(None, {"PSFU_RTC__LISTEN_IP": "0.0.0.0", "PSFU_RTC__ANNOUNCED_ADDRESS": "203.0.113.7"})
    assert loaded.settings.rtc.announced_address == "203.0.113.7"


# What is refused.


def test_a_kind_of_event_that_is_none_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path, '[webhooks]\nevents = ["peer_left", "incident"]\n') == [
        "FILE: webhooks.events: no such kind of event: 'incident'; did you mean incident_found?"
        " (man psfu-events has them)"
    ]


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    text = '[rtc]\nport = "4443"\nlisten_ip = "example"\n[log]\nlevel = "loud"\nlevle = 1\n[workers]\ncount = 0\n'
    environment = {"PSFU_RTC__PROT": "1", "PSFU_SIGNALING__PORT": "99999"}
    assert sorted(problems(tmp_path, text, environment, {"log.format": "xml"})) == [
        'FILE: log.level: "loud": expected one of "debug", "info", "warning", "error"',
        "FILE: log.levle: no such key; did you mean log.level?",
        'FILE: rtc.listen_ip: "example": expected an IPv4 or IPv6 address, such as 127.0.0.1 or 0.0.0.0',
        'FILE: rtc.port: "4443": expected a whole number from 0 to 65535',
        'FILE: workers.count: 0: expected "auto" or a whole number from 1 to 1024',
        'command line: log.format: "xml": expected one of "auto", "json", "console"',
        "environment: PSFU_RTC__PROT: no such setting; did you mean PSFU_RTC__PORT?",
        "environment: PSFU_SIGNALING__PORT: signaling.port: 99999: expected a whole number from 0 to 65535",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("port = 4443", "FILE: port: no such key; did you mean signaling.port or rtc.port or metrics.port?"),
        ("prot = 4443", "FILE: prot: no such key; did you mean signaling.port or rtc.port or metrics.port?"),
        ("[sygnaling]", "FILE: sygnaling: no such key; did you mean signaling?"),
        ("[rtc]\nlevel = 1", "FILE: rtc.level: no such key; did you mean log.level?"),
        ("[zzz]\nqqq = 1", "FILE: zzz: no such key (psfu config show lists them)"),
        ("rtc = 1", "FILE: rtc: expected a table, written [rtc]"),
        ("[[rtc]]\nport = 1", "FILE: rtc: expected a table, written [rtc]"),
        ("[rtc.port]\nx = 1", 'FILE: rtc.port: {"x": 1}: expected a whole number from 0 to 65535'),
        ("[rtc]\nport = true", "FILE: rtc.port: true: expected a whole number from 0 to 65535"),
        ("[rtc]\nport = 1.0", "FILE: rtc.port: 1.0: expected a whole number from 0 to 65535"),
        ("[rtc]\nport = -1", "FILE: rtc.port: -1: expected a whole number from 0 to 65535"),
        ("[log]\nformat = 2026-01-01", 'FILE: log.format: "2026-01-01": expected one of "auto", "json", "console"'),
        ("[signaling]\nping_seconds = 0", "FILE: signaling.ping_seconds: 0: expected a number, above 0, at most 600"),
        (
            "[signaling]\nmessages_per_second = nan",
            "FILE: signaling.messages_per_second: NaN: expected a number, above 0",
        ),
        ("[control]\nsocket = 5", "FILE: control.socket: 5: expected a path in quotes"),
        (
            '[rtc]\nlisten_ip = "0.0.0.0"',
            "FILE: rtc.announced_address: needed when listen_ip is 0.0.0.0: an address that clients can reach",
        ),
        (
            '[rtc]\nlisten_ip6 = "::"',
            "FILE: rtc.announced_address6: needed when listen_ip6 is ::: an address that clients can reach",
        ),
        (
            '[rtc]\nlisten_ip6 = "127.0.0.1"',
            'FILE: rtc.listen_ip6: "127.0.0.1": expected an IPv6 address, such as ::1 or ::',
        ),
        (
            '[rtc]\nannounced_address6 = "2001:db8::7"',
            "FILE: rtc.announced_address6: without listen_ip6 nobody is there; set that too",
        ),
        (
            '[turn]\nurls = ["http://x"]',
            'FILE: turn.urls: ["http://x"]: expected URLs that begin with stun:, stuns:, turn: or turns:, not \'http://x\'',
        ),
        (
            '[turn]\nurls = ["turn:127.0.0.1"]',
            "FILE: turn.secret_file: needed for the TURN servers of urls: a file with their shared secret",
        ),
        (
            "[rtc]\nport = 65530\n[workers]\ncount = 10",
            "FILE: rtc.port: 10 workers need ports up to 65539; the last is 65535",
        ),
    ],
)  # fmt: skip
def test_a_problem_names_file_key_and_remedy(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, text) == [problem]


def test_malformed_toml_is_told_with_its_place_beside_other_problems(tmp_path: Path) -> None:
    first, second = problems(tmp_path, "[rtc]\nport 4443\n", {"PSFU_RTC__PORT": "x"})
    assert re.fullmatch(r"FILE: not TOML: .+ \(at line 2, column 6\): correct it \(psfu config check .+\)", first)
    assert second == 'environment: PSFU_RTC__PORT: rtc.port: "x": expected a whole number from 0 to 65535'


def test_a_file_that_cannot_be_read_is_told_with_the_remedy(tmp_path: Path) -> None:
    missing = tmp_path / "no" / "psfu.toml"
    with pytest.raises(SettingsError) as caught:
        load(missing)
    assert caught.value.problems == [
        f"{missing}: cannot be read: no such file or directory (psfu config init {missing} writes one)"
    ]
    with pytest.raises(SettingsError, match="is a directory"):
        load(tmp_path)
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="not TOML"):
        load(binary)


def test_a_long_value_is_not_repeated_in_full(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, f'[log]\nlevel = "{"x" * 5000}"')
    assert len(problem) < 200 and "…" in problem


@pytest.mark.parametrize("path", keys())
def test_every_key_refuses_what_it_is_not(tmp_path: Path, path: str) -> None:
    """So no key was forgotten when its bounds were written, and each has words of its own."""
    table, _, name = path.rpartition(".")
    (problem,) = problems(tmp_path, f"[{table}]\n{name} = [[]]")
    # Of a list, the item that is wrong is shown.
    assert re.match(rf"FILE: {re.escape(path)}: (\[\[\]\]|\[\]): expected ", problem)


# What is written.


def test_a_written_file_reads_as_the_same_settings(tmp_path: Path) -> None:
    settings = load(
        None, {}, {"rtc.listen_ip": "0.0.0.0", "rtc.announced_address": 'a"b\\', "workers.count": "2"}
    ).settings
    file = tmp_path / "psfu.toml"
    for each in (settings, Settings()):
        file.write_text(as_toml(each))
        assert load(file).settings == each


def test_the_template_has_every_key_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "psfu.toml"
    file.write_text(template())
    loaded = load(file)
    assert loaded.settings == Settings() and set(loaded.origin.values()) == {"default"}


def test_the_template_without_its_marks_is_a_good_file_of_the_defaults(tmp_path: Path) -> None:
    text = re.sub(r"(?m)^#(?! )", "", template())
    content = tomllib.loads(text)
    file = tmp_path / "psfu.toml"
    file.write_text(text)
    loaded = load(file)
    assert set(loaded.origin.values()) == {"file"}, "a key has no line"
    for key in keys().values():
        written = content
        for part in key.path.split("."):
            written = written[part]
        assert written == (key.example if key.default is None else key.default)


def test_the_shipped_file_is_the_template() -> None:
    assert (ROOT / "etc" / "psfu.toml").read_text() == template(), "run make man"


def test_every_key_and_table_says_what_it_is() -> None:
    for table in tables():
        assert table.description.endswith(".")
        for key in table.keys:
            assert key.description.endswith(".") and key.expected, key.path
            assert key.default is not None or key.example is not None, f"{key.path}: needs examples=[...]"
