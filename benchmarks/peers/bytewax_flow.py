"""Bytewax as its documentation teaches it: a dataflow with a stateful map, recovery on, an epoch a second.

    python -m benchmarks.peers.bytewax_flow

The folder of recovery partitions is made where it is missing, as `python -m bytewax.recovery` does.
"""

import json
from datetime import timedelta
from typing import Any

import bytewax.operators as op
import redis
from bytewax.connectors.kafka import KafkaSource, KafkaSourceMessage
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from benchmarks.peers import work
from benchmarks.peers.given import given
from benchmarks.peers.meter import Meter

told = given()
judge = work.Judge(told.threshold)
meter = Meter(told.meter)
Alert = dict[Any, Any]


class Queue(StatelessSinkPartition[Alert]):  # type: ignore[misc]  # published without types
    """A connection to Redis."""

    def __init__(self) -> None:
        self._redis = redis.Redis.from_url(told.redis)

    def write_batch(self, items: list[Alert]) -> None:
        """Alerts, in one round trip."""
        pipeline = self._redis.pipeline(transaction=False)
        for alert in items:
            pipeline.xadd(told.alerts, alert)
        pipeline.execute()


class Queues(DynamicSink[Alert]):  # type: ignore[misc]  # likewise
    """One a worker."""

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> Queue:
        """A worker's."""
        return Queue()


def read(message: KafkaSourceMessage[bytes, bytes]) -> tuple[str, dict[str, Any]]:
    """A firm and its event."""
    return message.key.decode(), json.loads(message.value)


def score(state: work.State | None, event: dict[str, Any]) -> tuple[work.State, Alert | None]:
    """The firm's new state, and an alert or nothing."""
    state = state or work.new_state()
    amount = event["employer_share"] + event["employee_share"]
    work.update(state, f"{event['period_start']}:{event['sequence']}", amount)
    crossed = judge.crosses(state, event["siren"], amount, event["employee_share"])
    meter.count()
    alert = {"siren": event["siren"], "version": event["version"], "score": state["score"]}
    return state, alert if crossed else None


flow = Dataflow("firms")
messages = op.input("events", flow, KafkaSource([told.kafka], [told.topic]))
by_firm = op.map("read", messages, read)
scored = op.stateful_map("score", by_firm, score)
alerts = op.filter_map("alerts", scored, lambda keyed: keyed[1])
op.output("queue", alerts, Queues())

if __name__ == "__main__":
    if not any(told.data.iterdir()):
        init_db_dir(told.data, 1)
    cli_main(flow, recovery_config=RecoveryConfig(told.data), epoch_interval=timedelta(seconds=1))
