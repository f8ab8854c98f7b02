"""A worker process: its roles as Faust apps, started and stopped together.

The scorer's app has the id `vigie` (its group and its changelog); the trainer's and the dispatcher's have ids of their
own, so that a worker may run any roles beside workers that run others: members of one group must all subscribe alike.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry

from alerts.metrics import AlertMetrics
from alerts.notices import NoticeOptions
from alerts.options import AlertsOptions
from alerts.publish import Publisher
from alerts.sweeper import Sweeper
from detectors import models
from detectors.capping import CapOptions
from detectors.chain import ChainOptions
from detectors.errors import VigieError
from detectors.models import Model
from detectors.regime import RegimeOptions
from streams import topics
from streams.app_state import positions, ready, unread
from streams.apps import HandlePartition, Work, add_agent, by_partition, new_app
from streams.batches import BatchApp, Offer, Take
from streams.canary import CanaryKeeper
from streams.clock_keeper import ClockKeeper
from streams.cluster import Cluster
from streams.dispatcher import Dispatcher
from streams.errors import StreamsError
from streams.firm_table import FirmTable
from streams.health import Health, Vitals
from streams.lag import Lags
from streams.learner_process import LearnerProcess
from streams.learner_wire import Terms
from streams.lookout import Lookout, Sights
from streams.metrics import StreamMetrics
from streams.models_topic import ModelFollower
from streams.options import WorkerOptions
from streams.outbox import Outbox
from streams.queue_keeper import QueueKeeper
from streams.rebalances import Rebalances
from streams.recovered import require_whole
from streams.scorer import Clocks, Scorer, live_chain
from streams.steady_clocks import SteadyClocks
from streams.topics import Role
from streams.trainer import Membership, Trainer

if TYPE_CHECKING:
    from streams.traces import Traces

ROLES: tuple[Role, ...] = tuple(topics.ROLES)
WATCH_SECONDS = 0.5
STOP_SECONDS = 10.0
STOP_WITHOUT_KAFKA_SECONDS = 2.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerSettings:
    """Everything a worker is built from."""

    cluster: Cluster = field(default_factory=Cluster)
    worker: WorkerOptions = field(default_factory=WorkerOptions)
    alerts: AlertsOptions = field(default_factory=AlertsOptions)
    notices: NoticeOptions = field(default_factory=NoticeOptions)
    chain: ChainOptions = field(default_factory=ChainOptions)
    regime: RegimeOptions = field(default_factory=RegimeOptions)
    cap: CapOptions = field(default_factory=CapOptions)
    roles: Sequence[Role] = ROLES
    model: Model | None = None
    """Where scoring starts; by default what vigie.models has, else the expert scorecard."""
    data: Path = Path("vigie-data")
    """Folder for what Faust keeps on disk."""
    traces: "Traces | None" = None


class Worker:
    """Start with `run`; it returns after `stop`, when idle, or raises what crashed a role."""

    def __init__(
        self, settings: WorkerSettings, registry: CollectorRegistry, clocks: Clocks, random: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._clocks = SteadyClocks(clocks.wall, clocks.monotonic)
        self._random = random
        self._metrics = StreamMetrics(registry)
        self._metrics.week_limit.set(settings.cap.alerts_per_week)
        self._lags = Lags(self._metrics)
        self._alert_metrics = AlertMetrics(registry)
        self._outbox = Outbox(settings.cluster, settings.worker.write_timeout_seconds, settings.traces)
        self._apps: dict[Role, BatchApp] = {}
        self._scorer: Scorer | None = None
        self._ready: models.Scorer
        """The model in force, ready to score."""
        self._follower: ModelFollower | None = None
        self._learner: LearnerProcess | None = None
        self._clock_keeper: ClockKeeper | None = None
        self._canary_keeper: CanaryKeeper | None = None
        self._publisher: Publisher | None = None
        self._queue_keeper: QueueKeeper | None = None
        self._sweeper: Sweeper | None = None
        self._stopping = asyncio.Event()
        self._busy: Counter[Role] = Counter()
        """Batches that each role is at."""
        self._last_active = clocks.monotonic()
        self._vitals = Vitals(settings.worker.stall_seconds, clocks.monotonic)
        self._lookout = Lookout(
            settings.cluster,
            self._vitals,
            clocks,
            Sights(
                self._apps,
                busy=lambda role: self._busy[role] > 0,
                # A dispatcher alone has none.
                model=lambda: self._ready.model if hasattr(self, "_ready") else None,
                redis_reachable=lambda: None if self._publisher is None else self._publisher.reachable,
            ),
        )

    def stop(self) -> None:
        """Ask for a graceful end: what is being worked on is finished, offsets are committed."""
        self._stopping.set()

    def health(self) -> Health:
        """Whether it is live and ready, and its parts; from any thread."""
        return self._vitals.health()

    async def run(self) -> None:
        """Run until told to stop, until idle, or until a role fails. Raises VigieError."""
        try:
            await self._start()
            await self._watch()
        finally:
            await self._stop()

    async def _start(self) -> None:
        if "trainer" in self._roles():
            # First of all: it is loading what it needs while everything else starts.
            self._learner = LearnerProcess()
            await self._learner.start()
        await self._outbox.start()
        partitions = await self._partitions(topics.EVENTS)
        if set(self._roles()) != {"dispatcher"}:
            # A dispatcher's user may not read them.
            await self._follow_models()
        builders = {
            "scorer": self._scorer_app,
            "trainer": self._trainer_app,
            "dispatcher": self._dispatcher_app,
        }
        for role in self._roles():
            app = await builders[role](partitions)
            app.sensors.add(Rebalances(role, self._metrics, self._clocks.monotonic))
            self._apps[role] = app
        self._lookout.start()
        await asyncio.gather(*(app.start() for app in self._apps.values()))
        self._keep_canary(partitions)
        log.info("started: %s", ", ".join(self._apps))

    def _keep_canary(self, partitions: int) -> None:
        every = self._settings.worker.canary_seconds
        if every:
            self._canary_keeper = CanaryKeeper(
                self._outbox,
                self._settings.alerts,
                self._metrics,
                self._clocks,
                partitions=partitions,
                every_seconds=every,
            )
            self._canary_keeper.start()

    def _roles(self) -> Sequence[Role]:
        """The roles to run: a frozen worker does not learn."""
        return [role for role in self._settings.roles if role != "trainer" or not self._settings.worker.frozen]

    async def _partitions(self, topic: str) -> int:
        """Of a topic that must be there. The producer itself would ask for a missing one until its writes time out."""
        cluster = self._settings.cluster
        try:
            return await asyncio.wait_for(self._outbox.partitions(topic), cluster.kafka_timeout_s)
        except (TimeoutError, KafkaError) as error:
            raise StreamsError(
                f"topic {topic} was not found on {cluster.kafka} within {cluster.kafka_timeout_s:g} s "
                f"({error!r}). Create the topics with `vigie topics create`"
            ) from error

    async def _follow_models(self) -> None:
        settings = self._settings
        start = settings.model or models.prior()
        models.check_horizon(start, settings.chain.horizon)
        if settings.worker.frozen:
            self._ready = models.Scorer(start)
            return
        self._follower = ModelFollower(settings.cluster, start, self._use)
        await self._follower.start()
        self._ready = self._follower.current
        models.check_horizon(self._ready.model, settings.chain.horizon)

    def _use(self, ready: models.Scorer) -> None:
        self._ready = ready
        if self._scorer is not None:
            self._scorer.use(ready)

    async def _scorer_app(self, partitions: int) -> BatchApp:
        await self._partitions(topics.CHANGELOG)
        app = self._app(topics.APP_ID)
        table = FirmTable(
            app,
            new_chain=lambda: live_chain(self._ready.model, self._settings.chain, self._settings.data, self._random),
            name="firms",
            partitions=partitions,
        )
        app.tables.add(table)
        scorer = Scorer(
            table,
            self._outbox,
            self._metrics,
            self._clocks,
            partitions=partitions,
            ready=self._ready,
            language=self._settings.alerts.language,
            hot_firms=self._settings.worker.hot_firms,
            failed=app.crash,
            paused=lambda: app.rebalancing or app.should_stop,
            whole=partial(require_whole, self._settings.cluster, topics.CHANGELOG, table.read_to),
        )
        scorer.use(self._ready)
        self._scorer = scorer

        async def handle(partition: int, records: Sequence[Any]) -> None:
            self._clocks.check(partition, table.chain(partition).day)
            await scorer.handle(partition, records)

        work = Work(self._traced("score", topics.EVENTS, handle), scorer.confirmed, scorer.holds, scorer.settle)
        self._agent(app, "scorer", topics.EVENTS, *by_partition(app, work, lambda: self._finished("scorer")))
        if self._settings.worker.live_clock:
            self._clock_keeper = ClockKeeper(app, table, self._outbox, self._clocks)
        return app

    async def _trainer_app(self, partitions: int) -> BatchApp:
        app = self._app(topics.TRAINER_GROUP)
        assert self._follower is not None, "a frozen worker does not learn"
        assert self._learner is not None, "it was started first"
        trainer = Trainer(
            self._follower.newest,
            self._learner,
            Terms(partitions, self._settings.chain.horizon, self._settings.regime, self._settings.cap),
            self._outbox,
            self._metrics,
            membership=Membership(
                generation=lambda: app.consumer_generation_id,
                ending=lambda: app.rebalancing or self._stopping.is_set(),
            ),
            monotonic=self._clocks.monotonic,
        )
        if not self._follower.found:
            await trainer.publish_first()
        self._agent(app, "trainer", topics.EXAMPLES, trainer.handle)
        return app

    async def _dispatcher_app(self, _partitions: int) -> BatchApp:
        app = self._app(topics.DISPATCHER_GROUP)
        self._publisher = Publisher(
            self._settings.alerts,
            metrics=self._alert_metrics,
            clock=self._clocks.wall,
            monotonic=self._clocks.monotonic,
            random=self._random,
            stop=self._stopping,
            notices=self._settings.notices,
        )
        self._sweeper = Sweeper(
            self._settings.alerts,
            self._settings.notices,
            self._alert_metrics,
            self._clocks.wall,
            self._clocks.monotonic,
        )
        deliver = self._traced("deliver", topics.ALERTS, Dispatcher(self._publisher, self._outbox, self._clocks).handle)
        settings = self._settings
        self._queue_keeper = QueueKeeper(
            settings.cluster,
            settings.alerts,
            settings.worker.alerts_retention_days,
            self._alert_metrics,
            self._clocks.wall,
        )

        async def handle(message: Any, records: Sequence[Any]) -> None:
            await deliver(message.partition, records)
            message.done = True

        self._agent(app, "dispatcher", topics.ALERTS, handle)
        return app

    def _app(self, app_id: str) -> BatchApp:
        return new_app(app_id, self._settings.cluster, self._settings.worker, self._settings.data)

    def _traced(self, what: str, topic: str, handle: HandlePartition) -> HandlePartition:
        traces = self._settings.traces
        return handle if traces is None else traces.working(what, topic, handle)

    def _agent(self, app: BatchApp, role: Role, topic: str, take: Take, offer: Offer | None = None) -> None:
        """An agent that is seen at work."""

        async def watched(message: Any, records: Sequence[Any]) -> None:
            self._busy[role] += 1
            try:
                await take(message, records)
            finally:
                self._busy[role] -= 1
            self._finished(role)

        add_agent(app, role, topic, watched, offer)

    def _finished(self, role: Role) -> None:
        self._last_active = self._clocks.monotonic()
        self._metrics.activity.labels(role).set(self._clocks.wall())

    async def _watch(self) -> None:
        """Look after the roles until there is a reason to end."""
        while not self._stopping.is_set():
            for role, app in self._apps.items():
                if app.crashed:
                    raise _failure(role, app)
                self._metrics.ready.labels(role).set(ready(app))
                self._show_progress(role, app)
            if self._queue_keeper is not None and all(map(ready, self._apps.values())):
                # Not before: what it imports and asks would hold up the roles' start.
                self._queue_keeper.start()
            if self._learner is not None:
                self._learner.check()
            if self._scorer is not None:
                # It judges by the day: better to end.
                self._clocks.today()
            if self._clock_keeper is not None:
                await self._clock_keeper.tick()
            if self._sweeper is not None:
                await self._sweeper.tick()
            if self._idle():
                log.info("idle for %.0f s, stopping", self._settings.worker.exit_when_idle)
                return
            try:
                await asyncio.wait_for(self._stopping.wait(), WATCH_SECONDS)
            except TimeoutError:
                continue

    def _idle(self) -> bool:
        limit = self._settings.worker.exit_when_idle
        if not limit or self._busy.total() or not all(ready(app) for app in self._apps.values()):
            return False
        if any(unread(app) for app in self._apps.values()) or self._uncommitted():
            self._last_active = max(self._last_active, self._clocks.monotonic() - limit / 2)
            return False
        return self._clocks.monotonic() - self._last_active >= limit

    def _uncommitted(self) -> bool:
        """Whether work was done that is not committed yet. The trainer keeps examples until a month is complete."""
        apps = (app for role, app in self._apps.items() if role != "trainer")
        return any(at.end > at.committed for app in apps for at in positions(app).values())

    def _show_progress(self, role: Role, app: BatchApp) -> None:
        self._lags.show(role, positions(app), self._clocks.monotonic(), self._clocks.wall())
        if role == "scorer":
            remaining = app.tables.recovery.active_remaining_total() if app.in_recovery else 0
            self._metrics.recovery_remaining.set(max(0, remaining))

    async def _stop(self) -> None:
        self._stopping.set()
        self._vitals.end()
        if self._canary_keeper is not None:
            await self._canary_keeper.stop()
        if self._learner is not None:
            # Before the apps: a month that is being learned is done again, and must not hold them up.
            await self._learner.stop()
        await self._stop_apps()
        if self._scorer is not None:
            await self._scorer.stop()
        if self._queue_keeper is not None:
            await self._queue_keeper.stop()
        if self._publisher is not None:
            await self._publisher.close()
        if self._sweeper is not None:
            self._sweeper.close()
        follower = [] if self._follower is None else [self._follower.stop()]
        await asyncio.gather(*follower, self._lookout.stop(), self._outbox.stop())

    def _longest_stop(self) -> float:
        """Nothing that is finished can be committed while Kafka is away."""
        return STOP_WITHOUT_KAFKA_SECONDS if self.health().kafka_reachable is False else STOP_SECONDS

    async def _stop_apps(self) -> None:
        """Let the roles finish what they are at, all at once and for so long. Without Kafka they would try for ever."""
        stopping = {asyncio.create_task(app.stop()): role for role, app in self._apps.items()}
        began, going = self._clocks.monotonic(), set(stopping)
        while going and (seconds := self._clocks.monotonic() - began) < self._longest_stop():
            _, going = await asyncio.wait(going, timeout=WATCH_SECONDS)
        for task, role in stopping.items():
            if not task.done():
                # Not waited for: of its libraries some take no notice.
                task.cancel()
                log.error("%s did not stop within %.0f s; what it had not committed is done again", role, seconds)
            elif task.cancelled() or task.exception() is not None:
                error = None if task.cancelled() else task.exception()
                log.error("%s did not stop cleanly; what it had not committed is done again", role, exc_info=error)


def _failure(role: Role, app: BatchApp) -> VigieError:
    reason = app.crash_reason
    if isinstance(reason, VigieError):
        return reason
    error = StreamsError(f"the {role} stopped: {reason!r}. What it had not committed is done again after a restart")
    error.__cause__ = reason
    return error
