"""The stream of events on a real server."""

import asyncio
import http.client
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager

import msgspec
import redis
from prometheus_client import CollectorRegistry

from alerts.actions import Actor, Note, Take
from alerts.console import places
from alerts.console.app import COOKIE
from alerts.console.feed import Feed
from alerts.console.metrics import ConsoleMetrics
from alerts.console.people import Person
from alerts.masking import Masked
from tests.alerts.console import site
from tests.alerts.making import live
from tests.alerts.publishing import Bench

FIRM, OTHER = "123456789", "710000000"
MARTIN = Actor("a.martin")
PATIENCE_SECONDS = 30.0


@asynccontextmanager
async def feeding(client: redis.Redis, most_waiting: int = 256) -> AsyncIterator[Feed]:
    metrics = ConsoleMetrics(CollectorRegistry())
    feed = Feed(site.desk(client), lambda: iter([0.01] * 1000), metrics, block_ms=20, most_waiting=most_waiting)
    feed.start()
    try:
        yield feed
    finally:
        await feed.stop()


async def taken(stream: AsyncIterator[bytes], count: int) -> list[tuple[str, dict[str, str]]]:
    """So many events of a stream: id and content."""
    found: list[tuple[str, dict[str, str]]] = []
    async for chunk in stream:
        if chunk.startswith(b"id: "):
            name, data = chunk.decode().strip().split("\ndata: ")
            found.append((name.removeprefix("id: "), msgspec.json.decode(data)))
        if len(found) == count:
            break
    return found


def note(client: redis.Redis, number: int, department: str = "21", siren: str = FIRM) -> None:
    site.desk(client).act(department, siren, Note(f"note {number}"), MARTIN)


def test_a_page_that_comes_back_misses_nothing_and_sees_nothing_twice(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live(), live(1, siren=OTHER, department="71"))
    queues = ("21", "71")
    begun = {queue: end.decode() for queue, end in site.desk(client).ends(queues).items()}

    async def run() -> list[tuple[str, dict[str, str]]]:
        found: list[tuple[str, dict[str, str]]] = []
        last = places.written(begun)
        async with feeding(client) as feed:
            for round_ in range(4):
                # Some happen while nobody reads, some while somebody does.
                for number in range(3):
                    await asyncio.to_thread(note, client, number)
                stream = feed.follow(places.read(last, queues), lambda: True, heartbeat_seconds=0.05)
                first = await taken(stream, 2)
                await asyncio.to_thread(note, client, round_, "71", OTHER)
                rest = await taken(stream, 2 if round_ % 2 else 1)
                found += first + rest
                last = found[-1][0]
                await stream.aclose()  # type: ignore[attr-defined]  # an async generator's
            return found + await taken(feed.follow(places.read(last, queues), lambda: True, heartbeat_seconds=0.05), 2)

    found = asyncio.run(run())
    written = [entry for queue in queues for entry in site.desk(client).since(queue, begun[queue])]
    assert len(found) == len(written) == 16
    for queue in queues:
        ours = [(content["siren"], content["at"]) for _, content in found if content["department"] == queue]
        assert [siren for siren, _ in ours] == [entry.siren for entry in written if entry.queue == queue]
    ends = {queue: end.decode() for queue, end in site.desk(client).ends(queues).items()}
    assert places.read(found[-1][0], queues) == ends


def test_a_page_that_does_not_read_is_dropped_and_the_others_go_on(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live())
    begun = site.desk(client).ends(("21",))["21"].decode()

    async def run() -> tuple[list[str], list[str]]:
        async with feeding(client, most_waiting=3) as feed:
            slow = feed.follow({"21": begun}, lambda: True, heartbeat_seconds=0.05)
            quick = feed.follow({"21": begun}, lambda: True, heartbeat_seconds=0.05)
            note(client, 0)
            got = [name for name, _ in await taken(slow, 1)] + [name for name, _ in await taken(quick, 1)]
            seen = got[1:]
            for number in range(1, 8):
                await asyncio.to_thread(note, client, number)
                seen += [name for name, _ in await taken(quick, 1)]
            late = [name for name, _ in await taken(slow, 99)]
            again = feed.follow(places.read((got[:1] + late)[-1], ("21",)), lambda: True, heartbeat_seconds=0.05)
            return seen, got[:1] + late + [name for name, _ in await taken(again, 8 - 1 - len(late))]

    quick, slow = asyncio.run(run())
    assert quick == slow
    assert len(set(quick)) == 8


def test_a_stream_tells_nobody_what_is_masked(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live(), live(1, kind="jump", probability=0.6))

    async def run(masked: Masked) -> list[str]:
        async with feeding(client) as feed:
            stream = feed.follow({"21": "0-0"}, lambda: True, masked=masked, heartbeat_seconds=0.05)
            return [content["action"] for _, content in await taken(stream, 2)]

    assert asyncio.run(run(frozenset())) == ["opened", "rose"]
    assert asyncio.run(run(frozenset({"score"}))) == ["opened", "joined"]


def test_a_stream_ends_with_its_session_and_reads_no_other_department(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live(), live(1, siren=OTHER, department="71"))
    lasts = True

    async def run() -> list[tuple[str, dict[str, str]]]:
        nonlocal lasts
        async with feeding(client) as feed:
            stream = feed.follow({"21": "0-0"}, lambda: lasts, heartbeat_seconds=0.05)
            first = await taken(stream, 1)
            await asyncio.to_thread(note, client, 1, "71", OTHER)
            await asyncio.to_thread(note, client, 2)
            first += await taken(stream, 1)
            lasts = False
            return first + await asyncio.wait_for(taken(stream, 1), PATIENCE_SECONDS)

    found = asyncio.run(run())
    assert [(content["department"], content["action"]) for _, content in found] == [("21", "opened"), ("21", "note")]
    # A time in an id may have a 71 among its digits.
    assert "71" not in re.sub(r"@\d+-\d+", "@", str(found))


def read_until(answer: http.client.HTTPResponse, wanted: Callable[[bytes], bool]) -> bytes:
    found, deadline = b"", time.monotonic() + PATIENCE_SECONDS
    while not wanted(found):
        assert time.monotonic() < deadline, found
        found += answer.readline()
    return found


def test_over_http_an_action_is_told_at_once_and_last_event_id_goes_on(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live(), live(1, siren=OTHER, department="71"))
    settings = site.settings(client)
    session = settings.sessions.begin(Person("a.martin", ("21",), True))
    with site.listening(settings) as port:

        @contextmanager
        def connected(**headers: str) -> Iterator[http.client.HTTPResponse]:
            end = places.written({"21": site.desk(client).ends(("21",))["21"].decode()})
            headers["Cookie"] = f"{COOKIE}={session.id}"
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
            with closing(connection):
                connection.request("GET", f"/stream?after={end}", headers=headers)
                with connection.getresponse() as answer:
                    yield answer

        with connected() as answer:
            assert answer.getheader("Content-Type", "").startswith("text/event-stream")
            site.desk(client).act("71", OTHER, Take(), MARTIN)
            site.desk(client).act("21", FIRM, Take(), MARTIN)
            told = read_until(answer, lambda found: b'"action":"take"' in found)
        assert OTHER.encode() not in told
        last = told.partition(b"id: ")[2].splitlines()[0].decode()
        note(client, 1)
        with connected(**{"Last-Event-ID": last}) as answer:
            told = read_until(answer, lambda found: b"data: " in found)
        assert b'"action":"note"' in told


def test_a_server_that_is_told_to_stop_ends_the_streams_of_open_pages(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live())
    settings = site.settings(client)
    session = settings.sessions.begin(Person("a.martin", ("21",), True))
    with closing(http.client.HTTPConnection("127.0.0.1", timeout=PATIENCE_SECONDS)) as connection:
        with site.listening(settings) as port:
            connection.port = port
            connection.request("GET", "/stream", headers={"Cookie": f"{COOKIE}={session.id}"})
            answer = connection.getresponse()
            read_until(answer, lambda found: b"data: " in found)
        # The server has stopped, which it does after its connections: the answer is whole.
        assert answer.read().strip() in (b"", b":"), "and has an end"
        answer.close()
