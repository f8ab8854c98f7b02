import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from faust.types.tuples import TP

from detectors import pack
from detectors.batch import batch_of
from detectors.chain import Chain
from detectors.models import prior
from detectors.pack import UnreadableState
from streams.batches import BatchApp
from streams.firm_table import FirmTable
from streams.topics import CHANGELOG
from tests.detectors.making import SIREN, clock, debt, firm, headcount
from tests.streams.received import Received


def made(reached: Sequence[Any] = ()) -> Chain:
    chain = Chain(prior())
    list(
        chain.step(
            batch_of(
                [clock(date(2018, 1, 1)), firm(name="É"), headcount(), debt(), *reached], np.arange(4 + len(reached))
            )
        )
    )
    return chain


def written(chain: Chain) -> list[Received]:
    """The changelog of a chain."""
    rows = np.arange(len(chain.panel))
    records = [*pack.firm_records(chain.panel, rows), pack.clock_record(chain.time)]
    for parts in chain.pending.values():
        records += [record for cohort in parts.values() for record in pack.cohort_records(cohort)]
    return [Received(key, value) for key, value in records]


def event(partition: int, records: Iterable[Received]) -> SimpleNamespace:
    """A batch as Faust hands it to a table."""
    return SimpleNamespace(value=records, message=SimpleNamespace(partition=partition, offset=0))


def with_table(run: Callable[[BatchApp, FirmTable], Any]) -> None:
    async def main() -> None:
        app = BatchApp("vigie-test", broker="kafka://127.0.0.1:1", store="memory://")
        table = FirmTable(app, new_chain=lambda: Chain(prior()), name="firms", partitions=4)
        result = run(app, table)
        if result is not None:
            await result

    asyncio.run(main())


def test_state_comes_back_partition_by_partition() -> None:
    one, other = made(), made([clock(date(2018, 4, 1))])

    def recover(_: BatchApp, table: FirmTable) -> None:
        records = written(one)
        table.apply_changelog_batch([event(0, records[:1]), event(2, written(other)), event(0, records[1:])])
        assert set(table.chains) == {0, 2}
        for partition, chain in ((0, one), (2, other)):
            assert written(table.chain(partition)) == written(chain)
            assert (table.chain(partition).day, table.chain(partition).swept) == (chain.day, chain.swept)
            assert table.chain(partition).panel.names == ["É"]

    with_table(recover)


def test_the_changelog_s_name_is_the_topic_s() -> None:
    def look(_: BatchApp, table: FirmTable) -> None:
        # The app of the worker has the id `vigie`.
        assert table.changelog_topic_name.replace("vigie-test", "vigie") == CHANGELOG

    with_table(look)


def test_a_record_that_cannot_be_read_stops_the_app() -> None:
    bad = Received(SIREN.encode(), b"\xff" + bytes(100))

    async def crashed(app: BatchApp) -> None:
        await asyncio.sleep(0.05)
        assert isinstance(app.crash_reason, UnreadableState)

    def recover(app: BatchApp, table: FirmTable) -> Any:
        with pytest.raises(UnreadableState, match=rf"{SIREN}.*format 255"):
            table.apply_changelog_batch([event(1, [bad])])
        return crashed(app)

    with_table(recover)


def test_partitions_that_went_to_others_are_forgotten() -> None:
    def tps(*partitions: int) -> set[TP]:
        return {TP("vigie-test-firms-changelog", p) for p in partitions}

    async def rebalance(table: FirmTable) -> None:
        for partition in range(3):
            table.chain(partition)
        kept = table.chain(2)
        await table.on_rebalance(tps(2, 3), tps(0) | {TP("another", 2)}, tps(3))
        assert set(table.chains) == {1, 2}
        assert table.chain(2) is kept

    with_table(lambda _, table: rebalance(table))
