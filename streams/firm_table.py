"""The scorer's Faust table: one detection chain a partition, in columns, rebuilt from its changelog.

Faust assigns the partitions, reads the changelog and says when recovery is over; the columns and their records are
`detectors.pack`'s. A partition's memory goes with the partition.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import faust

from detectors import pack
from detectors.chain import Chain
from streams.batches import RecordsSchema

RECOVERY_BUFFER = 8
"""Changelog batches applied together."""


class FirmTable(faust.Table):  # type: ignore[misc]  # Faust has no types
    """`chains` has the chain of every partition at hand."""

    def __init__(self, app: Any, *, new_chain: Callable[[], Chain], **kwargs: Any) -> None:
        schema = RecordsSchema(key_type=bytes, value_type=bytes)
        super().__init__(app, **{**kwargs, "schema": schema, "recovery_buffer_size": RECOVERY_BUFFER})
        self.chains: dict[int, Chain] = {}
        self._new_chain = new_chain

    def chain(self, partition: int) -> Chain:
        """The chain of a partition, made when first asked for."""
        chain = self.chains.get(partition)
        if chain is None:
            chain = self.chains[partition] = self._new_chain()
        return chain

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Put recovered records back. A record that cannot be read stops the app: Faust would go on without it."""
        if self.app.should_stop:
            # Faust applies what is left once more as it stops: nobody needs it, and it could not end on an error.
            return
        for event in batch:
            records = [(r.key, r.value) for r in event.value]
            try:
                pack.load(self.chain(event.message.partition), records)
            except Exception as error:
                asyncio.ensure_future(self.app.crash(error))  # noqa: RUF006 - the app holds its crash
                raise

    async def on_rebalance(self, assigned: Any, revoked: Any, newly_assigned: Any, generation_id: int = 0) -> None:
        """Forget the partitions that went to others."""
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        for tp in revoked:
            if tp.topic == self.changelog_topic_name:
                self.chains.pop(tp.partition, None)
