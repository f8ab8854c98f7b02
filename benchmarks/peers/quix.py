"""Quix Streams as its documentation teaches it: a streaming dataframe, a stateful function, a state store a key.

Beside the defaults: commits every second, as for all here.
"""

from typing import Any

import redis
from quixstreams import Application, State

from benchmarks.peers import work
from benchmarks.peers.given import given
from benchmarks.peers.meter import Meter

told = given()
app = Application(
    broker_address=told.kafka,
    consumer_group=told.run,
    auto_offset_reset="earliest",
    commit_interval=1.0,
    state_dir=str(told.data),
)
queue = redis.Redis.from_url(told.redis)
judge = work.Judge(told.threshold)
meter = Meter(told.meter)


def score(event: dict[str, Any], store: State) -> dict[str, Any] | None:
    """An alert or nothing."""
    amount = event["employer_share"] + event["employee_share"]
    state = store.get("firm") or work.new_state()
    work.update(state, f"{event['period_start']}:{event['sequence']}", amount)
    crossed = judge.crosses(state, event["siren"], amount, event["employee_share"])
    store.set("firm", state)
    meter.count()
    return {"siren": event["siren"], "version": event["version"], "score": state["score"]} if crossed else None


alerts = app.dataframe(app.topic(told.topic, value_deserializer="json")).apply(score, stateful=True)
alerts = alerts.filter(lambda alert: alert is not None)
alerts = alerts.update(lambda alert: queue.xadd(told.alerts, alert))

if __name__ == "__main__":
    app.run()
