"""`vigie models`: the model versions on a cluster."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from detectors.errors import UnusableInput, VigieError
from detectors.headlines import Headline, headline
from streams.cluster import Cluster
from streams.reading import partitions_of, reader, records
from streams.topics import MODELS
from vigie.settings import options_of


@click.group()
def command() -> None:
    """List the models on a cluster, or keep the one in force."""


@command.command("list")
@options_of(Cluster)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of text.")
def list_(cluster: Cluster, as_json: bool) -> None:
    """Show the versions that vigie.models still has, the one in force last. Kafka compacts the others away."""
    for offset, model, _ in _models(cluster):
        line = {"offset": offset, "version": model.version, "as_of": model.as_of}
        said = f"{offset}  {model.version}  {model.as_of or 'has learned nothing'}"
        click.echo(msgspec.json.encode(line).decode() if as_json else said)


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@options_of(Cluster)
@click.option("--version", "wanted", help="This version instead of the one in force.")
def save(cluster: Cluster, file: Path, wanted: str | None) -> None:
    """Write the model in force to FILE: a backup, and what `vigie worker --frozen --model-in FILE` rolls back to."""
    found = [(model, record) for _, model, record in _models(cluster) if wanted in (None, model.version)]
    if not found:
        what = f"no model {wanted}" if wanted else "no model"
        raise VigieError(f"{MODELS} has {what}: `vigie models list` shows what is there")
    model, record = found[-1]
    try:
        partial = file.with_name(f"{file.name}.partial")
        partial.write_bytes(record)
        partial.replace(file)
    except OSError as error:
        raise UnusableInput(f"{file} cannot be written: {error.strerror}. Name another file") from error
    click.echo(f"model {model.version}, {len(record)} bytes, in {file}", err=True)


def _models(cluster: Cluster) -> Iterator[tuple[int, Headline, bytes]]:
    """Offset, headline and record of each model; what is none is passed over."""
    with reader(cluster) as consumer:
        for partition in partitions_of(consumer, MODELS):
            ends: Any = consumer.end_offsets([partition])
            begins: Any = consumer.beginning_offsets([partition])
            for record in records(consumer, cluster, partition, begins[partition], ends[partition]):
                try:
                    yield record.offset, headline(record.value or b""), record.value
                except UnusableInput:
                    continue
