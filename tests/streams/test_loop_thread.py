import asyncio
import threading
from collections.abc import Iterator

import pytest

from streams.loop_thread import LoopThread


@pytest.fixture
def loop() -> Iterator[LoopThread]:
    made = LoopThread("test-loop")
    yield made
    made.close()


async def name() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


async def failing() -> None:
    raise KeyError("gone")


def test_work_runs_there_and_comes_back(loop: LoopThread) -> None:
    assert loop.run(name()) == "test-loop"
    with pytest.raises(KeyError, match="gone"):
        loop.run(failing())


def test_closing_ends_what_still_runs(loop: LoopThread) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def waiting() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    work = loop.begin(waiting())
    assert begun.wait(5)
    loop.close()
    assert ended.is_set()
    assert work.cancelled()
    assert "test-loop" not in {thread.name for thread in threading.enumerate()}
    loop.close()
