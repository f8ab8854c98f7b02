"""Faust as its user guide teaches it: a record, a table with a default, an agent, one event at a time.

    python -m benchmarks.peers.faust_textbook worker --without-web

Beside the defaults: commits every second, as for all here.
"""

from typing import Any

import faust
import redis.asyncio

from benchmarks.peers import work
from benchmarks.peers.given import given
from benchmarks.peers.meter import Meter

told = given()


class PaymentDelay(faust.Record):  # type: ignore[misc]  # Faust has no types
    """What is read of an event."""

    siren: str
    version: int
    period_start: str
    sequence: str
    employee_share: float
    employer_share: float


app = faust.App(
    told.run,
    broker=f"kafka://{told.kafka}",
    store="memory://",
    topic_partitions=told.partitions,
    broker_commit_interval=1.0,
    datadir=str(told.data),
)
delays = app.topic(told.topic, key_type=bytes, value_type=PaymentDelay)
firms = app.Table("firms", default=work.new_state)
queue = redis.asyncio.Redis.from_url(told.redis)
judge = work.Judge(told.threshold)
meter = Meter(told.meter)


@app.agent(delays)  # type: ignore[untyped-decorator]  # likewise
async def score(events: faust.Stream[PaymentDelay]) -> None:
    """State, score and perhaps an alert, for each event."""
    async for event in events:
        amount = event.employer_share + event.employee_share
        state = firms[event.siren]
        work.update(state, f"{event.period_start}:{event.sequence}", amount)
        crossed = judge.crosses(state, event.siren, amount, event.employee_share)
        firms[event.siren] = state
        if crossed:
            alert: Any = {"siren": event.siren, "version": event.version, "score": state["score"]}
            await queue.xadd(told.alerts, alert)
        meter.count()


if __name__ == "__main__":
    app.main()
