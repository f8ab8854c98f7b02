import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from detectors import models
from detectors.models import Model, prior
from streams.errors import StreamsError
from streams.models_topic import MODEL_KEY, ModelFollower
from tests.acceptance.harness import Site, until


def version(name: str) -> Model:
    return msgspec.structs.replace(prior(), version=name)


def publish(site: Site, *values: bytes | None) -> None:
    with site.producer() as producer:
        for value in values:
            producer.send("vigie.models", value, key=MODEL_KEY)


@asynccontextmanager
async def following(site: Site, changes: list[str]) -> AsyncIterator[ModelFollower]:
    follower = ModelFollower(site.cluster, prior(), lambda ready: changes.append(ready.model.version))
    await follower.start()
    try:
        yield follower
    finally:
        await follower.stop()


async def eventually(changes: list[str], last: str) -> None:
    await asyncio.to_thread(until, lambda: changes[-1:] == [last], f"model {last}", 10)


def test_an_empty_topic(site: Site) -> None:
    async def follow() -> None:
        changes: list[str] = []
        async with following(site, changes) as follower:
            assert (follower.found, follower.current.model, changes) == (False, prior(), [])
            assert models.decode(await follower.newest()) == prior()

    asyncio.run(follow())


def test_the_newest_wins_then_and_later(site: Site) -> None:
    publish(site, *(models.encode(version(f"v{n}")) for n in range(5)))

    async def follow() -> None:
        changes: list[str] = []
        async with following(site, changes) as follower:
            assert follower.found
            assert follower.current.model == version("v4")
            await asyncio.to_thread(publish, site, models.encode(version("v5")))
            await eventually(changes, "v5")
            assert changes == [f"v{n}" for n in range(6)]
            # The same again, as after a trainer's restart, changes nothing.
            await asyncio.to_thread(publish, site, models.encode(version("v5")), models.encode(version("v6")))
            await eventually(changes, "v6")
            assert changes.count("v5") == 1

    asyncio.run(follow())


def test_newest_waits_for_what_was_there_when_it_was_asked(site: Site) -> None:
    async def follow() -> None:
        async with following(site, []) as follower:
            for n in range(5):
                await asyncio.to_thread(publish, site, models.encode(version(f"v{n}")))
                assert models.decode(await follower.newest()) == version(f"v{n}")
            # Of one version the newer record: what it is learned on from may lack a firm since.
            anew = msgspec.structs.replace(version("v4"), learner=b"anew")
            await asyncio.to_thread(publish, site, models.encode(anew))
            assert models.decode(await follower.newest()) == anew

    asyncio.run(follow())


def test_what_cannot_be_used_is_passed_over_and_told(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    other = msgspec.structs.replace(version("other"), features=("x",), weights=(1.0,))
    publish(site, models.encode(version("good")), b"\xff", None, b"{}", models.encode(other))

    async def follow() -> None:
        with caplog.at_level(logging.WARNING):
            changes: list[str] = []
            async with following(site, changes) as follower:
                assert follower.current.model == version("good")
                assert changes == ["good"]

    asyncio.run(follow())
    told = [record.getMessage() for record in caplog.records if record.name == "streams.models_topic"]
    assert [message.split(" passed over")[0] for message in told] == [
        f"vigie.models at offset {offset}" for offset in (1, 3, 4)
    ]
    assert "other" in told[-1]


def test_a_missing_topic_names_the_remedy(site: Site) -> None:
    site.delete("vigie.models")

    async def start() -> None:
        follower = ModelFollower(site.cluster, prior(), lambda _: None)
        await follower.start()

    with pytest.raises(StreamsError, match=r"vigie\.models does not exist: .*vigie topics create"):
        asyncio.run(start())
