"""`vigie demo`: everything on this machine."""

import logging
import os
import sys
import threading

import click

from alerts.options import AlertsOptions
from deploy.embedded import user_cache
from vigie.demo import Demo, DemoOptions
from vigie.settings import options_of

LOOK_SECONDS = 0.5


@click.command()
@options_of(DemoOptions, AlertsOptions)
@click.option(
    "--keep/--no-keep",
    default=None,
    help="Leave everything running after the summary, until Ctrl-C. By default where a person looks on.",
)
def command(options: DemoOptions, alerts: AlertsOptions, keep: bool | None) -> None:
    """Run everything on this machine, with nothing else installed.

    An embedded Kafka and an embedded Redis-protocol server, simulated partner files, a worker; alerts are printed as
    they land, then a summary. Nothing stays behind.
    """
    printing = threading.Lock()

    def say(text: str) -> None:
        with printing:
            click.echo(text)

    def note(text: str) -> None:
        with printing:
            click.echo(text, err=True)

    # What is fetched on first use takes a while: say so.
    logging.getLogger("deploy").addHandler(logging.StreamHandler(sys.stderr))
    logging.getLogger("deploy").setLevel(logging.INFO)
    with Demo(options, alerts, user_cache(os.environ), say, note) as demo:
        demo.run()
        if sys.stdout.isatty() if keep is None else keep:
            note("everything goes on running; Ctrl-C ends it")
            # Not for ever at once: the clients leave SIGINT such that a wait goes on after it.
            while not threading.Event().wait(LOOK_SECONDS):
                pass
