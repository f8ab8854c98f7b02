from collections import Counter

from streams.acl import Principals, commands, rights
from streams.topics import TopicOptions, table


def test_roles_that_share_a_user_have_the_rights_of_all_each_once() -> None:
    apart = rights(Principals())
    one = rights(Principals(scorer_user="worker", trainer_user="worker", dispatcher_user="worker"))
    assert max(Counter(one).values()) == 1
    workers = {"vigie-scorer", "vigie-trainer", "vigie-dispatcher"}
    assert {r[1:] for r in one if r.user == "worker"} == {r[1:] for r in apart if r.user in workers}


def test_every_topic_is_somebody_s_to_read_and_somebody_s_to_write() -> None:
    topics = {topic.name for topic in table(TopicOptions())}
    given = [r for r in rights(Principals()) if not r.prefixed and r.resource == "topic"]
    assert {r.name for r in given} == topics
    assert {r.name for r in given if r.operation == "Write"} == topics
    # The operator alone looks into the dead letters.
    assert topics - {r.name for r in given if r.operation == "Read"} == {"vigie.dead-letters"}


def test_as_commands_of_kafka_s_own_tool() -> None:
    lines = commands(rights(Principals(partner_user="urssaf")), "kafka-1:9093")
    assert (
        "kafka-acls.sh --bootstrap-server kafka-1:9093 --command-config admin.properties --add "
        "--allow-principal 'User:urssaf' --operation Write --topic 'vigie.events'"
    ) in lines
    assert sum(line.endswith("--resource-pattern-type prefixed") for line in lines) == 10
