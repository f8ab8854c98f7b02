"""The dispatcher: alerts from Kafka into their queues in Redis, then acknowledged.

With Redis down it waits, and scoring goes on; alerts keep their order. Effects in order: one atomic step in Redis an
alert (once only, by its id); then the offsets. A kill between the two sends alerts again, and Redis has them already.
"""

import logging
from collections.abc import Sequence
from typing import Any

from alerts.publish import Publisher
from streams import dead_letters, wire
from streams.dead_letters import dead_letter
from streams.outbox import Outbox, Outgoing
from streams.scorer import Clocks
from streams.topics import ALERTS, DEAD_LETTERS

log = logging.getLogger(__name__)
PROGRAM = "vigie-dispatcher"


class Dispatcher:
    """Hands batches of alerts to the publisher."""

    def __init__(self, publisher: Publisher, outbox: Outbox, clocks: Clocks) -> None:
        self._publisher = publisher
        self._outbox = outbox
        self._clocks = clocks

    async def handle(self, partition: int, records: Sequence[Any]) -> None:
        """Return once every alert is in its queue; what is no alert goes to the dead letters."""
        alerts = [record.value or b"" for record in records]
        traces = [wire.traceparent(record.headers) for record in records]
        result = await self._publisher.publish(alerts, [_sent_at(record) for record in records], traces)
        if result.refused:
            await self._refuse(partition, records, result.refused)

    async def _refuse(self, partition: int, records: Sequence[Any], refused: Sequence[Any]) -> None:
        now = self._clocks.now()
        letters = [
            dead_letter(
                "other",
                refusal.reason,
                topic=ALERTS,
                partition=partition,
                offset=records[refusal.place].offset,
                key=records[refusal.place].key,
                value=records[refusal.place].value,
                refused_at=now,
                by=PROGRAM,
            )
            for refusal in refused
        ]
        keys = [dead_letters.key_of(records[refusal.place].key) for refusal in refused]
        await self._outbox.send(
            DEAD_LETTERS, [Outgoing(key, dead_letters.encode(m)) for key, m in zip(keys, letters, strict=True)]
        )


def _sent_at(record: Any) -> float | None:
    sent = wire.sent_ms(record.headers)
    return None if sent is None else sent / 1000.0
