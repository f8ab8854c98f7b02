import ssl
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaError

from detectors.errors import UnusableInput
from streams import aio
from streams.cluster import Cluster, ClusterError, ClusterUnreachable

LOGIN: dict[str, Any] = {"kafka_user": "vigie", "kafka_password": "not shown"}


def test_without_a_login() -> None:
    cluster = Cluster(kafka="a:1, b:2")
    settings = aio.client(cluster)
    assert [server.strip() for server in settings.pop("bootstrap_servers")] == ["a:1", "b:2"]
    assert settings == {"security_protocol": "PLAINTEXT", "ssl_context": None}
    assert aio.faust_broker(cluster) == {"broker": ["kafka://a:1", "kafka://b:2"]}


def test_a_login_in_clear() -> None:
    cluster = Cluster(kafka_protocol="SASL_PLAINTEXT", kafka_mechanism="PLAIN", **LOGIN)
    settings = aio.client(cluster)
    assert (settings["sasl_plain_username"], settings["sasl_plain_password"]) == ("vigie", "not shown")
    assert (settings["sasl_mechanism"], settings["ssl_context"]) == ("PLAIN", None)
    credentials = aio.faust_broker(cluster)["broker_credentials"]
    assert credentials.protocol.value == "SASL_PLAINTEXT"
    assert (credentials.username, credentials.password, credentials.mechanism.value) == ("vigie", "not shown", "PLAIN")


def test_a_login_within_tls() -> None:
    cluster = Cluster(kafka_protocol="SASL_SSL", **LOGIN)
    assert isinstance(aio.client(cluster)["ssl_context"], ssl.SSLContext)
    credentials = aio.faust_broker(cluster)["broker_credentials"]
    assert credentials.protocol.value == "SASL_SSL"
    assert credentials.mechanism.value == "SCRAM-SHA-512"
    assert credentials.ssl_context.verify_mode is ssl.CERT_REQUIRED
    assert credentials.ssl_context.check_hostname


def test_tls_alone() -> None:
    cluster = Cluster(kafka_protocol="SSL")
    assert aio.faust_broker(cluster)["broker_credentials"].protocol.value == "SSL"
    assert aio.client(cluster)["ssl_context"].check_hostname


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_authorities_that_cannot_be_read(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UnusableInput, match=r"ca\.pem.*VIGIE_KAFKA_CA"):
        aio.client(Cluster(kafka_protocol="SSL", kafka_ca=str(file)))


def test_failures_say_where_and_what_to_do() -> None:
    cluster = Cluster(kafka="a:1")
    away = aio.told(cluster, KafkaConnectionError("nobody there"))
    assert isinstance(away, ClusterUnreachable)
    assert away.retriable
    assert "a:1" in str(away)
    assert "VIGIE_KAFKA" in str(away)
    other = aio.told(cluster, KafkaError("broken"))
    assert isinstance(other, ClusterError)
    assert "broken" in str(other)
