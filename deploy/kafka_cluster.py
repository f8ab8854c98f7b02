"""Several embedded brokers that are one cluster, each of them broker and controller."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from deploy.kafka_config import Seat
from deploy.kafka_server import KafkaOptions, KafkaServer, start_kafka
from deploy.ports import free_ports

HEAP_MIB = 256

T = TypeVar("T")


class KafkaCluster:
    """Running brokers; `brokers[i]` is node i + 1. A context manager: at its end all are stopped for good."""

    def __init__(self, brokers: Sequence[KafkaServer]) -> None:
        self.brokers = tuple(brokers)

    @property
    def bootstrap(self) -> str:
        """host:port of each, separated by commas, as clients take it."""
        return ",".join(broker.bootstrap for broker in self.brokers)

    def start_again(self) -> None:
        """Start those that do not run, all at once: until most are there none can answer."""
        _together([broker.start_again for broker in self.brokers])

    def stop(self) -> None:
        """End them all, cleanly where most are there still. May be called again."""
        _together([broker.stop for broker in self.brokers])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def start_cluster(options: KafkaOptions | None = None, brokers: int = 3) -> KafkaCluster:
    """Start so many brokers on temporary data, and return once each answers. Raises what `start_kafka` does."""
    options = replace(options or KafkaOptions(), kafka_data=None, kafka_port=0, kafka_heap_mib=HEAP_MIB)
    controllers = tuple(free_ports(brokers))
    with ExitStack() as stack:

        def start(node: int) -> KafkaServer:
            return stack.enter_context(start_kafka(options, seat=Seat(node, controllers)))

        cluster = KafkaCluster(_together([partial(start, node) for node in range(1, brokers + 1)]))
        stack.pop_all()
    return cluster


def _together(works: Sequence[Callable[[], T]]) -> list[T]:
    """Do all at the same time; their results in order. Raises, once all have ended, what the first that failed did."""
    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(work) for work in works]]
