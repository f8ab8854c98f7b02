"""The scorer's table: one detection chain a partition, whose records are `detectors.pack`'s."""

from collections.abc import Callable
from typing import Any

from detectors import pack
from detectors.chain import Chain
from streams.column_table import ColumnTable


class FirmTable(ColumnTable[Chain]):
    """`chains` has the chain of every partition at hand."""

    def __init__(self, app: Any, *, new_chain: Callable[[], Chain], **kwargs: Any) -> None:
        super().__init__(app, new_state=new_chain, load=pack.load, **kwargs)
        self.chains = self.states

    def chain(self, partition: int) -> Chain:
        """The chain of a partition, made when first asked for."""
        return self.state(partition)
