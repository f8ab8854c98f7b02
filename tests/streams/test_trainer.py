import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from random import Random

import msgspec
import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from detectors import models
from detectors.arrays import Array
from detectors.features import names
from detectors.labels import Cohort, Examples
from detectors.learning import Learner, LearningOptions
from detectors.models import MEMBERS, Model, UnusableModel, prior
from detectors.portfolio import Counts, count
from streams.examples import blocks, decode
from streams.learner_process import LearnerLost, LearnerProcess
from streams.learner_wire import Terms
from streams.metrics import StreamMetrics
from streams.models_topic import ModelFollower
from streams.outbox import Outbox
from streams.trainer import Membership, Trainer
from tests.acceptance.harness import Site
from tests.acceptance.processes import freeze
from tests.streams.received import Received

PARTITIONS, HORIZON = 3, 18
FIRST = 2018 * 12
MONTHS = range(FIRST, FIRST + 4)
OPTIONS = LearningOptions(forest_trees=6, boosting_trees=6)


@dataclass
class Message:
    """What is read and set of a batch message."""

    generation_id: int = 1
    value: Sequence[Received] = ()
    done: bool = False


def part(month: int, partition: int, size: int = 40) -> Examples:
    random = np.random.default_rng(month * 10 + partition)
    sirens = np.arange(partition, partition + size * PARTITIONS, PARTITIONS, dtype=np.uint32)
    codes = random.integers(0, 256, (size, len(names()))).astype(np.uint8)
    members = random.normal(size=(size, len(MEMBERS))).astype(np.float32)
    return Examples(Cohort(month, sirens, codes, members, random.normal(size=size)), random.random(size) < 0.2)


def share(month: int, partition: int) -> Counts:
    """What a partition's portfolio is like at the end of the month that answers for `month`."""
    random = np.random.default_rng([month, partition])
    return count(random.integers(0, 256, (50, len(names()))).astype(np.uint8))


def portfolio(month: int, partitions: Iterable[int] = range(PARTITIONS)) -> Counts:
    return np.sum([share(month, p) for p in partitions], axis=0)


def answers(month: int, partition: int, size: int = 40) -> list[Received]:
    """The records by which a partition answers for a month."""
    examples = part(month, partition, size) if size else None
    return [Received(None, b) for b in blocks(partition, month, examples, share(month, partition))]


def expected(months: Iterable[int] = MONTHS) -> list[str]:
    """The versions that a learner makes which gets whole months in order."""
    learner = Learner(prior(), OPTIONS)
    return [learner.learn(m, [part(m, p) for p in range(PARTITIONS)], HORIZON, portfolio(m)).version for m in months]


def published(site: Site) -> list[Model]:
    return [models.decode(record.value) for record in site.records("vigie.models")]


def versions(site: Site) -> list[str]:
    return [model.version for model in published(site)]


@dataclass
class Bench:
    """Trainers on one topic of models, each with what it counts; those that learn at once have a learner each."""

    outbox: Outbox
    follower: ModelFollower
    learner: LearnerProcess
    metrics: StreamMetrics = field(default_factory=lambda: StreamMetrics(CollectorRegistry()))
    ending: bool = False
    """Whether the group is about to go on to another generation."""
    generation: int | None = None
    """The group's, where it is another one than that of the messages."""

    def trainer(
        self, newest: Callable[[], Awaitable[bytes]] | None = None, learner: LearnerProcess | None = None
    ) -> Trainer:
        trainer = Trainer(
            newest or self.follower.newest,
            learner or self.learner,
            Terms(PARTITIONS, HORIZON, learning=asdict(OPTIONS)),
            self.outbox,
            self.metrics,
            membership=Membership(lambda: self.generation or trainer._generation or 0, lambda: self.ending),
            monotonic=lambda: 0.0,
        )
        return trainer


@asynccontextmanager
async def learning() -> AsyncIterator[LearnerProcess]:
    learner = LearnerProcess()
    await learner.start()
    try:
        yield learner
    finally:
        await learner.stop()


@asynccontextmanager
async def bench(site: Site) -> AsyncIterator[Bench]:
    outbox, follower = Outbox(site.cluster, 30), ModelFollower(site.cluster, prior(), lambda _: None)
    await outbox.start()
    await follower.start()
    try:
        async with learning() as learner:
            yield Bench(outbox, follower, learner)
    finally:
        await follower.stop()
        await outbox.stop()


async def handle(trainer: Trainer, batches: Iterable[list[Received]], generation: int = 1) -> list[Message]:
    messages = []
    for records in batches:
        messages.append(message := Message(generation, records))
        await trainer.handle(message, records)
    return messages


def test_a_month_is_learned_once_every_partition_has_answered(site: Site) -> None:
    async def learn() -> None:
        async with bench(site) as b:
            trainer = b.trainer()
            first, second = await handle(trainer, [answers(FIRST, 0), answers(FIRST, 1)])
            assert (first.done, second.done) == (False, False)
            assert site.ends("vigie.models") == {0: 0}
            (third,) = await handle(trainer, [answers(FIRST, 2)])
            assert (first.done, second.done, third.done) == (True, True, True)
            assert first.value == ()
            assert b.metrics.learned.labels("yes")._value.get() + b.metrics.learned.labels("no")._value.get() == 120
            assert sum(bucket.get() for bucket in b.metrics.learning_seconds._buckets) == 1

    asyncio.run(learn())
    assert versions(site) == expected([FIRST])


def test_the_models_do_not_depend_on_the_order_of_arrival(site: Site) -> None:
    """Each partition sends its months in order; between partitions any order goes, in batches of any size."""

    def mixed(random: Random) -> list[list[Received]]:
        waiting = [[r for month in MONTHS for r in answers(month, p)] for p in range(PARTITIONS)]
        batches: list[list[Received]] = [[]]
        while any(waiting):
            queue = random.choice([queue for queue in waiting if queue])
            batches[-1].append(queue.pop(0))
            if random.random() < 0.4:
                batches.append([])
        return [batch for batch in batches if batch]

    async def learn() -> None:
        async with bench(site) as b:
            for seed in range(8):
                trainer = b.trainer(_prior)  # each begins anew on the same topic
                messages = await handle(trainer, mixed(Random(seed)))
                assert all(message.done for message in messages)

    asyncio.run(learn())
    assert versions(site) == expected() * 8


async def _prior() -> bytes:
    return models.encode(prior())


def test_a_partition_without_firms_holds_nobody_up(site: Site) -> None:
    async def learn() -> None:
        async with bench(site) as b:
            batches = [answers(m, p, 0 if p == 1 else 40) for m in MONTHS for p in range(PARTITIONS)]
            messages = await handle(b.trainer(), batches)
            assert all(message.done for message in messages)

    asyncio.run(learn())
    learner = Learner(prior(), OPTIONS)
    assert versions(site) == [learner.learn(m, [part(m, 0), part(m, 2)], HORIZON, portfolio(m)).version for m in MONTHS]


def test_a_month_of_nobody_at_all_is_learned_for_its_portfolio(site: Site) -> None:
    async def learn() -> None:
        async with bench(site) as b:
            messages = await handle(b.trainer(), [answers(FIRST, p, 0) for p in range(PARTITIONS)])
            assert all(message.done for message in messages)

    asyncio.run(learn())
    whole = Learner(prior(), OPTIONS).learn(FIRST, [], HORIZON, portfolio(FIRST))
    assert versions(site) == [whole.version]
    assert np.array_equal(published(site)[0].portfolio.open(), portfolio(FIRST))


def test_what_comes_again_is_not_learned_again(site: Site) -> None:
    """As after a kill between a model and its commit, or a month end that was answered twice."""

    async def learn() -> None:
        async with bench(site) as b:
            batches = [answers(m, p) for m in MONTHS for p in range(PARTITIONS)]
            await handle(b.trainer(), [batch for one in batches for batch in (one, one)])
            messages = await handle(b.trainer(), batches)
            assert all(message.done for message in messages)

    asyncio.run(learn())
    assert versions(site) == expected()


def test_cohorts_of_several_blocks(site: Site) -> None:
    async def learn() -> None:
        async with bench(site) as b:
            records = [answers(FIRST, p, 2500) for p in range(PARTITIONS)]
            assert [len(r) for r in records] == [3, 3, 3]
            await handle(b.trainer(), [[r] for r in [*records[1], *records[0], *records[2]]])

    asyncio.run(learn())
    parts = [part(FIRST, p, 2500) for p in range(PARTITIONS)]
    whole = Learner(prior(), OPTIONS).learn(FIRST, parts, HORIZON, portfolio(FIRST))
    assert versions(site) == [whole.version]
    assert Learner(published(site)[0], OPTIONS).examples == 7500


def test_a_trainer_goes_on_from_the_topic_s_model(site: Site) -> None:
    """Also one that stood by while another one learned, and one that gets its work back later."""

    async def learn() -> None:
        async with bench(site) as b, learning() as other:
            early, late = b.trainer(), b.trainer(learner=other)
            # `late` has begun a month that the other one will learn.
            await handle(late, [answers(FIRST, 0)])
            await handle(early, [answers(m, p) for m in MONTHS[:2] for p in range(PARTITIONS)])
            await handle(late, [answers(MONTHS[2], p) for p in range(PARTITIONS)], generation=2)
            await handle(early, [answers(MONTHS[3], p) for p in range(PARTITIONS)], generation=3)

    asyncio.run(learn())
    assert versions(site) == expected()


def test_a_rebalance_waits_for_no_other_month(site: Site) -> None:
    """What is complete then comes again, to whoever has the examples next."""

    async def learn() -> None:
        async with bench(site) as b:
            trainer = b.trainer()
            batches = [answers(m, p) for m in MONTHS for p in range(PARTITIONS)]
            first = await handle(trainer, batches[:PARTITIONS])
            b.ending = True
            late = await handle(trainer, [[r for batch in batches[PARTITIONS:] for r in batch]])
            assert [m.done for m in (*first, *late)] == [True, True, True, False]
            assert versions(site) == expected(MONTHS[:1])
            b.ending = False
            again = await handle(trainer, batches[PARTITIONS:], generation=2)
            assert all(message.done for message in again)

    asyncio.run(learn())
    assert versions(site) == expected()


def test_what_was_learned_for_a_group_that_went_on_is_not_published(site: Site) -> None:
    """Another trainer may have learned more by then; an older model behind its own would undo it."""

    async def learn() -> None:
        async with bench(site) as b:
            b.generation = 2
            messages = await handle(b.trainer(), [answers(FIRST, p) for p in range(PARTITIONS)])
            assert [message.done for message in messages] == [False] * PARTITIONS

    asyncio.run(learn())
    assert versions(site) == []


def test_a_stop_gives_up_the_month_that_is_being_learned(site: Site) -> None:
    async def learn() -> None:
        async with bench(site) as b:
            trainer = b.trainer()
            await handle(trainer, [answers(FIRST, 0), answers(FIRST, 1)])
            freeze(b.learner.pid)
            last = asyncio.create_task(handle(trainer, [answers(FIRST, 2)]))
            await asyncio.sleep(0.1)
            assert not last.done()
            stopping = asyncio.create_task(b.learner.stop())
            (message,) = await asyncio.wait_for(last, 1)
            assert not message.done
            os.kill(b.learner.pid, signal.SIGCONT)
            await stopping

    asyncio.run(learn())
    assert versions(site) == []


def test_a_learner_that_was_killed_is_an_error_and_nothing_is_done(site: Site) -> None:
    async def learn() -> None:
        async with bench(site) as b:
            trainer = b.trainer()
            done = await handle(trainer, [answers(FIRST, 0), answers(FIRST, 1)])
            os.kill(b.learner.pid, signal.SIGKILL)
            with pytest.raises(LearnerLost, match=r"SIGKILL.*learned again after a restart"):
                await handle(trainer, [answers(FIRST, 2)])
            with pytest.raises(LearnerLost):
                b.learner.check()
            assert not any(message.done for message in done)

    asyncio.run(learn())
    assert versions(site) == []


def test_a_model_that_cannot_be_gone_on_from_is_told(site: Site) -> None:
    async def broken() -> bytes:
        return models.encode(msgspec.structs.replace(prior(), learner=b"torn"))

    async def learn() -> None:
        async with bench(site) as b:
            with pytest.raises(UnusableModel, match=r"cannot be learned from further.*vigie replay --model-out"):
                await handle(b.trainer(broken), [answers(FIRST, 0)])

    asyncio.run(learn())


def test_garbage_is_passed_over_and_done(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    async def learn() -> None:
        async with bench(site) as b:
            foreign = list(blocks(PARTITIONS + 5, FIRST, part(FIRST, 0), None))
            block = decode(next(blocks(0, FIRST, part(FIRST, 0), share(FIRST, 0))))
            other = msgspec.structs.replace(block, names=("something_else", *block.names[1:]))
            torn = msgspec.structs.replace(block, logits=Array("<f8", (39,), bytes(39 * 8)))
            short = msgspec.structs.replace(block, codes=Array("|u1", (40, len(block.names)), b""))
            garbage = [b"\xff", b"", None, b"{}", *map(msgspec.msgpack.encode, (other, torn, short)), *foreign]
            with caplog.at_level(logging.WARNING):
                messages = await handle(b.trainer(), [[Received(None, value, 7)] for value in garbage])
            assert all(message.done for message in messages)
            good = [answers(FIRST, p) for p in range(PARTITIONS)]
            good[1].insert(0, Received(None, b"no block"))
            assert all(message.done for message in await handle(b.trainer(), good))

    asyncio.run(learn())
    told = [r.getMessage() for r in caplog.records if r.name == "streams.lessons" and r.levelno == logging.WARNING]
    assert len(told) == 9
    assert all("offset 7" in message for message in told[:8])
    assert versions(site) == expected([FIRST])


def test_the_first_model_is_published_for_scorers(site: Site) -> None:
    async def publish() -> None:
        async with bench(site) as b:
            await b.trainer().publish_first()
            assert models.decode(await b.follower.newest()) == prior()
            assert b.follower.found

    asyncio.run(publish())
    assert versions(site) == ["prior-2"]
