import gc
import socket
import threading
from collections.abc import Iterator

import pytest
from kafka import KafkaConsumer, KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.net.inet import create_connection
from kafka.net.selector import NetworkSelector

from streams.cluster import Cluster, ClusterUnreachable
from streams.kafka_client import ClosingSelector, opened


@pytest.fixture
def mute() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as server:
        server.settimeout(5)
        yield server


def loops() -> list[threading.Thread]:
    """The threads of kafka-python's clients."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("kafka-io")]


@pytest.mark.parametrize("kind", [KafkaConsumer, KafkaProducer, KafkaAdminClient])
def test_a_client_whose_making_fails_is_closed(mute: socket.socket, kind: type) -> None:
    before = loops()
    cluster = Cluster(kafka=f"127.0.0.1:{mute.getsockname()[1]}", kafka_timeout_s=0.2)
    with pytest.raises(ClusterUnreachable, match="while asking"), opened(kind, cluster, "asking"):
        pass
    assert loops() == before
    taken, _ = mute.accept()
    with taken:
        taken.settimeout(5)
        while taken.recv(4096):  # what it said before it gave up
            pass


def test_a_socket_that_was_still_connecting_is_closed() -> None:
    """The queue is full, so that the kernel never answers; without the selector this fails with a ResourceWarning."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, socket.create_connection(server.getsockname()):
        net = NetworkSelector(selector=ClosingSelector)
        net.call_soon(lambda: create_connection(net, *server.getsockname()))
        net.poll(timeout_ms=50)
        (connecting,) = [s for s in net._selector._watched if s not in (net._wakeup_r, net._wakeup_w)]
        assert connecting.fileno() >= 0
        net.close()
        assert connecting.fileno() < 0
        gc.collect()


def test_what_was_closed_is_not_kept() -> None:
    selector = ClosingSelector()
    for _ in range(3):
        one, other = socket.socketpair()
        with one, other:
            selector.register(one, 1)
            selector.unregister(one)
    assert len(selector._watched) == 1
    selector.close()
