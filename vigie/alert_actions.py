"""`vigie alerts take`, `follow` and the others: what agents do with a firm's case, a command each."""

import functools
from collections.abc import Callable
from datetime import datetime
from typing import Any

import click

from alerts import actions, cases
from alerts.actions import Action, Actor
from alerts.case_wording import refused, told
from alerts.errors import ActionRefused
from alerts.options import AlertsOptions
from alerts.terminal import clean_json
from alerts.vocabulary import CANCELS, MOTIVES, OUTCOMES, UNFOLLOWS, USELESS
from vigie.alert_options import department_option, is_siren, json_option, opened, redis_option
from vigie.settings import options_of

comment_option = click.option("--comment", help="What whoever reads the history should know.")


def acting(function: Callable[..., Action]) -> Callable[..., Any]:
    """A command around a function that makes the action of the command's own options, and of further option classes."""

    @functools.wraps(function)
    def command(
        options: AlertsOptions,
        *further: Any,
        redis_url: str | None,
        department: tuple[str, ...],
        agent: str,
        supervisor: bool,
        seen: int | None,
        as_json: bool,
        firm_id: str,
        **own: Any,
    ) -> None:
        action = function(*further, **own)
        with opened(options, redis_url) as (desk, *_):
            queue, siren = _case_of(desk, firm_id, department)
            try:
                done = desk.act(queue, siren, action, Actor(agent, supervisor), seen=seen)
            except ActionRefused as error:
                raise ActionRefused(refused(error.refusal, options.language), error.refusal) from None
        if as_json:
            click.echo(clean_json(cases.encode(done.case).decode()))
        else:
            click.echo(told(done.case, options.language))

    decorated: Callable[..., Any] = command
    for option in reversed((redis_option, department_option, *_OWN)):
        decorated = option(decorated)
    return options_of(AlertsOptions)(decorated)


_OWN = (
    click.option("--agent", required=True, envvar="VIGIE_AGENT", help="Who acts."),
    click.option("--supervisor", is_flag=True, help="Act on a case that another agent holds."),
    click.option("--seen", type=int, help="The case's version that was looked at: refused if it has changed since."),
    json_option,
    click.argument("firm_id", metavar="SIREN|ALERT"),
)


def _case_of(desk: Any, firm_id: str, departments: tuple[str, ...]) -> tuple[str, str]:
    """Department and SIREN of the case that is meant: of a firm with several, the one of its latest alert."""
    digits = "".join(firm_id.split())
    if not is_siren(digits):
        received, _ = desk.of_alert(firm_id, departments)
        return received.queue, received.alert.siren
    found = desk.find(digits, departments)
    return (found[0].department if found else departments[0]), digits


@click.command()
@comment_option
@acting
def take(comment: str | None) -> Action:
    """Take a firm: from now on it is yours.

    Of two who take it one wins, and the other is told who.

    Example: vigie alerts take 123456789 --agent a.martin
    """
    return actions.Take(comment)


@click.command()
@click.option("--motive", type=click.Choice(list(MOTIVES)), default="detection", help="Why.")
@comment_option
@acting
def follow(motive: str, comment: str | None) -> Action:
    """Follow a firm, with a comment; again, to add a comment.

    Example: vigie alerts follow 123456789 --comment "rendez-vous le 12"
    """
    return actions.Follow(motive, comment)


@click.command()
@click.option("--until", type=click.DateTime(["%Y-%m-%d", "%d/%m/%Y"]), help="The day it comes back, within 9 months.")
@click.option("--comment", required=True, help="Why.")
@acting
def snooze(until: datetime | None, comment: str) -> Action:
    """Put a firm aside until a day, or until its risk rises.

    Example: vigie alerts snooze 123456789 --until 2026-06-01 --comment "attend son prêt"
    """
    return actions.Snooze(comment, until.date() if until else None)


@click.command()
@click.option("--months", type=click.Choice(["3", "6", "9"]), help="For so long.")
@click.option("--for-good", is_flag=True, help="For ever.")
@comment_option
@acting
def withdraw(months: str | None, for_good: bool, comment: str | None) -> Action:
    """Take a firm off the list for 3, 6 or 9 months, or for good, whatever its alerts.

    Example: vigie alerts withdraw 123456789 --months 6
    """
    if (months is None) != for_good:
        raise click.UsageError("give --months 3, 6 or 9, or --for-good")
    return actions.Withdraw(int(months) if months else None, comment)


@click.command()
@click.option(
    "--reason", type=click.Choice([*CANCELS, *UNFOLLOWS]), help="Why; of a followed firm: with or without actions."
)
@comment_option
@acting
def release(reason: str | None, comment: str | None) -> Action:
    """Give a firm back to the list; ends a snooze or a withdrawal.

    Example: vigie alerts release 123456789 --reason indisponible
    """
    return actions.Release(reason, comment)


@click.command()
@click.option("--outcome", required=True, type=click.Choice(list(OUTCOMES)), help="What came of it.")
@comment_option
@acting
def close(outcome: str, comment: str | None) -> Action:
    """End a case that you took or follow; a later alert of the firm opens another.

    Example: vigie alerts close 123456789 --outcome besoin
    """
    return actions.Close(outcome, comment)


@click.command()
@click.option("--useful/--useless", required=True, help="Whether the latest alert was of use.")
@click.option("--reason", type=click.Choice(list(USELESS)), help="Why it was not.")
@comment_option
@acting
def vote(useful: bool, reason: str | None, comment: str | None) -> Action:
    """Say whether an alert was of use; your last vote counts.

    Example: vigie alerts vote 123456789 --useless --reason deja_connue
    """
    return actions.CastVote(useful, reason, comment)


COMMANDS = (take, follow, snooze, withdraw, release, close, vote)
