"""``psfu check``: one question, answered for a monitoring system: exit 0 ok, 1 warning, 2 critical, 3 unknown."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from proctor_sfu.control.api import quality as api
from proctor_sfu.control.api.recordings import Disk
from proctor_sfu.errors import AnswerError, PsfuError, UnreachableError
from proctor_sfu.text import safe_text
from psfu_cli import quantities
from psfu_cli.options import Cli, client
from psfu_cli.output import write

app = typer.Typer(
    no_args_is_help=True,
    help="Ask one question for a monitoring system: exit 0 ok, 1 warning, 2 critical, 3 unknown.",
)


HOUR: Final = 3600.0


class Verdict(IntEnum):
    """What a check ends with, as Nagios has it."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


class Form(StrEnum):
    """How a check is written."""

    NAGIOS = "nagios"
    PROMETHEUS = "prometheus"
    JSON = "json"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    name: str
    value: float | None
    unit: str
    warning: float | None
    critical: float | None
    text: str
    """What is wrong with it when it is beyond a limit, for people."""
    low: bool = False
    """Whether less is worse."""

    @property
    def verdict(self) -> Verdict:
        """How bad it is; what is not known is no reason to wake anybody."""
        if self.value is None:
            return Verdict.OK
        for limit, verdict in ((self.critical, Verdict.CRITICAL), (self.warning, Verdict.WARNING)):
            if limit is not None and (self.value < limit if self.low else self.value >= limit):
                return verdict
        return Verdict.OK


FormOption: TypeAlias = Annotated[Form, typer.Option("--format", help="How to write the answer.")]


def _percent(*names: str, text: str) -> Any:
    return typer.Option(*names, metavar="PERCENT", parser=quantities.percent, help=text)


@app.command()
@client()
def health(
    cli: Cli,
    form: FormOption = Form.NAGIOS,
    warning: Annotated[Any, _percent("--warning", "-w", text="Part of the candidates in bad trouble.")] = "5%",
    critical: Annotated[Any, _percent("--critical", "-c", text="Part of the candidates in bad trouble.")] = "20%",
) -> None:
    """Ask whether the daemon, its workers and its candidates are well."""

    def look() -> list[Finding]:
        return judge_health(cli.client.quality.snapshot(), _number(warning), _number(critical))

    _answer(cli, form, "health", look)


@app.command()
@client()
def capacity(
    cli: Cli,
    form: FormOption = Form.NAGIOS,
    warning: Annotated[Any, _percent("--warning", "-w", text="Processor time of a worker or the daemon.")] = "70%",
    critical: Annotated[Any, _percent("--critical", "-c", text="Processor time of a worker or the daemon.")] = "90%",
) -> None:
    """Ask whether there is room for more: processors, event loop, disk."""

    def look() -> list[Finding]:
        history, recordings = _disk(cli.client.daemon.status().history), cli.client.recordings.disk()
        return judge_capacity(
            cli.client.quality.snapshot(), history, recordings, _number(warning), _number(critical)
        )  # fmt: skip

    _answer(cli, form, "capacity", look)


def _number(value: Any) -> float:
    """Defaults are given as people write them."""
    return quantities.percent(value) if isinstance(value, str) else float(value)


def _disk(history: str | None) -> float | None:
    """Return the free part, percent, of the disk the daemon writes to; None if it cannot be seen from here."""
    try:
        usage = shutil.disk_usage(Path(history).parent) if history is not None else None
    except OSError:
        return None
    return None if usage is None else 100 * usage.free / usage.total


def judge_health(frame: api.Frame, warning: float, critical: float) -> list[Finding]:
    """Look at a frame for trouble."""
    own = frame.daemon
    connected = sum(each.state not in ("expected", "left") for each in frame.candidates)
    share = 100 * own.bad / connected if connected else 0.0
    missing = own.workers_target - own.workers
    levels = [each.level for each in frame.workers]
    overloaded, busy = levels.count("bad"), levels.count("warn")
    unrecorded = sum(each.recording == "error" for each in frame.candidates)
    summaries = "; ".join(each.summary for each in frame.incidents)
    return [
        _finding("ready", float(own.ready), text="the daemon is stopping", critical=1, low=True),
        _finding(
            "workers_missing", missing, text=f"{missing} of {own.workers_target} workers {_do(missing)} not run",
            warning=1, critical=min(2, own.workers_target),
        ),
        _finding("workers_bad", overloaded, text=f"{_workers(overloaded)} overloaded", critical=1),
        _finding("workers_warn", busy, text=f"{_workers(busy)} busy", warning=1),
        _finding("candidates", own.candidates),
        _finding(
            "not_recorded", unrecorded, text=f"{unrecorded} of {connected} candidates should be recorded and"
            f" {_are(unrecorded)} not", critical=1,
        ),
        _finding(
            "bad", share, "%", text=f"{own.bad} of {connected} candidates are in bad trouble",
            warning=warning, critical=critical,
        ),
        _finding("incidents", len(frame.incidents), text=summaries, warning=1),
    ]  # fmt: skip


def _do(number: int) -> str:
    return "does" if number == 1 else "do"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _workers(number: int) -> str:
    return f"{number} worker{'' if number == 1 else 's'} {_are(number)}"


def judge_capacity(frame: api.Frame, free: float | None, disk: Disk, warning: float, critical: float) -> list[Finding]:
    """Look at a frame, the free part, percent, of the disk of the history, and the disk of the recordings."""
    busiest = max((each.cpu for each in frame.workers if each.cpu is not None), default=None)
    lag = frame.daemon.loop_lag_ms
    left = None if disk.hours_left is None else HOUR * disk.hours_left
    return [
        _finding("worker_cpu", busiest, "%", text="a worker is busy", warning=warning, critical=critical),
        _finding("daemon_cpu", frame.daemon.cpu, "%", text="the daemon is busy", warning=warning, critical=critical),
        _finding("loop_lag", lag, "ms", text="the event loop is late", warning=50, critical=250),
        _finding("disk_free", free, "%", text="the history's disk is nearly full", warning=10, critical=5, low=True),
        _finding(
            "recordings_left",
            left,
            "s",
            text="the recordings' disk is soon full",
            warning=2 * HOUR,
            critical=HOUR / 2,
            low=True,
        ),
        _finding("recordings_trouble", float(bool(disk.trouble)), text=f"{disk.trouble}: {disk.reason}", critical=1),
        _finding("candidates", frame.daemon.candidates),
        _finding("rooms", frame.daemon.rooms),
    ]


def _finding(
    name: str,
    value: float | None,
    unit: str = "",
    *,
    text: str = "",
    warning: float | None = None,
    critical: float | None = None,
    low: bool = False,
) -> Finding:
    return Finding(name=name, value=value, unit=unit, warning=warning, critical=critical, text=text, low=low)


def _answer(cli: Cli, form: Form, name: str, look: Callable[[], list[Finding]]) -> None:
    """Write what was found; no daemon is critical, an answer that cannot be read is unknown."""
    findings: list[Finding] = []
    try:
        findings = look()
        verdict = max((each.verdict for each in findings), default=Verdict.OK)
        text = (
            "; ".join(each.text for each in findings if each.verdict is not Verdict.OK and each.text) or "all is well"
        )
    except UnreachableError as error:
        verdict = Verdict.UNKNOWN if error.reason == "denied" else Verdict.CRITICAL
        text = str(error)
    except (AnswerError, PsfuError) as error:
        verdict, text = Verdict.UNKNOWN, str(error)
    chosen = Form.JSON if cli.as_json else form
    write(_FORMS[chosen](name, verdict, safe_text(text, 1000), findings))
    raise typer.Exit(int(verdict))


def _nagios(name: str, verdict: Verdict, text: str, findings: Sequence[Finding]) -> str:
    """Plugin output as Nagios, Icinga and their kin read it: a line, and performance data behind a bar."""
    data = " ".join(
        f"'{each.name}'={round(each.value, 1):g}{each.unit};{_limit(each.warning, each)};{_limit(each.critical, each)}"
        for each in findings
        if each.value is not None
    )
    return f"PSFU {name.upper()} {verdict.name} - {text.replace('|', '/')}{f' | {data}' if data else ''}\n"


def _limit(limit: float | None, finding: Finding) -> str:
    if limit is None:
        return ""
    return f"{limit:g}:" if finding.low else f"{limit:g}"


def _prometheus(name: str, verdict: Verdict, text: str, findings: Sequence[Finding]) -> str:
    """Lines for the textfile collector of the node exporter."""
    lines = [f"# {text}", "# HELP psfu_check_status 0 ok, 1 warning, 2 critical, 3 unknown."]
    lines += ["# TYPE psfu_check_status gauge", f'psfu_check_status{{check="{name}"}} {int(verdict)}']
    values = [each for each in findings if each.value is not None]
    if values:
        lines += ["# HELP psfu_check_value What was looked at.", "# TYPE psfu_check_value gauge"]
    lines += [f'psfu_check_value{{check="{name}",what="{each.name}"}} {each.value:g}' for each in values]
    return "\n".join(lines) + "\n"


def _json(name: str, verdict: Verdict, text: str, findings: Sequence[Finding]) -> str:
    found = [
        {
            **asdict(each),
            "text": "" if each.verdict is Verdict.OK else safe_text(each.text, 1000),
            "status": each.verdict.name.lower(),
        }
        for each in findings
    ]
    return json.dumps({"check": name, "status": verdict.name.lower(), "text": text, "findings": found}, indent=2) + "\n"


def _text(name: str, verdict: Verdict, text: str, findings: Sequence[Finding]) -> str:
    lines = [f"{name}: {verdict.name.lower()}: {text}"]
    for each in findings:
        value = "-" if each.value is None else f"{round(each.value, 1):g}{each.unit}"
        lines.append(f"  {each.name:<18} {value:>10}  {each.verdict.name.lower()}")
    return "\n".join(lines) + "\n"


_FORMS: Final = {Form.NAGIOS: _nagios, Form.PROMETHEUS: _prometheus, Form.JSON: _json, Form.TEXT: _text}
