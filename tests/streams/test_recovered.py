import asyncio

import pytest

from streams.errors import StreamsError
from streams.outbox import Outbox
from streams.recovered import require_whole
from tests.acceptance.harness import Site

CHANGELOG = "vigie-firms-changelog"


def write(site: Site, records: int) -> None:
    async def run() -> None:
        outbox = Outbox(site.cluster, 30)
        await outbox.start()
        try:
            many = [(b"%09d" % n, b"x") for n in range(records)]
            await outbox.settled(CHANGELOG, await outbox.send_batches(CHANGELOG, 1, many))
        finally:
            await outbox.stop()

    asyncio.run(run())


def test_a_changelog_that_goes_on_behind_what_was_read_is_told(site: Site) -> None:
    write(site, 7)
    for read_to in ({1: 7}, {1: 9}):
        asyncio.run(require_whole(site.cluster, CHANGELOG, read_to, 1))
    # Of this one nothing was ever written.
    asyncio.run(require_whole(site.cluster, CHANGELOG, {}, 0))
    for read_to, told in (({1: 5}, "up to offset 5, and goes on to 7"), ({}, "up to offset 0, and goes on to 7")):
        with pytest.raises(StreamsError, match=told):
            asyncio.run(require_whole(site.cluster, CHANGELOG, read_to, 1))
