import msgspec
import pytest

from deploy.embedded import KafkaServer
from streams.admin import Finding
from streams.cluster import Cluster
from streams.topics import EVENTS, TopicOptions, table
from tests.streams.test_admin import set_configs
from tests.vigie.commands.conftest import Vigie
from vigie.__main__ import main

NAMES = [topic.name for topic in table(TopicOptions())]


def findings(text: str) -> dict[str, Finding]:
    return {finding.topic: finding for finding in msgspec.json.decode(text, type=list[Finding])}


def test_created_once_then_as_it_should_be(vigie: Vigie) -> None:
    assert vigie("topics", "create", "--json")[0] == 0
    status, out, _ = vigie("topics", "create", "--json")
    assert status == 0
    assert {name: f.state for name, f in findings(out).items()} == dict.fromkeys(NAMES, "as it should be")
    status, out, _ = vigie("topics", "describe")
    assert status == 0
    assert f"{EVENTS}: as it should be, 8 partition(s), key: SIREN in ASCII" in out


@pytest.mark.usefixtures("topics")
def test_more_partitions_of_events_are_refused_even_with_alter(vigie: Vigie) -> None:
    status, out, _ = vigie("topics", "create", "--alter", "--partitions", "12", "--json")
    assert status == 1
    finding = findings(out)[EVENTS]
    assert (finding.state, finding.partitions) == ("differs", 8)
    (difference,) = finding.differences
    assert (difference.what, difference.found, difference.wanted) == ("partitions", "8", "12")
    assert "Set VIGIE_PARTITIONS=8" in difference.remedy


@pytest.mark.usefixtures("topics")
def test_a_changed_configuration_is_shown_and_mended_only_when_asked(vigie: Vigie, kafka: KafkaServer) -> None:
    set_configs(Cluster(kafka=kafka.bootstrap), EVENTS, {"retention.ms": "1000000000000"})
    for _ in range(2):
        status, out, _ = vigie("topics", "create")
        assert status == 1
        assert "retention.ms: found 1000000000000, wanted -1. vigie topics create --alter sets it." in out
    status, out, _ = vigie("topics", "create", "--alter", "--json")
    assert status == 0
    assert {f.state for name, f in findings(out).items() if name == EVENTS} == {"altered"}


def test_no_broker_names_the_setting(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["topics", "describe", "--kafka", "127.0.0.1:1", "--kafka-timeout-s", "0.5"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("vigie: error: no Kafka broker answered at 127.0.0.1:1 within 0.5 s")
    assert "VIGIE_KAFKA" in err
    assert "Traceback" not in err
