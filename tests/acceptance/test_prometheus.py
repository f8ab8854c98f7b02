"""A real Prometheus beside a real worker: what is exported is well-formed, what is asked for is there."""

import json
import math
import os
import re
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.connect import connect
from alerts.inbox import Filters, list_alerts
from alerts.routing import CANARY, CANARY_SIREN, stream_key
from deploy.ports import free_ports
from tests.acceptance.harness import PATIENCE_SECONDS, Site, WorkerProcess, until
from tests.acceptance.world import World
from tests.alerts.notify.endpoints import endpoint
from tests.deploy.observed import DASHBOARDS, PROMETHEUS, dashboard, queries, rules, series_in
from tests.processes import started
from tests.tools import run, tool
from vigie.__main__ import main

WINDOW = "20s"
"""What Grafana would make of a few seconds' scrapes."""
UNDEFINED_OF_FEW = ("vigie_prequential_auroc", "vigie_prequential_average_precision")
"""NaN where nobody of a small cohort failed."""


class Prometheus:
    """A server that scrapes a worker and a console, several times a second."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}/api/v1/"

    def get(self, path: str, **parameters: str) -> Any:
        """The data of an answer; None while there is none."""
        try:
            with urllib.request.urlopen(
                f"{self._base}{path}?{urllib.parse.urlencode(parameters)}", timeout=5
            ) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def value(self, query: str) -> list[float]:
        """The values of a query now; none where it has no series."""
        data = self.get("query", query=query)
        return [float(series["value"][1]) for series in data["result"]] if data else []


@contextmanager
def prometheus(folder: Path, targets: Mapping[str, int]) -> Iterator[Prometheus]:
    """Prometheus with Vigie's own rules, evaluated as often as it scrapes."""
    folder.mkdir()
    for name in ("recording.yml", "alerts.yml"):
        (folder / name).write_text((PROMETHEUS / name).read_text().replace("interval: 5m", "interval: 1s"))
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "1s"}
    del config["alerting"]
    jobs = [{"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for job, port in targets.items()]
    assert [job["job_name"] for job in config["scrape_configs"]] == [*targets]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config | {"scrape_configs": jobs}))
    (port,) = free_ports(1)
    command = [
        tool("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("wb") as log:
        process = started(command, stdout=log, stderr=log, env={**os.environ, "GOMAXPROCS": "1"})
        try:
            yield Prometheus(port)
        finally:
            process.terminate()
            process.wait(30)


def test_a_worker_under_a_real_prometheus(
    site: Site, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIGIE_KAFKA", site.kafka)
    worker = site.worker("--canary-seconds", "3", log_format="json")
    with (
        console(site, tmp_path) as (pages, port),
        notifier(site, tmp_path) as notifying,
        prometheus(
            tmp_path / "prometheus", {"vigie": worker.port, "vigie-console": port, "vigie-notify": notifying}
        ) as server,
    ):
        worker.ready(roles=3)
        with site.producer() as producer:
            (line, *_) = [line for line in world.lines if line["key"]]
            producer.send("vigie.events", json.dumps(line["value"]).encode(), key=b"999999999")
        until(lambda: server.value("sum(vigie_dead_letters_total)") == [1], "the refusal to be scraped")
        assert main(["ingest", str(world.files)]) == 0
        until(lambda: worker.metric("vigie_prequential_firms") > 0, "a month to be learned")
        until(lambda: site.behind("vigie-dispatcher", "vigie.alerts") == 0, "all alerts to be delivered")
        until(lambda: server.value(f"sum(rate(vigie_event_to_alert_seconds_count[{WINDOW}]))") != [], "two scrapes")
        until(lambda: server.value("vigie:alerts_raised:increase1w") != [], "the rules to be evaluated")
        check_canary(site, worker)
        page, failed = f"http://127.0.0.1:{pages}/login", "vigie:pages_broken:ratio_rate3d"
        until(lambda: asked(page) != "" and server.value(failed) == [0], "pages to be asked for, and counted")
        until(lambda: "vigie_notifications" in asked(f"http://127.0.0.1:{notifying}/metrics"), "the notifier's metrics")
        # The page as it is served: nothing that the conventions would have otherwise.
        others = (asked(f"http://127.0.0.1:{of}/metrics") for of in (port, notifying))
        for scraped in (worker.scraped(), *others):
            assert run("promtool", "check", "metrics", stdin=scraped) == ""
        check_rules(server)
        for path in DASHBOARDS:
            for query in queries(dashboard(path)):
                values = server.value(query.replace("$__rate_interval", WINDOW))
                assert values, f"{path.stem}: no data for {query}"
                if not series_in([query]) & set(UNDEFINED_OF_FEW):
                    assert not all(map(math.isnan, values)), f"{path.stem}: no figure for {query}"
        worker.stop()
    check_log(worker.log)


@contextmanager
def console(site: Site, folder: Path) -> Iterator[tuple[int, int]]:
    """A console beside the worker: the ports of its pages and of its metrics."""
    pages, metrics = free_ports(2)
    (folder / "clearances.toml").write_text('[users.amartin]\nrole = "agent"\ndepartments = ["all"]\n')
    options = ["--clearances", str(folder / "clearances.toml"), "--console-port", str(pages)]
    command = [sys.executable, "-m", "vigie", "console", "--dev-login", "--metrics-port", str(metrics), *options]
    with (folder / "console.log").open("wb") as log:
        process = started(command, stdout=log, stderr=log, env={**os.environ, "VIGIE_REDIS": site.redis_url})
        try:
            yield pages, metrics
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def notifier(site: Site, folder: Path) -> Iterator[int]:
    """A notifier with one webhook: the port of its metrics."""
    (port,), secret, subscriptions = free_ports(1), folder / "secret", folder / "subscriptions.toml"
    clearances = folder / "notified.toml"
    clearances.write_text('[users.desk]\nrole = "reader"\ndepartments = ["21"]\n')
    secret.write_bytes(b"s" * 32)
    secret.chmod(0o600)
    command = [
        sys.executable,
        "-m",
        "vigie",
        "notify",
        "--subscriptions",
        str(subscriptions),
        "--clearances",
        str(clearances),
        "--metrics-port",
        str(port),
    ]
    with endpoint(lambda _: 204) as at, (folder / "notifier.log").open("wb") as log:
        where = f'url = "{at.url}"\nsecret_file = "{secret}"\ndepartments = ["21"]\n'
        subscriptions.write_text(f'[desk]\nowner = "users.desk"\nkind = "webhook"\n{where}')
        process = started(command, stdout=log, stderr=log, env={**os.environ, "VIGIE_REDIS": site.redis_url})
        try:
            yield port
        finally:
            process.terminate()
            process.wait(30)


def asked(url: str) -> str:
    """What is answered; nothing while nobody does."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def check_log(log: str) -> None:
    """At info nothing of a firm, though one was refused by name; what was refused is found by its place."""
    lines = [json.loads(line) for line in log.splitlines()]
    (refused,) = [line for line in lines if "key-mismatch" in line["message"]]
    assert re.fullmatch(r"vigie\.events/\d/0", refused["event"])
    # A broker that has just started knows no coordinator yet, says its client.
    ours = [line for line in lines if not line["logger"].startswith("aiokafka")]
    assert {line["level"] for line in ours} == {"info", "warning"}
    # Decimals of a number are no SIREN.
    assert re.findall(r"(?<![\d.])\d{9}(?:\d{5})?(?!\d)", log) == []


def check_canary(site: Site, worker: WorkerProcess) -> None:
    """Canaries arrive, by the learned model too; nobody sees them, and nothing of them stays."""
    sent = worker.metric("vigie_canary_sent_timestamp_seconds")
    until(lambda: worker.metric("vigie_canary_arrived_timestamp_seconds") > sent + 3, "a canary to come back")
    assert 0 < worker.metric("vigie_canary_latency_seconds") < PATIENCE_SECONDS
    canaries = [entry.alert for entry in site.entries() if entry.alert["siren"] == CANARY_SIREN]
    assert canaries[-1]["model_version"] != "prior-2"
    assert {entry.stream for entry in site.entries() if entry.alert["siren"] == CANARY_SIREN} == {stream_key(CANARY)}
    assert CANARY_SIREN.encode() not in {record.key for record in site.records("vigie-firms-changelog")}
    with connect(site.redis_url, 5) as client:
        assert not [
            alert for alert in list_alerts(client, Filters(), 10_000, where="") if alert.alert.siren == CANARY_SIREN
        ]
    assert worker.metric("vigie_alerts_published_total", department=CANARY) == 0


def check_rules(server: Prometheus) -> None:
    """Every rule was evaluated without an error; nothing fires on a worker that does its work."""
    loaded = [rule for group in server.get("rules")["groups"] for rule in group["rules"]]
    assert len(loaded) == len(rules())
    assert [(rule["name"], rule.get("lastError")) for rule in loaded if rule["health"] == "err"] == []
    firing = {rule["name"] for rule in loaded if rule.get("state") == "firing"}
    assert not firing & {"VigieDown", "VigieRoleMissing", "VigieCommitsStuck", "VigieRedisAway", "VigieModelsDiffer"}
    assert not firing & {"VigieConsoleDown", "VigiePagesFail", "VigieScreensLate"}
