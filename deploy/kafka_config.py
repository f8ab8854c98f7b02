"""The settings of an embedded broker: a KRaft node, alone or one of several, that starts quickly and keeps records of
any date.
"""

from pathlib import Path
from typing import NamedTuple

FOR_EVER_MS = 2**63 - 1
YEAR_MINUTES = 366 * 24 * 60
MIB = 1024 * 1024
DATA_FOLDER = "log"
"""Relative to the process's working directory: Kafka splits the setting at commas and reads the file as Latin-1, so
that not every folder's full name could be written there."""


class Detour(NamedTuple):
    """A second listener, whose clients are told another port than its own: that of a proxy before it."""

    port: int
    told: int


class Guard(NamedTuple):
    """A listener of TLS and SCRAM-SHA-512, and Kafka's own authorizer behind every listener.

    Who comes by the plain listener of the loopback interface may do everything: whoever starts the broker gives users
    and rights by it.
    """

    port: int
    certificate: Path
    """PEM: private key and certificate of 127.0.0.1."""


class Seat(NamedTuple):
    """A node's place among those of its cluster, each of which is broker and controller."""

    node: int
    """Counted from 1."""
    controllers: tuple[int, ...]
    """The ports of all the nodes' controllers, in order."""


def broker_settings(
    port: int,
    seat: Seat,
    *,
    auto_create_topics: bool,
    detour: Detour | None = None,
    guard: Guard | None = None,
) -> dict[str, str]:
    """Kafka's own names and values."""
    listeners, told = [f"PLAINTEXT://127.0.0.1:{port}"], [f"PLAINTEXT://127.0.0.1:{port}"]
    if detour is not None:
        listeners.append(f"DETOUR://127.0.0.1:{detour.port}")
        told.append(f"DETOUR://127.0.0.1:{detour.told}")
    if guard is not None:
        listeners.append(f"GUARDED://127.0.0.1:{guard.port}")
        told.append(f"GUARDED://127.0.0.1:{guard.port}")
    return {
        "process.roles": "broker,controller",
        "node.id": str(seat.node),
        "listeners": ",".join([*listeners, f"CONTROLLER://127.0.0.1:{seat.controllers[seat.node - 1]}"]),
        "advertised.listeners": ",".join(told),
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,DETOUR:PLAINTEXT,GUARDED:SASL_SSL,CONTROLLER:PLAINTEXT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": ",".join(
            f"{node}@127.0.0.1:{controller}" for node, controller in enumerate(seat.controllers, start=1)
        ),
        "log.dirs": DATA_FOLDER,
        "auto.create.topics.enable": str(auto_create_topics).lower(),
        **(_guarded(guard) if guard is not None else {}),
        **_RECORDS_OF_ANY_DATE,
        **_own_topics(len(seat.controllers)),
        **_SMALL,
        **_QUICK_RESTART,
        **_QUICK_GROUPS,
    }


def _guarded(guard: Guard) -> dict[str, str]:
    mechanism = "SCRAM-SHA-512"
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "sasl.enabled.mechanisms": mechanism,
        f"listener.name.guarded.{mechanism.lower()}.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "listener.name.guarded.ssl.keystore.type": "PEM",
        "listener.name.guarded.ssl.keystore.location": str(guard.certificate),
    }


_RECORDS_OF_ANY_DATE = {
    # A record's timestamp is the day on which its event became known, 2016 or older: measured against the wall clock,
    # the usual week of retention would delete it at once.
    "log.retention.ms": "-1",
    # Brokers may refuse old records, and by default do refuse those an hour ahead; a live event may be a day ahead.
    "log.message.timestamp.before.max.ms": str(FOR_EVER_MS),
    "log.message.timestamp.after.max.ms": str(FOR_EVER_MS),
    # Segments roll by the time between records as well: ten years of events sent in a minute would make a file, with
    # its indexes, for every week of them. They roll by size alone.
    "log.roll.ms": str(FOR_EVER_MS),
    "log.segment.bytes": str(64 * MIB),
    # A demo taken up again after the usual week must find where its consumers were.
    "offsets.retention.minutes": str(YEAR_MINUTES),
}


def _own_topics(nodes: int) -> dict[str, str]:
    """Kafka's own topics on every node, and written once all but one have the record."""
    written = str(max(1, nodes - 1))
    return {
        "offsets.topic.replication.factor": str(nodes),
        "transaction.state.log.replication.factor": str(nodes),
        "transaction.state.log.min.isr": written,
        "share.coordinator.state.topic.replication.factor": str(nodes),
        "share.coordinator.state.topic.min.isr": written,
    }


_SMALL = {
    # Each partition costs files and start time; the defaults are 50.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "background.threads": "2",
    # 128 MiB by default, a third of the whole heap here.
    "log.cleaner.dedupe.buffer.size": str(8 * MIB),
}

_QUICK_RESTART = {
    # After a SIGKILL the controller holds the dead broker's place until its session is over, nine seconds by default.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "250",
}

_QUICK_GROUPS = {
    # A group's first member waits three seconds for others by default.
    "group.initial.rebalance.delay.ms": "0",
    # So that a test may notice a killed consumer within a second; each consumer chooses its own.
    "group.min.session.timeout.ms": "100",
}


def properties_text(settings: dict[str, str]) -> str:
    """A Java properties file. The values above need no escapes."""
    return "".join(f"{name}={value}\n" for name, value in settings.items())
