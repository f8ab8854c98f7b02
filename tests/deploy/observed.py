"""The rules and dashboards of `deploy/`, and the series that they ask for."""

import json
import re
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry

from alerts.console.metrics import ConsoleMetrics
from alerts.metrics import AlertMetrics
from streams.metrics import StreamMetrics

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy/prometheus"
DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
_SUFFIX = re.compile(r"_(bucket|count|sum)$")
_LABELS = re.compile(r'"[^"]*"')


def rules() -> list[dict[str, Any]]:
    """Every recording and alerting rule, as it is written."""
    files = [PROMETHEUS / "recording.yml", PROMETHEUS / "alerts.yml"]
    groups = [group for file in files for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def dashboard(path: Path) -> dict[str, Any]:
    """A dashboard's JSON."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def queries(board: dict[str, Any]) -> list[str]:
    """What a dashboard asks Prometheus."""
    return [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]


def all_queries() -> list[str]:
    """What all rules and dashboards ask."""
    return [rule["expr"] for rule in rules()] + [query for path in DASHBOARDS for query in queries(dashboard(path))]


def series_in(queries: list[str]) -> set[str]:
    """The families that queries ask a worker for."""
    names = re.findall(r"(?<!:)\b(?:vigie|process)_\w+(?!\w*:)", " ".join(_LABELS.sub("", query) for query in queries))
    return {_SUFFIX.sub("", name) for name in names}


def recorded_in(queries: list[str]) -> set[str]:
    """The recorded series that queries ask for."""
    return set(re.findall(r"\b(?:vigie|department):\w+:\w+", " ".join(queries)))


def exported() -> set[str]:
    """The families of Vigie's own that a worker or a console has."""
    registry = CollectorRegistry()
    StreamMetrics(registry)
    AlertMetrics(registry)
    ConsoleMetrics(registry)
    return {family.name + ("_total" if family.type == "counter" else "") for family in registry.collect()}
