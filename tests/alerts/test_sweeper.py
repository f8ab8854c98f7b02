"""What the dispatcher does beside publishing, once a minute, whatever Redis does."""

import asyncio
import logging
import math

import pytest
import redis

from alerts.actions import Actor, CastVote
from alerts.desk import Desk
from alerts.notices import NoticeOptions
from alerts.options import AlertsOptions
from alerts.sweeper import SWEEP_SECONDS, Sweeper
from tests.alerts.making import NOW, live
from tests.alerts.publishing import Bench
from tests.alerts.server import free_port
from tests.alerts.test_desk import FIRM, put


def test_it_escalates_and_shows_the_counts_once_a_minute(client: redis.Redis, bench: Bench, redis_url: str) -> None:
    put(client, bench.metrics, live())
    desk = Desk(client, where="here")
    desk.act("21", FIRM, CastVote(True), Actor("a.martin"))
    moments = [0.0, 1.0, SWEEP_SECONDS]

    async def run() -> list[float]:
        sweeper = Sweeper(
            AlertsOptions(redis=redis_url),
            NoticeOptions(),
            bench.metrics,
            lambda: NOW.timestamp() + 5 * 86_400,
            lambda: moments[0],
        )
        seen = []
        while moments:
            await sweeper.tick()
            if sweeper._task is not None:
                await sweeper._task
            seen.append(bench.value("vigie_cases_swept_total", change="escalated"))
            client.delete(f"vigie:case:{{vigie:alerts:21}}:{FIRM}")
            put(client, bench.metrics, live(len(moments), siren=str(len(moments)) * 9))
            del moments[0]
        sweeper.close()
        return seen

    assert asyncio.run(run()) == [1, 1, 3]
    assert bench.value("vigie_votes", tier="strong", kind="raised", vote="useful") == 1
    assert bench.value("vigie_inbox_cases", state="new") == 2
    assert bench.value("vigie_inbox_oldest_timestamp_seconds", state="new") == NOW.timestamp() + 2 * 3600
    assert bench.value("vigie_inbox_untaken_cases", department="21") == 2
    assert math.isnan(bench.value("vigie_inbox_oldest_timestamp_seconds", state="taken"))


def test_redis_away_is_told_and_stops_nothing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    away = AlertsOptions(redis=f"redis://:secret@127.0.0.1:{free_port()}/0")
    sweeper = Sweeper(away, NoticeOptions(), bench.metrics, lambda: 0.0, lambda: 0.0)
    sweeper.sweep()
    sweeper.close()
    assert "cases were not looked after" in caplog.text
    assert "secret" not in caplog.text
