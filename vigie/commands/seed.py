"""`vigie seed`: start warm."""

import asyncio
from pathlib import Path

import click

from streams import seed
from streams.cluster import Cluster
from streams.options import WorkerOptions
from vigie.settings import options_of


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@options_of(Cluster)
def command(cluster: Cluster, folder: Path) -> None:
    """Fill an empty cluster with the state and model of a replay.

    FOLDER is what `vigie replay --state-out` wrote. Workers started afterwards go on from there: send them the events
    that came after, and no others. Refused where there is state already.
    """
    firms = asyncio.run(seed.seed(cluster, folder, WorkerOptions.write_timeout_seconds))
    click.echo(f"{firms} firms seeded", err=True)
