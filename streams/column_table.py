"""A Faust table whose partitions are columns, each rebuilt from the changelog a batch of records at a time.

Faust assigns the partitions, reads the changelog and says when recovery is over; what a partition's state is, and how
it takes its records back, is for who makes the table to say. A partition's memory goes with the partition.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import faust

from streams.batches import RecordsSchema

RECOVERY_BUFFER = 2
"""Changelog batches applied together."""

State = TypeVar("State")
Record = tuple[bytes, bytes | None]
"""Key and value; None takes the key away."""


class ColumnTable(faust.Table, Generic[State]):  # type: ignore[misc]  # Faust has no types
    """`states` has the state of every partition at hand; `load` puts records back into one, oldest first."""

    def __init__(
        self,
        app: Any,
        *,
        new_state: Callable[[], State],
        load: Callable[[State, Iterable[Record]], None],
        **kwargs: Any,
    ) -> None:
        schema = RecordsSchema(key_type=bytes, value_type=bytes)
        super().__init__(app, **{**kwargs, "schema": schema, "recovery_buffer_size": RECOVERY_BUFFER})
        self.states: dict[int, State] = {}
        self.read_to: dict[int, int] = {}
        """The offset behind the last record of the changelog that was put back, by partition."""
        self.assignments = 0
        """How often partitions were assigned, the same ones again included."""
        self._new_state = new_state
        self._load = load

    def state(self, partition: int) -> State:
        """The state of a partition, made when first asked for."""
        state = self.states.get(partition)
        if state is None:
            state = self.states[partition] = self._new_state()
        return state

    def apply_changelog_batch(self, batch: Iterable[Any]) -> None:
        """Put recovered records back. A record that cannot be read stops the app: Faust would go on without it."""
        if self.app.should_stop:
            # Faust applies what is left once more as it stops: nobody needs it, and it could not end on an error.
            return
        for event in batch:
            records = [(r.key, r.value) for r in event.value]
            try:
                self._load(self.state(event.message.partition), records)
                self.read_to[event.message.partition] = event.message.offset + 1
            except Exception as error:
                asyncio.ensure_future(self.app.crash(error))  # noqa: RUF006 - the app holds its crash
                raise

    async def on_rebalance(self, assigned: Any, revoked: Any, newly_assigned: Any, generation_id: int = 0) -> None:
        """Forget the partitions that went to others."""
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
        self.assignments += 1
        for tp in revoked:
            if tp.topic == self.changelog_topic_name:
                self.states.pop(tp.partition, None)
                self.read_to.pop(tp.partition, None)
