"""Looks after a worker's roles, and tells its vitals what it sees.

Ends of partitions are asked from Kafka by a client of its own: whether a role's own client has stopped reading is what
is to be found out, and whether Kafka answers at all.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from faust.types.tuples import TP

from detectors.models import Model
from streams import aio
from streams.app_state import committed, ready, sources, stage, steps
from streams.batches import BatchApp
from streams.cluster import Cluster
from streams.health import Health, PartitionHealth, RoleHealth, Standstills, Vitals
from streams.scorer import Clocks
from streams.topics import ROLES, Role

LOOK_SECONDS = 1.0
LONGEST_ASK_SECONDS = 2.0
"""How long Kafka may take to tell the ends: less than a stall, which it must not look like."""
LONGEST_STOP_SECONDS = 5.0

Ends = Mapping[Any, int]
"""Offsets behind the last records, by partition."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sights:
    """What is looked at, as it is now."""

    apps: Mapping[Role, BatchApp]
    busy: Callable[[Role], bool]
    """Whether a role's agent is at work."""
    model: Callable[[], Model | None]
    redis_reachable: Callable[[], bool | None]
    """As the dispatcher found it; None without one, or before it had to know."""


class Lookout:
    """`start` it once there are apps, `stop` it at the end."""

    def __init__(self, cluster: Cluster, vitals: Vitals, clocks: Clocks, sights: Sights) -> None:
        """What is seen is told to `vitals`."""
        self._cluster = cluster
        self._vitals = vitals
        self._clocks = clocks
        self._sights = sights
        self._ask_seconds = min(LONGEST_ASK_SECONDS, vitals.stall_seconds / 4 or LONGEST_ASK_SECONDS)
        self._still = Standstills()
        self._client: Any = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look, once a second."""
        self._task = asyncio.create_task(self._look_on())

    async def stop(self) -> None:
        """Look no more; without a broker the client may not end by itself, and is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_STOP_SECONDS):
                await self._disconnect()

    async def _look_on(self) -> None:
        while True:
            try:
                self._vitals.tell(self._seen(await self._ends()))
            except Exception:
                # Nothing told is a silence, which is found out: by then this line says why.
                log.exception("the roles could not be looked after")
            await asyncio.sleep(LOOK_SECONDS)

    async def _ends(self) -> Ends | None:
        """The ends of all partitions at hand; None where Kafka does not tell."""
        asked = {tp for app in self._sights.apps.values() if ready(app) for tp in sources(app)}
        # Who has no partition wants to know of Kafka all the same.
        asked = asked or {TP(topic, 0) for role, (_, topic) in ROLES.items() if role in self._sights.apps}
        try:
            async with asyncio.timeout(self._ask_seconds):
                await self._connect()
                ends: Ends = await self._client.end_offsets(list(asked))
        except (KafkaError, OSError, TimeoutError) as error:
            log.debug("Kafka does not tell the ends: %r", error)
            return None
        return ends

    async def _connect(self) -> None:
        if self._client is None:
            client = AIOKafkaConsumer(**aio.client(self._cluster), enable_auto_commit=False)
            try:
                await client.start()
            except BaseException:
                await client.stop()
                raise
            self._client = client

    async def _disconnect(self) -> None:
        if self._client is not None:
            await self._client.stop()

    def _seen(self, ends: Ends | None) -> Health:
        redis = self._sights.redis_reachable()
        # A server that is away is no fault of a role's: who waits for it has nothing else to do.
        hindered = {role for role in self._sights.apps if ends is None or (role == "dispatcher" and redis is False)}
        self._still.turn(self._clocks.monotonic())
        model = self._sights.model()
        return Health(
            roles=[self._role(role, role not in hindered, ends or {}) for role in self._sights.apps],
            model_version=None if model is None else model.version,
            model_as_of=None if model is None else model.as_of,
            kafka_reachable=ends is not None,
            redis_reachable=redis,
        )

    def _role(self, role: Role, able: bool, ends: Ends) -> RoleHealth:
        app = self._sights.apps[role]
        still = self._still.seconds(role, steps(app), due=able and not ready(app))
        at_hand = sorted(sources(app)) if ready(app) else []
        partitions = [self._partition(role, app, tp, able, ends.get(tp)) for tp in at_hand]
        return RoleHealth(role, ROLES[role][0], stage(app), still, partitions)

    def _partition(self, role: Role, app: BatchApp, tp: Any, able: bool, end: int | None) -> PartitionHealth:
        done, read = committed(app, tp), app.consumer.position_of(tp)
        # The trainer keeps the examples of a month that is not complete: then it waits, and is not at work.
        begun = self._sights.busy(role) if role == "trainer" else app.consumer.has_begun(tp)
        due = able and (begun or (end is not None and end > max(done, read)))
        still = self._still.seconds((role, tp), (done, read), due=due)
        return PartitionHealth(tp.topic, tp.partition, done, end, still)
