import asyncio
from collections.abc import Callable, Iterator
from importlib import metadata
from io import BytesIO
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.protocol import fetch
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11, FetchResponse_v11
from hypothesis import given
from hypothesis import strategies as st
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from deploy.embedded import KafkaServer
from streams import fetch_codec

INT, LONG = st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1)
SHORT, BYTE = st.integers(-(2**15), 2**15 - 1), st.integers(-128, 127)
NAME = st.text(max_size=20)
ASKED = st.tuples(INT, INT, LONG, LONG, INT)
ANSWERED = st.tuples(
    INT, SHORT, LONG, LONG, LONG, st.none() | st.lists(st.tuples(LONG, LONG), max_size=3), INT,
    st.none() | st.binary(max_size=50),
)  # fmt: skip
FORGOTTEN = st.lists(st.tuples(NAME, st.lists(INT, max_size=3)), max_size=1)


def of_topics(partitions: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.tuples(NAME, st.lists(partitions, max_size=4)), max_size=3)


REQUESTS = st.tuples(INT, INT, INT, INT, BYTE, INT, INT, of_topics(ASKED), FORGOTTEN, NAME)
RESPONSES = st.tuples(INT, SHORT, INT, of_topics(ANSWERED))


@pytest.fixture
def installed() -> Iterator[None]:
    before = FetchRequest._CLASSES
    fetch_codec.install()
    yield
    FetchRequest._CLASSES = before


def test_aiokafka_is_the_one_that_this_was_written_against() -> None:
    assert metadata.version("aiokafka") == "0.14.0"
    assert FetchRequest._CLASSES[-1] in (FetchRequest_v11, fetch_codec.Request), "there is a newer version to speak"
    assert not hasattr(fetch, "FetchRequest_v12")


@given(REQUESTS)
def test_a_request_is_the_same_bytes(fields: tuple[Any, ...]) -> None:
    assert fetch_codec.Request(*fields).encode() == FetchRequest_v11(*fields).encode()


@given(RESPONSES, st.binary(max_size=8))
def test_an_answer_has_the_same_values_wherever_it_begins(fields: tuple[Any, ...], before: bytes) -> None:
    data = FetchResponse_v11(*fields).encode()
    behind = BytesIO(before + data)
    behind.read(len(before))
    for given_ in (BytesIO(data), data, behind):
        found = fetch_codec.Response.decode(given_)
        assert vars(found) == vars(FetchResponse_v11.decode(data)) == vars(FetchResponse_v11(*fields))
    assert found.API_VERSION == 11


@given(RESPONSES, st.data())
def test_an_answer_that_is_cut_short_is_refused(fields: tuple[Any, ...], data: Any) -> None:
    whole = FetchResponse_v11(*fields).encode()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    for decode in (FetchResponse_v11.decode, fetch_codec.Response.decode):
        with pytest.raises(ValueError, match=r"underrun|cut short|Error encountered"):
            decode(BytesIO(cut))


@pytest.mark.usefixtures("installed")
def test_a_request_of_consumers_is_of_it_where_the_broker_speaks_it() -> None:
    request = FetchRequest(100, 1, 1_000, 0, [("topic", [(0, 7, 500)])])
    asked = request.prepare({1: (4, 17)})
    assert isinstance(asked, fetch_codec.Request)
    assert asked.RESPONSE_TYPE is fetch_codec.Response
    assert asked.encode() == request.build(FetchRequest_v11).encode()
    assert not isinstance(request.prepare({1: (4, 10)}), fetch_codec.Request)


async def _read(kafka: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, 0)])
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


@pytest.mark.usefixtures("installed")
def test_a_real_broker_understands_and_is_understood(kafka: KafkaServer, topic_name: Callable[[str], str]) -> None:
    topic = topic_name("codec")
    admin = KafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    admin.create_topics([NewTopic(topic, 1, 1)])
    admin.wait_for_topics([topic])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=kafka.bootstrap)
    for n in range(50):
        producer.send(topic, b"%d" % n, partition=0)
    producer.close()
    assert asyncio.run(asyncio.wait_for(_read(kafka.bootstrap, topic, 50), 30)) == [b"%d" % n for n in range(50)]
