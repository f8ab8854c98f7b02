"""Rules, runbooks and dashboards hold together; what they ask for is what a worker has."""

import re
from itertools import combinations
from typing import Any

import pytest
import yaml

from tests.deploy.observed import (
    DASHBOARDS,
    PROMETHEUS,
    ROOT,
    all_queries,
    dashboard,
    exported,
    queries,
    recorded_in,
    rules,
    series_in,
)
from tests.tools import run

ALERTS = sorted({rule["alert"] for rule in rules() if "alert" in rule})
UNUSED: set[str] = set()
"""Series that no rule and no dashboard asks for, deliberately."""


def test_the_rules_and_the_configuration_are_what_prometheus_takes() -> None:
    assert "SUCCESS: 2 rule files found" in run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")


@pytest.mark.parametrize("file", sorted((PROMETHEUS / "tests").glob("*.yml")), ids=lambda file: file.stem)
def test_alerts_fire_when_they_should_and_not_else(file: Any) -> None:
    assert "SUCCESS" in run("promtool", "test", "rules", file)


def test_every_alert_is_tested_both_ways() -> None:
    fires: dict[str, set[bool]] = {name: set() for name in ALERTS}
    for file in (PROMETHEUS / "tests").glob("*.yml"):
        for test in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            for case in test["alert_rule_test"]:
                fires[case["alertname"]].add(bool(case["exp_alerts"]))
    assert {name for name, ways in fires.items() if ways != {True, False}} == set()


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (ROOT / "docs/runbooks").glob("Vigie*.md")}
    assert sorted(pages) == ALERTS
    for rule in rules():
        if "alert" in rule:
            assert rule["annotations"]["runbook"] == f"docs/runbooks/{rule['alert']}.md"
            assert rule["labels"]["severity"] in ("page", "ticket")
    index = (ROOT / "docs/runbooks/README.md").read_text(encoding="utf-8")
    for name, page in pages.items():
        assert re.findall(r"^## (.+)$", page, re.MULTILINE) == ["Symptom", "Cause", "Commands", "Whom to wake"], name
        assert "```sh\n" in page, name
        assert f"({name}.md)" in index, name


def test_alertmanager_takes_its_example_and_routes_pages_and_tickets() -> None:
    file = ROOT / "deploy/alertmanager/alertmanager.yml"
    assert "SUCCESS" in run("amtool", "check-config", file)
    for severity, receiver in (("page", "on-call"), ("ticket", "tickets")):
        route = ("config", "routes", "test", f"--config.file={file}", f"--verify.receivers={receiver}")
        run("amtool", *route, f"severity={severity}", "alertname=VigieDown")
    known = set(ALERTS)
    for rule in yaml.safe_load(file.read_text(encoding="utf-8"))["inhibit_rules"]:
        for matcher in rule["source_matchers"] + rule["target_matchers"]:
            pattern = re.fullmatch(r'alertname(?:=|=~)"(.+)"', matcher)
            if pattern:
                assert any(re.fullmatch(pattern[1], name) for name in known), matcher


def test_nothing_is_asked_for_that_is_not_there_and_nothing_is_there_for_nobody() -> None:
    asked = series_in(all_queries())
    assert {name for name in asked if name.startswith("vigie_")} == exported() - UNUSED
    assert exported() >= UNUSED
    assert recorded_in(all_queries()) == {rule["record"] for rule in rules() if "record" in rule}


def test_there_are_three_dashboards() -> None:
    assert [path.stem for path in DASHBOARDS] == ["agents", "model", "service"]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_one_that_grafana_can_show(path: Any) -> None:
    """Grafana publishes no schema of the whole: this is what its loader needs, and that no panel covers another."""
    board = dashboard(path)
    assert board["uid"] == f"vigie-{path.stem}"
    assert board["schemaVersion"] >= 36
    assert [v["name"] for v in board["templating"]["list"]] == ["datasource"]
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["title"]
        assert panel["gridPos"].keys() == {"x", "y", "w", "h"}
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        if panel["type"] != "row":
            assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            refs = [target["refId"] for target in panel["targets"]]
            assert refs
            assert len(set(refs)) == len(refs)
            assert panel["fieldConfig"]["defaults"]["unit"]
    for one, other in combinations([panel["gridPos"] for panel in panels], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert beside or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
    assert len(queries(board)) >= 8
