import socket

import pytest
from kafka import errors

from detectors.errors import UnusableInput
from streams.cluster import Cluster, ClusterError, ClusterUnreachable, NotAuthorised, reach, told

LOGIN = Cluster(
    kafka="a:1,b:2", kafka_protocol="SASL_SSL", kafka_user="vigie", kafka_password="hunter2", kafka_ca="/ca.pem"
)


def test_plain_settings() -> None:
    assert Cluster(kafka="a:1,b:2", kafka_timeout_s=2).client() == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "PLAINTEXT",
        "bootstrap_timeout_ms": 2000,
    }


def test_settings_of_a_login() -> None:
    settings = LOGIN.client()
    assert settings["ssl_cafile"] == "/ca.pem"
    assert settings["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (settings["sasl_plain_username"], settings["sasl_plain_password"]) == ("vigie", "hunter2")


@pytest.mark.parametrize(("own", "missing"), [({}, "USER"), ({"kafka_user": "vigie"}, "PASSWORD.*_FILE")])
def test_a_login_without_a_name_or_a_secret_is_refused_at_once(own: dict[str, str], missing: str) -> None:
    with pytest.raises(UnusableInput, match=f"VIGIE_KAFKA_{missing}.* is not set"):
        Cluster(kafka_protocol="SASL_SSL", **own).client()  # type: ignore[arg-type] # only texts are given


def test_the_password_shows_nowhere() -> None:
    assert "hunter2" not in repr(LOGIN)
    for error in (errors.TopicAuthorizationFailedError("t"), errors.SaslAuthenticationFailedError("no")):
        with pytest.raises(NotAuthorised) as caught, told(LOGIN, "reading"):
            raise error
        assert "hunter2" not in str(caught.value)
        assert "user vigie" in str(caught.value)


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (errors.ClusterAuthorizationFailedError(), NotAuthorised),
        (errors.SaslAuthenticationFailedError(), NotAuthorised),
        (errors.KafkaTimeoutError("late"), ClusterUnreachable),
        (errors.NodeNotReadyError(1), ClusterUnreachable),
        (errors.UnknownTopicOrPartitionError(), ClusterError),
    ],
)
def test_failures_say_where_and_while_what(error: errors.KafkaError, becomes: type[Exception]) -> None:
    with pytest.raises(becomes) as caught, told(Cluster(kafka="a:1"), "counting sheep"):
        raise error
    assert type(caught.value) is becomes
    assert "a:1" in str(caught.value)
    assert "while counting sheep" in str(caught.value)


def test_a_broker_that_takes_connections_and_no_more_hints_at_the_login() -> None:
    with pytest.raises(ClusterUnreachable, match="VIGIE_KAFKA_PROTOCOL"), told(Cluster(kafka="a:1"), "connecting"):
        raise errors.KafkaTimeoutError("Unable to bootstrap from ['a:1']")


def test_only_what_may_pass_is_retriable() -> None:
    assert (ClusterUnreachable.retriable, ClusterError.retriable, NotAuthorised.retriable) == (True, False, False)


def test_other_errors_pass_through() -> None:
    with pytest.raises(KeyError), told(Cluster(), "counting"):
        raise KeyError


def test_one_server_that_answers_is_enough() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        reach(Cluster(kafka=f"127.0.0.1:1,127.0.0.1:{server.getsockname()[1]}", kafka_timeout_s=0.1))


def test_none_that_answers() -> None:
    with pytest.raises(ClusterUnreachable, match=r"at 127\.0\.0\.1:1 within 0\.1 s .*VIGIE_KAFKA"):
        reach(Cluster(kafka="127.0.0.1:1", kafka_timeout_s=0.1))


@pytest.mark.parametrize("text", ["", "localhost", "host:", ":9092", "host:name", "a:1,,b:2"])
def test_an_address_that_is_none(text: str) -> None:
    with pytest.raises(UnusableInput, match="VIGIE_KAFKA"):
        reach(Cluster(kafka=text, kafka_timeout_s=0.1))
