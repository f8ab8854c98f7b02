import socket
from pathlib import Path

import pytest

from deploy.errors import PortTaken
from deploy.ports import free_ports, is_free, require_free


def test_free_ports_are_distinct_and_can_be_listened_on() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    listeners = []
    for port in ports:
        listener = socket.create_server(("127.0.0.1", port))
        listeners.append(listener)
    for listener in listeners:
        listener.close()


def test_two_calls_give_different_ports_although_nothing_listens_yet() -> None:
    assert not set(free_ports(3)) & set(free_ports(3))


def test_free_ports_lie_below_those_of_outgoing_connections() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    if lowest > 11_000:
        assert all(10_000 <= port < lowest for port in free_ports(20))


def test_a_taken_port_is_named_with_the_option_that_chooses_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert not is_free(port)
        with pytest.raises(PortTaken, match=rf"127\.0\.0\.1:{port}: the port is in use.*--kafka-port") as caught:
            require_free(port, "the embedded Kafka", "--kafka-port")
    assert caught.value.exit_status == 2
    require_free(port, "the embedded Kafka", "--kafka-port")
