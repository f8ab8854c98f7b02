"""The loop of one subscription: what happens to cases, told at once or held for the digest, each at least once.

Order of effects: a message is sent, then Redis is told that it was. A kill between the two sends it again under the
same id. An endpoint that does not answer is tried again with pauses that double, for hours; meanwhile its own place
stays where it is, and the other subscriptions, which have threads and connections of their own, go on.
"""

import logging
from collections.abc import Callable, Iterator

from alerts.cases import Case
from alerts.desk import Desk
from alerts.errors import CaseNotFound
from alerts.history import Entry, read
from alerts.metrics import AlertMetrics
from alerts.notify.cap import digest_is_due, may_push
from alerts.notify.delivery import Outlet, Undelivered
from alerts.notify.ledger import Held, Ledger
from alerts.notify.mail import GATHERED
from alerts.notify.message import MOST_IN_DIGEST, Item, Message, alert_message, digest_message
from alerts.notify.subscriptions import Subscription
from detectors.errors import VigieError

RESULTS = ("sent", "retried", "failed", "held")

log = logging.getLogger(__name__)


class Stopped(Exception):
    """Told to stop while a message was waiting to be tried again: it is sent after the next start."""


class Notifier:
    """`clock` gives Unix seconds; `waits` the pauses between tries; `sleep` ends early where `stopped` becomes true."""

    def __init__(
        self,
        name: str,
        subscription: Subscription,
        outlet: Outlet,
        desk: Desk,
        ledger: Ledger,
        *,
        metrics: AlertMetrics,
        clock: Callable[[], float],
        waits: Callable[[], Iterator[float]],
        sleep: Callable[[float], None],
        stopped: Callable[[], bool],
        give_up_seconds: float,
        block_ms: int,
    ) -> None:
        self._name = name
        self._subscription = subscription
        self._outlet = outlet
        self._desk = desk
        self._ledger = ledger
        self._metrics = metrics
        self._clock = clock
        self._waits = waits
        self._sleep = sleep
        self._stopped = stopped
        self._give_up_seconds = give_up_seconds
        self._block_ms = block_ms
        self._places: dict[str, str] = {}
        for result in RESULTS:
            # From 0 on, so that the first one is seen as an increase.
            metrics.notifications.labels(subscription.kind, result)

    def run(self) -> None:
        """Tell until `stopped`. Outages of Redis are waited out; raises RedisRefused."""
        pauses: Iterator[float] | None = None
        while not self._stopped():
            try:
                self.turn()
                pauses = None
            except Stopped:
                return
            except VigieError as error:
                if not error.retriable:
                    raise
                if pauses is None:
                    log.warning("[%s] %s; waiting for it", self._name, error)
                    pauses = self._waits()
                # What Redis has not confirmed is read again.
                self._places = {}
                self._sleep(next(pauses))

    def turn(self) -> None:
        """Tell of what happened since the last turn, waiting for something a moment, and send a digest that is due."""
        if not self._places:
            self._places = self._ledger.places(self._subscription.departments)
        quiet: dict[str, str] = {}
        for queue, entry_id, fields in self._ledger.read(self._places, self._block_ms):
            told = self._wanted(queue, entry_id, fields)
            if told is None:
                quiet[queue] = entry_id
            else:
                self._tell(*told)
                quiet.pop(queue, None)
            self._places[queue] = entry_id
        self._ledger.passed(quiet)
        self._digest()

    def _wanted(self, queue: str, entry_id: str, fields: dict[bytes, bytes]) -> tuple[Entry, Case] | None:
        try:
            entry = read(queue, entry_id.encode(), fields)
        except ValueError as error:
            log.warning("[%s] entry %s of department %s is passed over: %s", self._name, entry_id, queue, error)
            return None
        if entry.details.get("notice") not in self._subscription.notices:
            return None
        try:
            case = self._desk.get(queue, entry.siren)
        except CaseNotFound:
            return None
        return (entry, case) if self._subscription.wants(entry, case) else None

    def _tell(self, entry: Entry, case: Case) -> None:
        now = self._clock()
        held = Held(entry.queue, entry.id, entry.siren, entry.action, self._why(entry, now), now)
        if held.why:
            self._ledger.hold(held)
            self._count("held")
        elif self._deliver(alert_message(self._items([held], {held.id: case})[0])):
            self._ledger.pushed(held, self._clock())
        else:
            self._ledger.passed({entry.queue: entry.id})

    def _why(self, entry: Entry, now: float) -> str:
        """Why an entry is held for the digest; empty where it is told at once."""
        if entry.details.get("notice") == "digest":
            return entry.details.get("why") or GATHERED
        if not self._subscription.at_once:
            return GATHERED
        return "" if may_push(self._ledger.sent(), now, self._subscription.per_hour) else "cap"

    def _digest(self) -> None:
        wait = self._subscription.digest_minutes * 60
        since = self._ledger.held_since()
        if since is None or not digest_is_due(
            since, self._ledger.sent(), self._clock(), self._subscription.per_hour, wait
        ):
            return
        held, remaining = self._ledger.digest(MOST_IN_DIGEST)
        items = self._items(held, {})
        sent = bool(items) and self._deliver(digest_message(self._name, held, items, remaining))
        self._ledger.digested(len(held), self._clock() if sent else None)

    def _items(self, held: list[Held], cases: dict[str, Case]) -> list[Item]:
        """What is told of each, those left out whose firm has been erased since."""
        for one in held:
            if one.id not in cases:
                try:
                    cases[one.id] = self._desk.get(one.queue, one.siren)
                except CaseNotFound:
                    continue
        alerts = self._desk.latest([*cases.values()])
        found = [(one, cases[one.id]) for one in held if one.id in cases]
        return [Item(one, case, alerts[case.alert].alert if case.alert in alerts else None) for one, case in found]

    def _deliver(self, message: Message) -> bool:
        """Send until it was taken; False where it was given up. Raises Stopped."""
        began, pauses = self._clock(), self._waits()
        tries = 0
        while True:
            try:
                self._outlet.send(message)
            except Undelivered as error:
                if self._clock() - began > self._give_up_seconds:
                    log.error("[%s] message %s was given up: %s", self._name, message.id, error)  # noqa: TRY400  said whole
                    self._count("failed")
                    return False
                if not tries:
                    log.warning("[%s] message %s is tried again: %s", self._name, message.id, error)
                tries += 1
                self._count("retried")
                self._sleep(next(pauses))
                if self._stopped():
                    raise Stopped from None
            else:
                if tries:
                    log.warning("[%s] message %s went after %d tries more", self._name, message.id, tries)
                self._count("sent")
                return True

    def _count(self, result: str) -> None:
        self._metrics.notifications.labels(self._subscription.kind, result).inc()
