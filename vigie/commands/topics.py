"""`vigie topics`: the topics on a cluster, created or compared, and the rights on them."""

import click
import msgspec

from streams import acl as acls
from streams.admin import Finding, connect
from streams.cluster import Cluster
from streams.topics import Topic, TopicOptions, table
from vigie.settings import options_of

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON array instead of text.")


@click.group()
def command() -> None:
    """Create the topics on a Kafka cluster, or compare them."""


@command.command()
@options_of(Cluster, TopicOptions)
@click.option(
    "--alter",
    is_flag=True,
    help="Mend what can be mended without harm: configurations, and partitions where no order depends on them.",
)
@_json_option
@click.pass_context
def create(context: click.Context, cluster: Cluster, options: TopicOptions, alter: bool, as_json: bool) -> None:
    """Create the topics that are missing, and compare the others.

    May be run again and at the same time as others. A topic that is there is left as it is, unless --alter. Exit
    status 1 where a topic still differs.
    """
    with connect(cluster) as admin:
        _report(context, admin.create(table(options), alter=alter), table(options), as_json)


@command.command()
@options_of(Cluster, acls.Principals)
@click.option(
    "--apply", is_flag=True, help="Give the rights that are missing; asks for a user who may alter the cluster."
)
@click.pass_context
def acl(context: click.Context, cluster: Cluster, users: acls.Principals, apply: bool) -> None:
    """Print the rights of each role's Kafka user as commands of kafka-acls.sh, or give them.

    With --apply, rights beyond the table are told and left, with exit status 1.
    """
    wanted = acls.rights(users)
    if not apply:
        for line in acls.commands(wanted, cluster.kafka):
            click.echo(line)
        return
    applied = acls.apply(cluster, wanted)
    click.echo(f"{applied.added} right(s) given, {applied.present} there already")
    for words in applied.extra:
        click.echo(f"beyond its role: {words}. kafka-acls.sh --remove takes it away.")
    if applied.extra:
        context.exit(1)


@command.command()
@options_of(Cluster, TopicOptions)
@_json_option
@click.pass_context
def describe(context: click.Context, cluster: Cluster, options: TopicOptions, as_json: bool) -> None:
    """Compare each topic with what it should be; changes nothing.

    Exit status 1 where a topic is missing or differs.
    """
    with connect(cluster) as admin:
        _report(context, admin.describe(table(options)), table(options), as_json)


def _report(context: click.Context, findings: list[Finding], topics: tuple[Topic, ...], as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(findings).decode())
    else:
        for finding, topic in zip(findings, topics, strict=True):
            click.echo(_text(finding, topic))
    if any(finding.differences for finding in findings):
        context.exit(1)


def _text(finding: Finding, topic: Topic) -> str:
    if finding.state == "missing":
        return f"{finding.topic}: missing. {finding.differences[0].remedy}"
    first = f"{finding.topic}: {finding.state}, {finding.partitions} partition(s), key: {topic.key}"
    lines = [f"  {d.what}: found {d.found}, wanted {d.wanted}. {d.remedy}" for d in finding.differences]
    return "\n".join([first, *lines])
