"""What the console counts of what is really asked of it."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
import redis
from prometheus_client import CollectorRegistry
from starlette.types import Message, Receive, Scope, Send

from alerts.connect import connect
from alerts.console.app import application
from alerts.console.metrics import NOWHERE, ConsoleMetrics, Measured
from tests.alerts.console import site
from tests.alerts.console.site import Browser
from tests.alerts.making import live
from tests.alerts.publishing import Bench
from tests.alerts.server import free_port

FIRM = "/firms/{department}/{siren}"


def test_requests_are_counted_by_address_and_outcome_and_no_firm_is_named(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live())
    registry = CollectorRegistry()
    app = application(site.settings(client, metrics=ConsoleMetrics(registry)))
    browser = Browser(app).log_in("a.martin")
    page = browser.get("/firms/21/123456789").text
    browser.send(page, "take")
    browser.send(page, "no-such-action")
    for path in ("/", "/firms/71/710000000", "/firms/21/999999999", "/static/console.css", "/no/such/123456789"):
        browser.get(path)
    found = {
        (sample.labels["route"], sample.labels["status"]): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == "vigie_console_requests_total"
    }
    assert found == {
        ("/login", "2xx"): 1, ("/login", "3xx"): 1, ("/", "2xx"): 1, (FIRM, "2xx"): 1, (FIRM, "4xx"): 2,
        (f"{FIRM}/{{action}}", "3xx"): 1, (f"{FIRM}/{{action}}", "4xx"): 1, ("/static", "2xx"): 1, ("none", "4xx"): 1,
    }  # fmt: skip
    assert registry.get_sample_value("vigie_console_request_duration_seconds_count", {"route": FIRM}) == 3


def test_an_answer_that_fails_counts_as_one(bench: Bench) -> None:
    registry = CollectorRegistry()

    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError

    async def nothing() -> Message:
        return {}

    async def kept(message: Message) -> None:
        raise AssertionError(message)

    moments = iter([1.0, 3.0])
    measured = Measured(fails, ConsoleMetrics(registry), lambda: next(moments))
    scope: dict[str, Any] = {"type": "http"}
    with pytest.raises(RuntimeError):
        asyncio.run(measured(scope, nothing, kept))
    labels = {"route": "none", "status": "5xx"}
    assert registry.get_sample_value("vigie_console_requests_total", labels) == 1
    assert registry.get_sample_value("vigie_console_request_duration_seconds_sum", {"route": "none"}) == 2.0


def test_redis_away_is_seen() -> None:
    registry = CollectorRegistry()
    with connect(f"redis://127.0.0.1:{free_port()}/0", 1) as away:
        browser = Browser(application(site.settings(away, metrics=ConsoleMetrics(registry))))
        assert browser.http.post("/login", data=_login(browser)).status_code == 503
    labels = {"route": "/login", "status": "5xx"}
    assert registry.get_sample_value("vigie_console_requests_total", labels) == 1


def test_the_page_on_metrics_says_how_many_addresses_there_are(client: redis.Redis) -> None:
    addresses = {getattr(route, "path", "") for route in application(site.settings(client)).routes}
    page = (Path(__file__).parents[3] / "docs/reference/metrics.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| vigie_console_\w+ \| \w+ \| route \((\d+)\)", page, re.MULTILINE)
    assert {int(number) for number in told} == {len(addresses | {NOWHERE})}


def _login(browser: Browser) -> dict[str, str]:
    return {"csrf": site.hidden(browser.get("/login").text, "csrf"), "person": "a.martin"}
