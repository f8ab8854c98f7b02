"""Which Kafka cluster, and how to speak to it with kafka-python: one place for its settings and its failures.

ClusterError                the cluster answered, with a refusal
├── NotAuthorised           it knows this user, who may not do this
ClusterUnreachable          nothing answered in time (retriable)
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from detectors.errors import UnusableInput, VigieError
from detectors.options import option

_RETRY_SECONDS = 0.2
LOGIN_HINT = (
    " If it is up, it did not take what was said to it: check VIGIE_KAFKA_PROTOCOL, and with SASL VIGIE_KAFKA_USER, "
    "VIGIE_KAFKA_PASSWORD and VIGIE_KAFKA_MECHANISM."
)


class ClusterError(VigieError):
    """The cluster refused a request."""


class NotAuthorised(ClusterError):
    """The cluster's access rules do not let this user do that."""


class ClusterUnreachable(VigieError):
    """No broker answered in time."""

    retriable = True


@dataclass(frozen=True, repr=False)
class Cluster:
    """Where the cluster is and how to log in; no repr, so that the password shows nowhere."""

    kafka: str = option("127.0.0.1:9092", "Kafka bootstrap servers, host:port, separated by commas.")
    kafka_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = option(
        "PLAINTEXT", "How the brokers are spoken to."
    )
    kafka_ca: str | None = option(None, "File with the authorities that sign the brokers' certificates (PEM).")
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = option(
        "SCRAM-SHA-512", "How to log in, with the SASL protocols."
    )
    kafka_user: str | None = option(None, "User to log in as, with the SASL protocols.")
    kafka_password: str | None = option(None, "Password of that user.", secret=True)
    kafka_timeout_s: float = option(10.0, "How long to wait for a broker to answer.", unit="seconds")

    def client(self) -> dict[str, Any]:
        """The keyword arguments that every kafka-python client takes."""
        settings: dict[str, Any] = {
            "bootstrap_servers": self.kafka.split(","),
            "security_protocol": self.kafka_protocol,
            "bootstrap_timeout_ms": int(self.kafka_timeout_s * 1000),
        }
        if "SSL" in self.kafka_protocol.split("_"):
            settings["ssl_cafile"] = self.kafka_ca
        if self.kafka_protocol.startswith("SASL"):
            self._require_login()
            settings |= {
                "sasl_mechanism": self.kafka_mechanism,
                "sasl_plain_username": self.kafka_user,
                "sasl_plain_password": self.kafka_password,
            }
        return settings

    def _require_login(self) -> None:
        """The clients themselves would fail far from the cause."""
        either = "VIGIE_KAFKA_PASSWORD (or VIGIE_KAFKA_PASSWORD_FILE)"
        for value, name in ((self.kafka_user, "VIGIE_KAFKA_USER"), (self.kafka_password, either)):
            if not value:
                raise UnusableInput(
                    f"{self.kafka_protocol} asks for a login, and {name} is not set. Set it, or give another "
                    "--kafka-protocol (VIGIE_KAFKA_PROTOCOL)."
                )


def reach(cluster: Cluster) -> None:
    """Return once a bootstrap server takes connections; to be called before a client is made.

    kafka-python says less about why its own first contact failed. Raises ClusterUnreachable after the cluster's
    timeout, UnusableInput for an address that is none.
    """
    addresses = [_address(text) for text in cluster.kafka.split(",")]
    deadline = time.monotonic() + cluster.kafka_timeout_s
    while True:
        reasons = [reason for address in addresses if (reason := _refusal(address, deadline)) is not None]
        if len(reasons) < len(addresses):
            return
        if time.monotonic() >= deadline:
            raise _unreachable(cluster, "connecting", "; ".join(reasons))
        time.sleep(_RETRY_SECONDS)


@contextmanager
def told(cluster: Cluster, doing: str) -> Iterator[None]:
    """Turn what kafka-python raises into errors that say what was being done, where, and what to do now.

    `doing` completes "while ...". Raises ClusterUnreachable, NotAuthorised or ClusterError.
    """
    # Here, so that a command may have a cluster's options without its client being loaded, or installed.
    from kafka import errors

    try:
        yield
    except errors.AuthorizationError as error:
        raise NotAuthorised(
            f"the cluster at {cluster.kafka} refused user {cluster.kafka_user or 'anonymous'} while {doing}: "
            f"{_reason(error)}. Have its operator grant that right, or log in as another user (VIGIE_KAFKA_USER)."
        ) from error
    except errors.SaslAuthenticationFailedError as error:
        raise NotAuthorised(
            f"the cluster at {cluster.kafka} did not let user {cluster.kafka_user or 'anonymous'} in while {doing}: "
            f"{_reason(error)}. Check VIGIE_KAFKA_USER, VIGIE_KAFKA_PASSWORD and VIGIE_KAFKA_MECHANISM."
        ) from error
    except (errors.KafkaTimeoutError, errors.KafkaConnectionError, errors.NodeNotReadyError) as error:
        # What kafka-python says where a broker takes the connection and then not the protocol or the login.
        hint = LOGIN_HINT if "bootstrap" in str(error) else ""
        raise _unreachable(cluster, doing, _reason(error), hint) from error
    except errors.KafkaError as error:
        raise ClusterError(
            f"the cluster at {cluster.kafka} failed while {doing}: {_reason(error)}. Its own log says more."
        ) from error


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.strip().rpartition(":")
    if not host or not port.isdecimal():
        raise UnusableInput(f"{text!r} in --kafka (VIGIE_KAFKA) is not host:port, as in 127.0.0.1:9092.")
    return host.strip("[]"), int(port)


def _refusal(address: tuple[str, int], deadline: float) -> str | None:
    """Why an address takes no connection, or None."""
    try:
        socket.create_connection(address, max(_RETRY_SECONDS, deadline - time.monotonic())).close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _unreachable(cluster: Cluster, doing: str, reason: str, hint: str = "") -> ClusterUnreachable:
    return ClusterUnreachable(
        f"no Kafka broker answered at {cluster.kafka} within {cluster.kafka_timeout_s:g} s while {doing} ({reason}). "
        f"Start it, or correct --kafka (VIGIE_KAFKA).{hint}"
    )


def _reason(error: Exception) -> str:
    text = " ".join(str(part) for part in error.args).rstrip(". :")
    return f"{type(error).__name__}, {text}" if text else type(error).__name__
