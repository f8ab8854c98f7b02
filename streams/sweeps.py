"""Month ends that go on between the batches of their partitions, one partition at a time.

One at a time, so that whatever an event waits for is at most one stretch of one month end. While a partition's month
end goes on its offsets are held back: a kill has it done again from where it began.
"""

import asyncio
from collections.abc import Awaitable, Callable

PAUSE_SECONDS = 0.01


class Sweeps:
    """`go_on` does the next stretch of a partition's month end, and says whether more is left.

    While `paused` says so none is done; `failed` is given what one raises, after which its partition stays held back.
    """

    def __init__(
        self,
        go_on: Callable[[int], Awaitable[bool]],
        failed: Callable[[Exception], Awaitable[None]],
        paused: Callable[[], bool],
    ) -> None:
        self._go_on = go_on
        self._failed = failed
        self._paused = paused
        self._turn = asyncio.Lock()
        self._working = asyncio.Lock()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def start(self, partition: int) -> None:
        """Go on with a partition's month end, which has begun."""
        if partition not in self._tasks:
            self._tasks[partition] = asyncio.create_task(self._sweep(partition))

    def holds(self, partition: int) -> bool:
        """Whether a month end goes on whose effects are not all confirmed."""
        return partition in self._tasks

    async def settle(self) -> None:
        """Wait for the stretch that is being done; where `paused` says so, none follows."""
        async with self._working:
            return

    async def stop(self) -> None:
        """Leave all as it is."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _sweep(self, partition: int) -> None:
        try:
            async with self._turn:
                while await self._stretch(partition):
                    # Whoever waits for the partition, or for the loop, has a turn.
                    await asyncio.sleep(0)
        except Exception as error:
            await self._failed(error)
            return
        del self._tasks[partition]

    async def _stretch(self, partition: int) -> bool:
        while self._paused():
            await asyncio.sleep(PAUSE_SECONDS)
        async with self._working:
            return await self._go_on(partition)
