"""The process by itself; that it learns what a learner in this process would is in test_trainer."""

import asyncio
import logging
import os
import signal

import pytest

from detectors import models
from detectors.models import prior
from streams.learner_process import NICENESS, LearnerLost, LearnerProcess, LearnerStopped, LearningFailed
from streams.learner_wire import Standing, Terms
from tests.acceptance.harness import until
from tests.acceptance.processes import alive
from tests.streams.test_trainer import FIRST, HORIZON, answers, learning

TERMS = Terms(1, HORIZON)
PRIOR = models.encode(prior())


def test_it_answers_in_order_and_passes_over_what_nobody_waits_for_any_more() -> None:
    async def ask() -> None:
        async with learning() as learner:
            begun = asyncio.create_task(learner.begin(TERMS, PRIOR))
            await asyncio.sleep(0)
            begun.cancel()
            record = answers(FIRST, 0)[0].value
            assert await learner.take(0, None) == Standing(0)
            assert await learner.take(1, record) == Standing(FIRST, FIRST, FIRST)
            learned = await learner.learn(FIRST)
            assert (learned.month, learned.firms, learned.standing) == (FIRST, 40, Standing(FIRST))
            assert models.decode(learned.model).version == learned.version

    asyncio.run(ask())


def test_what_fails_names_the_month_and_the_log_has_the_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def ask() -> None:
        async with learning() as learner:
            await learner.begin(TERMS, PRIOR)
            with pytest.raises(LearningFailed, match=r"^learning the cohort of 2018-01 failed: KeyError.*restart"):
                await learner.learn(FIRST)
            # It goes on: what failed is for the worker to judge.
            assert await learner.take(0, b"no block") == Standing(0)

    with caplog.at_level(logging.WARNING):
        asyncio.run(ask())
    failed, passed_over = (record.getMessage() for record in caplog.records)
    assert "KeyError" in failed.splitlines()[-1]
    assert "Traceback" in failed
    assert "offset 0 is no block of examples" in passed_over
    assert [record.name for record in caplog.records] == ["streams.learner_child", "streams.lessons"]


def test_signals_of_the_terminal_do_not_reach_it_and_a_stop_does() -> None:
    async def ask() -> int:
        async with learning() as learner:
            for number in (signal.SIGINT, signal.SIGTERM):
                os.kill(learner.pid, number)
            await learner.begin(TERMS, PRIOR)
            for number in (signal.SIGINT, signal.SIGTERM):
                os.kill(learner.pid, number)
            assert await learner.take(0, None) == Standing(0)
            assert os.getpriority(os.PRIO_PROCESS, learner.pid) == min(os.nice(0) + NICENESS, 19)
        with pytest.raises(LearnerStopped):
            await learner.take(0, None)
        learner.check()
        return learner.pid

    assert not alive(asyncio.run(ask()))


def test_one_that_was_killed_is_missed_though_nobody_asks_it_anything() -> None:
    async def ask() -> None:
        async with learning() as learner:
            learner.check()
            os.kill(learner.pid, signal.SIGKILL)
            await asyncio.wait_for(learner._reading, 5)
            with pytest.raises(LearnerLost, match=rf"pid {learner.pid}\) ended by SIGKILL.*restart"):
                learner.check()
            with pytest.raises(LearnerLost):
                await learner.take(0, None)

    asyncio.run(ask())


def test_one_that_was_never_started_is_stopped_in_peace() -> None:
    learner = LearnerProcess()
    asyncio.run(learner.stop())
    assert learner.pid == 0


def test_it_ends_with_a_worker_that_is_gone_in_the_midst_of_learning() -> None:
    """As after a SIGKILL: the worker's end of the socket closes, and nothing else happens."""

    async def leave() -> int:
        learner = LearnerProcess()
        await learner.start()
        await learner.begin(TERMS, PRIOR)
        for month in range(FIRST, FIRST + 6):
            await learner.take(0, answers(month, 0, 1_000)[0].value)
        asking = asyncio.create_task(learner.learn(FIRST))
        await asyncio.sleep(0.01)
        asking.cancel()
        learner._writer.transport.abort()
        pid = learner.pid
        await asyncio.to_thread(until, lambda: not alive(pid), "the process to end", 5)
        await learner.stop()
        return pid

    assert not alive(asyncio.run(leave()))
