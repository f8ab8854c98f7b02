"""The cluster's settings as aiokafka and Faust spell them."""

import ssl
from typing import Any

import faust
from aiokafka.errors import KafkaConnectionError, KafkaError

from detectors.errors import UnusableInput
from streams.cluster import LOGIN_HINT, Cluster, ClusterError, ClusterUnreachable


def client(cluster: Cluster) -> dict[str, Any]:
    """The keyword arguments that every aiokafka client takes."""
    # Both clients spell these alike; only certificates and time-outs differ.
    shared = ("bootstrap_servers", "security_protocol", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password")
    settings = {name: value for name, value in cluster.client().items() if name in shared}
    return settings | {"ssl_context": _ssl_context(cluster)}


def faust_broker(cluster: Cluster) -> dict[str, Any]:
    """The same for a Faust app."""
    settings: dict[str, Any] = {"broker": [f"kafka://{server.strip()}" for server in cluster.kafka.split(",")]}
    context = _ssl_context(cluster)
    if cluster.kafka_protocol.startswith("SASL"):
        settings["broker_credentials"] = faust.SASLCredentials(
            username=cluster.kafka_user,
            password=cluster.kafka_password,
            mechanism=cluster.kafka_mechanism,
            ssl_context=context,
        )
    elif context is not None:
        settings["broker_credentials"] = faust.SSLCredentials(context)
    return settings


def told(cluster: Cluster, error: KafkaError) -> ClusterError | ClusterUnreachable:
    """What aiokafka raised, as an error that says where and what to do now."""
    if isinstance(error, KafkaConnectionError):
        # aiokafka says no more where a broker takes the connection and then not the protocol or the login.
        hint = LOGIN_HINT if "bootstrap" in str(error) else ""
        return ClusterUnreachable(
            f"no Kafka broker answered at {cluster.kafka} ({error}). Start it, or correct --kafka (VIGIE_KAFKA).{hint}"
        )
    return ClusterError(f"the cluster at {cluster.kafka} failed: {error!r}. Its own log says more.")


def _ssl_context(cluster: Cluster) -> ssl.SSLContext | None:
    if "SSL" not in cluster.kafka_protocol.split("_"):
        return None
    try:
        return ssl.create_default_context(cafile=cluster.kafka_ca)
    except OSError as error:
        raise UnusableInput(
            f"{cluster.kafka_ca} gives no authorities: {error.strerror or error}. Name a file of certificates in PEM "
            "with --kafka-ca (VIGIE_KAFKA_CA)."
        ) from error
