"""`vigie simulate`: a believable world of firms, written as partner files."""

import json
from pathlib import Path

import click

from detectors.errors import UnusableInput
from streams.simulate import Summary, World, simulate
from vigie.settings import options_of


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Same seed, same bytes.")
@click.option(
    "--truth",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Also write what the files hide: siren,kind,onset,proceeding,action, as CSV.",
)
@options_of(World)
def command(world: World, directory: Path, seed: int, truth: Path | None) -> None:
    """Write partner files of simulated firms, reproducible by seed.

    The files go into DIR, one a kind, over those of an earlier run. A summary comes out as JSON: rows, corrupt rows,
    firms, proceedings and base rates, and the counts of each file.

    \b
    vigie simulate world/ --firms 1000 --months 60 --seed 7
    vigie simulate world/ --firms 1000 --moratorium 2020-03:2020-08 --truth truth.csv
    """  # noqa: D301 - \b is click's own mark: lines that are not to be joined
    with click.progressbar(length=world.firms, label="Simulating firms", file=click.get_text_stream("stderr")) as bar:
        summary = simulate(directory, world, seed, progress=bar.update)
    if truth is not None:
        _write_truth(summary, truth)
    click.echo(json.dumps(summary.as_json(), indent=2))


def _write_truth(summary: Summary, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        summary.truth.write(path)
    except OSError as error:
        raise UnusableInput(
            f"--truth: {path} cannot be written: {error.strerror}. Name a file in a folder that you may write to"
        ) from error
