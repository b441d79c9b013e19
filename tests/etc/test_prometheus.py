"""The alert rules and the dashboard psfu comes with: rules do what they say, every metric they name is there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final, cast

from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families as parse

from proctor_sfu.events import Bus
from proctor_sfu.quality.counters import Counters
from proctor_sfu.quality.metrics import Collector, render
from proctor_sfu.recording.metrics import metrics
from proctor_sfu.reloading import Reloader
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.settings import Webhooks as Settings
from proctor_sfu.settings_file import load
from proctor_sfu.webhooks import Webhooks
from support.frames import frame
from support.recordings import at_work

ROOT: Final = Path(__file__).resolve().parents[2]
RULES: Final = ROOT / "etc/prometheus/psfu.rules.yml"
DASHBOARD: Final = ROOT / "etc/grafana/psfu-overview.json"


def recorded() -> list[Metric]:
    """Metrics of recordings, all of them."""
    with tempfile.TemporaryDirectory() as folder:
        return list(metrics(at_work(Path(folder))))


def others() -> list[Metric]:
    """Metrics of what is neither quality nor recordings."""
    hooks = Webhooks(Settings(urls=("https://lms.example.org/",), secret_file=Path("/unused")), (), Bus())
    with tempfile.TemporaryDirectory() as folder:
        # Nothing is reloaded, so that it needs nobody to tell.
        reloader = Reloader(load(), cast(Registry, None), Path(folder))
    return [*hooks.metrics(), *reloader.metrics()]


def scraped() -> str:
    """Everything a scrape can have."""
    collector = Collector(
        frame(), Counters(), cpu=lambda pid: 1.0, disks={"state": ROOT}, candidates=True, more=[*recorded(), *others()]
    )
    return render(collector, "")[0].decode()


def names() -> set[str]:
    """Series a scrape has."""
    return {sample.name for family in parse(scraped()) for sample in family.samples}


def used(text: str) -> set[str]:
    return set(re.findall(r"\bpsfu_[a-z_]+", text))


def test_prometheus_finds_nothing_wrong_with_names_and_units() -> None:
    done = subprocess.run(["promtool", "check", "metrics"], input=scraped(), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_manual_has_every_metric_and_no_other() -> None:
    page = (ROOT / "man/psfu-metrics.7").read_text()
    documented = set(re.findall(r"(?m)^\.BR? (psfu_\w+)", page))
    assert documented == {family.name + "_total" * (family.type == "counter") for family in parse(scraped())}


def test_alerts_alarm_when_they_should_and_only_then(tmp_path: Path) -> None:
    shutil.copy(RULES, tmp_path)
    tests = shutil.copy(Path(__file__).with_name("psfu.rules.test.yml"), tmp_path)
    done = subprocess.run(
        ["promtool", "test", "rules", tests], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried() -> None:
    alerts = set(re.findall(r"alert: (\w+)", RULES.read_text()))
    tried = Path(__file__).with_name("psfu.rules.test.yml").read_text()
    expected = re.findall(r"alertname: (\w+)\n\s+exp_alerts", tried)
    assert alerts == set(expected)


def test_rules_name_metrics_that_are_there() -> None:
    rules = re.sub(r"summary: .*", "", RULES.read_text())
    assert used(rules) and used(rules) <= names()


def test_the_dashboard_names_metrics_that_are_there() -> None:
    board = json.loads(DASHBOARD.read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    assert len(expressions) > 20
    assert used(" ".join(expressions)) <= names()
    assert used(board["templating"]["list"][1]["definition"]) <= names()


def test_the_dashboard_is_tidy() -> None:
    board = json.loads(DASHBOARD.read_text())
    assert [panel["id"] for panel in board["panels"]] == list(range(1, len(board["panels"]) + 1))
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
