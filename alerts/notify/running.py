"""All subscriptions at once, a thread each, until told to stop."""

import random
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from functools import partial

from alerts.connect import connect, safe_url
from alerts.desk import Desk
from alerts.inbox import BLOCK_MS
from alerts.metrics import AlertMetrics
from alerts.notify import subscriptions
from alerts.notify.audience import owners
from alerts.notify.delivery import Outlet
from alerts.notify.lease import LEAST_SECONDS, RENEW_SECONDS, Lease
from alerts.notify.ledger import Ledger
from alerts.notify.mailer import Mailer
from alerts.notify.notifier import Notifier
from alerts.notify.options import NotifyOptions
from alerts.notify.subscriptions import Subscription
from alerts.notify.webhook import Webhook
from alerts.options import AlertsOptions
from alerts.outage import waits
from alerts.reread import Reread
from alerts.scope import Person
from detectors.errors import UnusableInput, VigieError


def outlets(options: NotifyOptions, known: Mapping[str, Subscription]) -> dict[str, Outlet]:
    """The endpoint of each subscription. Raises UnusableInput for options or secrets that cannot be used."""
    try:
        trusted = ssl.create_default_context(cafile=options.notify_ca)
    except OSError as error:
        raise UnusableInput(f"--notify-ca {options.notify_ca} cannot be used: {error}") from error
    return {name: _outlet(name, subscription, options, trusted) for name, subscription in known.items()}


def run(
    options: NotifyOptions, alerts: AlertsOptions, url: str, metrics: AlertMetrics, stopping: threading.Event
) -> None:
    """Tell until `stopping` is set, or a subscription cannot go on: the others end then, and its error is raised."""
    known = subscriptions.read(options.subscriptions)
    if options.clearances is None:
        raise UnusableInput("say who may see what: --clearances FILE (docs/how-to/secure.md shows one)")
    owning = Reread(options.clearances, owners)
    errors: list[Exception] = []

    def tell(notifier: Notifier) -> None:
        try:
            notifier.run()
        except Exception as error:
            # Whatever it is: whoever started the process must see it end.
            errors.append(error)
            stopping.set()

    with ExitStack() as held:
        threads = []
        leases: list[Lease] = []
        renewing = held.enter_context(connect(url, min(LEAST_SECONDS, alerts.redis_timeout_seconds)))
        for name, outlet in outlets(options, known).items():
            subscription = known[name]
            client = held.enter_context(connect(url, alerts.redis_timeout_seconds))
            lease = Lease(renewing, name, time.monotonic, where=safe_url(url))
            leases.append(lease)
            notifier = Notifier(
                name,
                subscription,
                outlet,
                Desk(client, where=safe_url(url)),
                Ledger(client, name, subscription.per_hour, lease, where=safe_url(url)),
                lease,
                owner=partial(_owner, owning, subscription.owner),
                metrics=metrics,
                clock=time.time,
                waits=lambda: waits(
                    random.random, options.notify_first_wait_seconds, options.notify_longest_wait_seconds
                ),
                sleep=lambda seconds: _ignored(stopping.wait(seconds)),
                stopped=stopping.is_set,
                give_up_seconds=options.notify_give_up_hours * 3600,
                block_ms=max(1, min(BLOCK_MS, int(alerts.redis_timeout_seconds * 500))),
            )
            threads.append(threading.Thread(target=tell, args=(notifier,), name=f"notify-{name}"))
        for thread in threads:
            thread.start()
        try:
            while not stopping.wait(RENEW_SECONDS):
                _renew(leases)
        finally:
            stopping.set()
            while any(thread.is_alive() for thread in threads):
                # What is being sent is still this process's to send.
                _renew(leases)
                for thread in threads:
                    thread.join(RENEW_SECONDS / len(threads))
    if errors:
        raise errors[0]


def _renew(leases: Iterable[Lease]) -> None:
    """Keep what is held. An outage is told by who waits for Redis to go on: what is not renewed goes by itself."""
    with suppress(VigieError):
        for lease in leases:
            lease.renew()


def _owner(owning: Reread[dict[str, Person]], name: str) -> Person | None:
    return owning.now().get(name)


def _outlet(name: str, subscription: Subscription, options: NotifyOptions, trusted: ssl.SSLContext) -> Outlet:
    if subscription.kind == "mail":
        return Mailer(name, subscription, options, trusted=trusted, clock=time.time)
    return Webhook(
        name,
        subscription,
        subscriptions.secrets_of(subscription, name),
        options.console_url,
        timeout_seconds=options.notify_timeout_seconds,
        trusted=trusted,
        clock=time.time,
    )


def _ignored(_: object) -> None:
    return None
