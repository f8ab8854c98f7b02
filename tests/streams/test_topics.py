import pytest

from streams import topics
from streams.topics import ALERTS, CHANGELOG, DEAD_LETTERS, EVENTS, EXAMPLES, MODELS, Topic, TopicOptions, table


def by_name(options: TopicOptions | None = None) -> dict[str, Topic]:
    return {topic.name: topic for topic in table(options or TopicOptions())}


def test_every_named_topic_is_in_the_table() -> None:
    assert set(by_name()) == {EVENTS, ALERTS, EXAMPLES, MODELS, DEAD_LETTERS, CHANGELOG}


@pytest.mark.parametrize("partitions", [1, 8, 24])
def test_state_lies_beside_its_events(partitions: int) -> None:
    found = {name: topic.partitions for name, topic in by_name(TopicOptions(partitions=partitions)).items()}
    assert found[EVENTS] == found[CHANGELOG] == found[ALERTS] == partitions
    assert found[EXAMPLES] == found[MODELS] == found[DEAD_LETTERS] == 1


def test_history_outlives_its_own_timestamps() -> None:
    for name in (EVENTS, ALERTS, EXAMPLES):
        configs = by_name()[name].configs
        assert (configs["cleanup.policy"], configs["retention.ms"], configs["retention.bytes"]) == (
            "delete",
            "-1",
            "-1",
        )
        assert int(configs["segment.ms"]) > 50 * 365 * topics.DAY_MS


def test_what_is_read_from_its_end_is_compacted() -> None:
    assert {name for name, topic in by_name().items() if topic.configs["cleanup.policy"] == "compact"} == {
        MODELS,
        CHANGELOG,
    }


def test_no_topic_whose_order_counts_may_grow() -> None:
    assert [name for name, topic in by_name().items() if topic.can_grow] == [DEAD_LETTERS]


def test_replicas_are_the_clusters_own_unless_asked() -> None:
    for topic in by_name().values():
        assert topic.replication_factor == -1
        assert "min.insync.replicas" not in topic.configs
    for topic in by_name(TopicOptions(replication_factor=3, min_insync_replicas=2)).values():
        assert topic.replication_factor == 3
        assert topic.configs["min.insync.replicas"] == "2"


def test_the_dead_letters_have_room_for_any_refused_event() -> None:
    found = by_name()
    # Six bytes of JSON for a control character, and some for the letter itself.
    assert int(found[DEAD_LETTERS].configs["max.message.bytes"]) > 6 * int(found[EVENTS].configs["max.message.bytes"])
