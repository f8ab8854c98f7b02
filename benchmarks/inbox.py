"""How fast the inbox is: alerts into cases, lists of open cases, actions.

    python -m benchmarks.inbox --cases 10000 --alerts 100000

On an embedded server, one department: so many firms, each with as many alerts as it takes. CPU is this process's, times
are of the clock, server included. Prints a Markdown table.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry

from alerts.actions import Actor, Release, Take
from alerts.alert import Alert, Evidence, Months, Origin, Source, Theme, Thresholds, encode
from alerts.connect import connect
from alerts.desk import Desk
from alerts.listing import Query, everything
from alerts.metrics import AlertMetrics
from alerts.notices import NoticeOptions
from alerts.publish import publish
from deploy.embedded import start_valkey

BATCH = 5_000
ALERT = Alert(
    id="",
    siren="",
    name="ATELIERS DUMONT",
    department="21",
    activity="25.62B",
    tier="strong",
    previous_tier="none",
    kind="raised",
    probability=0.34,
    previous_probability=0.12,
    as_of=date(2026, 3, 1),
    raised_at=datetime(2026, 3, 2, 9, tzinfo=UTC),
    model_version="2026-02-0123456789ab",
    thresholds=Thresholds(0.15, 0.3),
    themes=[Theme(name, 0.1) for name in ("debt", "contributions", "headcount", "schedules", "profile", "model")],
    reasons=["La dette sociale accroît le risque : la part patronale passe de 18 553 € à 27 529 €."] * 3,
    evidence=[Evidence(f"debt_employer_euros_{n}", 45_200.0, 12_300.0) for n in range(15)],
    causes=[{"type": "payment-delay", "siren": "123456789", "sequence": "7"}],
    sources=[Source("payment-delay", date(2026, 2, 20))] * 8,
    source=Origin("vigie.events", 0, 0),
    months=Months(
        "2026-03",
        employee=[9672 + 311 * month for month in range(13)],
        employer=[27_529 + 907 * month for month in range(13)],
        due=[None, *[9104 + 13 * month for month in range(12)]],
        paid=[None, *[4310 + 17 * month for month in range(12)]],
        headcount=[38] * 13,
    ),
)


def batch(start: int, count: int, firms: int, departments: Sequence[str] = ("21",)) -> list[bytes]:
    """Alerts of the firms in turn, each firm in one of the departments."""
    return [
        encode(
            msgspec.structs.replace(
                ALERT, id=f"{n:024x}", siren=f"{n % firms:09d}", department=departments[n % firms % len(departments)]
            )
        )
        for n in range(start, start + count)
    ]


def times(work: Callable[[int], Any], runs: int) -> str:
    """Median and 95th percentile of some runs, in milliseconds."""
    taken = []
    for number in range(runs):
        began = time.perf_counter()
        work(number)
        taken.append(time.perf_counter() - began)
    return spread(taken)


def spread(seconds: Sequence[float]) -> str:
    """Their median and 95th percentile, in milliseconds."""
    ordered = sorted(seconds)
    return f"{ordered[len(ordered) // 2] * 1000:.1f} | {ordered[int(len(ordered) * 0.95)] * 1000:.1f}"


def main() -> None:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.inbox", description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--alerts", type=int, default=100_000)
    options = parser.parse_args()
    metrics, agent = AlertMetrics(CollectorRegistry()), Actor("a.martin")
    with start_valkey() as server, connect(server.url, 60) as client:
        cpu, wall = 0.0, 0.0
        for start in range(0, options.alerts, BATCH):
            alerts = batch(start, min(BATCH, options.alerts - start), options.cases)
            began_cpu, began = time.process_time(), time.perf_counter()
            publish(client, alerts, where="here", metrics=metrics, clock=time.time, notices=NoticeOptions())
            cpu, wall = cpu + time.process_time() - began_cpu, wall + time.perf_counter() - began
        desk = Desk(client, where="here")
        memory: Any = client.info("memory")
        total = desk.count(everything(Query())).total
        print(f"{total} open cases of {options.alerts} alerts, {memory['used_memory'] / 2**20:.0f} MiB in Redis\n")
        print(f"published: {options.alerts / cpu:.0f} alerts a CPU second, {options.alerts / wall:.0f} a second\n")
        print("| | median ms | 95th percentile ms |\n|---|---|---|")
        every = everything(Query(departments=("21",)))
        print(f"| a page of 50, all filters, of {total} cases | {times(lambda _: desk.listed(every, limit=50), 100)} |")
        firms = [f"{n:09d}" for n in range(500)]
        print(f"| take | {times(lambda n: desk.act('21', firms[n], Take(), agent), 500)} |")
        print(f"| release | {times(lambda n: desk.act('21', firms[n], Release('erreur'), agent), 500)} |")
        print(f"| a firm's history and alerts | {times(lambda n: desk.alerts('21', firms[n]), 100)} |")


if __name__ == "__main__":
    main()
