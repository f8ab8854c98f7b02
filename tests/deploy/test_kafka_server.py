"""The embedded broker's life; `test_kafka_clients` has what clients do with it."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from deploy.embedded import KafkaOptions, KafkaServer, start_kafka
from deploy.errors import DiedDuringStart, FolderUnusable, JarsUnavailable, PortTaken

pytestmark = pytest.mark.embedded

TOPIC = "kept"


def produce(server: KafkaServer, *values: bytes) -> None:
    producer = KafkaProducer(bootstrap_servers=server.bootstrap)
    for value in values:
        producer.send(TOPIC, value, partition=0).get(10)
    producer.close()


def consume(server: KafkaServer, count: int) -> list[bytes]:
    consumer = KafkaConsumer(
        bootstrap_servers=server.bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=20_000
    )
    consumer.assign([TopicPartition(TOPIC, 0)])
    values = [next(consumer).value for _ in range(count)]
    consumer.close()
    return values


def create_topic(server: KafkaServer) -> None:
    admin = KafkaAdminClient(bootstrap_servers=server.bootstrap)
    admin.create_topics([NewTopic(TOPIC, 1, 1)])
    admin.close()


def test_records_outlast_a_kill_and_a_new_server_on_the_same_folder(
    kafka_options: KafkaOptions, tmp_path: Path
) -> None:
    options = replace(kafka_options, kafka_data=tmp_path / "l'été, encore")
    with start_kafka(options) as server:
        address = server.bootstrap
        create_topic(server)
        produce(server, b"before the kill")
        server.kill()
        assert not server.running
        server.start_again()
        assert server.bootstrap == address
        produce(server, b"after it")
        with pytest.raises(FolderUnusable, match="in use by another server"):
            start_kafka(options)
    with start_kafka(options) as server:
        assert server.bootstrap != address
        assert consume(server, 2) == [b"before the kill", b"after it"]


def test_a_taken_port_is_refused_at_once(kafka_options: KafkaOptions) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(PortTaken, match=f"{listener.getsockname()[1]}.*--kafka-port"),
    ):
        start_kafka(replace(kafka_options, kafka_port=listener.getsockname()[1]))


def test_without_jars_and_network_it_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(JarsUnavailable, match=r"kafka_2\.13-.*VIGIE_KAFKA="):
        start_kafka(KafkaOptions(cache=tmp_path, kafka_data=tmp_path / "data", maven_url="http://127.0.0.1:9/maven2"))
    assert not (tmp_path / "data").exists()


def test_a_broker_that_dies_tells_its_last_words(kafka_options: KafkaOptions, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "meta.properties").write_text("version=1\ncluster.id=other\nnode.id=42\n")
    with pytest.raises(DiedDuringStart, match=r"(?s)before it answered.*VIGIE_KAFKA.*42"):
        start_kafka(replace(kafka_options, kafka_data=tmp_path))
