"""`vigie doctor`: what is wrong with an installation, and what to do."""

import os
import sys
import time
from collections.abc import Iterator

import click
import msgspec

from alerts.options import AlertsOptions
from streams.cluster import Cluster
from streams.doctor import Check, examine
from vigie import variables, versions
from vigie.alert_options import redis_option
from vigie.settings import options_of, secret

MARKS = {"well": "ok", "warning": "!", "wrong": "X", "unknown": "?"}


@click.command()
@click.pass_context
@options_of(Cluster)
@redis_option
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of text.")
def command(cluster: Cluster, context: click.Context, redis_url: str | None, as_json: bool) -> None:
    """Check the installation and say what to do about what is wrong.

    Settings, packages, Kafka, its topics and rights, Redis and its persistence, clocks, groups, the model. Changes
    nothing. Exit status 1 where something is wrong; a warning (!) or what cannot be known (?) is not.
    """
    url = redis_url or str(secret(AlertsOptions, "redis"))
    here = [*_settings(), *_python(sys.version_info[:2]), *_packages()]
    checks = [*here, *examine(cluster, url, AlertsOptions.redis_timeout_seconds, time.time)]
    click.echo(msgspec.json.encode(checks).decode() if as_json else screen(checks))
    if any(check.state == "wrong" for check in checks):
        context.exit(1)


def screen(checks: list[Check]) -> str:
    """The checks as text, a line each, and under it what to do."""
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{MARKS[check.state]:<2} {check.name:<{width}}  {check.found}")
        if check.remedy:
            lines.append(f"   {'':<{width}}  -> {check.remedy}")
    return "\n".join(lines)


def _settings() -> Iterator[Check]:
    strange = list(variables.unknown(os.environ))
    for name, near in strange:
        remedy = f"Did you mean {near}?" if near else "Take it away, or see docs/reference/cli.md for the names."
        yield Check("variables", "warning", f"{name} is set, and nothing reads it", remedy)
    if not strange:
        yield Check("variables", "well", "every VIGIE_ variable that is set is one")


def _python(version: tuple[int, ...]) -> Iterator[Check]:
    said = ".".join(map(str, version))
    if version in versions.TESTED_PYTHONS:
        yield Check("python", "well", said)
    else:
        yield Check("python", "warning", f"{said} is not one that the lock is for", "Use 3.11, 3.12 or 3.13.")


def _packages() -> Iterator[Check]:
    if not versions.LOCK.is_file():
        yield Check("packages", "unknown", "requirements.lock is not here", "pip install -r requirements.lock")
        return
    drifts = list(versions.drifts(versions.LOCK.read_text(encoding="utf-8")))
    if drifts:
        said = ", ".join(f"{d.package} {d.installed} (lock: {d.locked})" for d in drifts)
        yield Check("packages", "warning", said, "make environment, or pip install -r requirements.lock")
    else:
        yield Check("packages", "well", "those of requirements.lock")
