"""`vigie seed`: start warm."""

import asyncio
from pathlib import Path

import click

from streams import seed
from streams.admin import clear_state
from streams.cluster import Cluster
from streams.options import WorkerOptions
from vigie.settings import options_of


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@options_of(Cluster)
@click.option("--replace", is_flag=True, help="Where there is state already, delete it and its models first.")
def command(cluster: Cluster, folder: Path, replace: bool) -> None:
    """Fill an empty cluster with the state and model of a replay.

    FOLDER is what `vigie replay --state-out` wrote. Workers started afterwards go on from there: send them the events
    that came after, and no others. Refused where there is state already, unless --replace: then workers must have
    stopped, and the replay must have seen all that they had committed.
    """
    if replace:
        # Read first: what is damaged must not cost the state that is there.
        seed.read(folder)
        clear_state(cluster)
    firms = asyncio.run(seed.seed(cluster, folder, WorkerOptions.write_timeout_seconds))
    click.echo(f"{firms} firms seeded", err=True)
