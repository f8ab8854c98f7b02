"""The loop of one subscription: what happens to cases, told at once or held for the digest, each at least once.

Order of effects: a message is sent, then Redis is told that it was. A kill between the two sends it again under the
same id. An endpoint that does not answer is tried again with pauses that double, for hours; meanwhile its own place
stays where it is, and the other subscriptions, which have threads and connections of their own, go on. One process at a
time tells a subscription: who has its lease.

A message is put together anew at each try: what its owner may not see any more, or what was erased, is not in it.
"""

import logging
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from alerts.cases import Case
from alerts.desk import Desk
from alerts.errors import CaseNotFound
from alerts.history import Entry, read
from alerts.masking import NOTHING, Masked
from alerts.metrics import AlertMetrics
from alerts.notify.audience import may_see, notice_of, shown, wants, was_named, why_not
from alerts.notify.cap import digest_is_due, may_push
from alerts.notify.delivery import Outlet, Undelivered
from alerts.notify.lease import RENEW_SECONDS, Lease, LeaseLost
from alerts.notify.ledger import Held, Ledger
from alerts.notify.message import GATHERED, MOST_IN_DIGEST, Item, Message, alert_message, digest_message
from alerts.notify.subscriptions import Subscription
from alerts.scope import Person
from detectors.errors import VigieError

RESULTS = ("sent", "retried", "failed", "held", "withheld")

log = logging.getLogger(__name__)


class Stopped(Exception):
    """Told to stop while a message was waiting to be tried again: it is sent after the next start."""


class Told(NamedTuple):
    """What may be told of what was held, and how many of it may not."""

    items: list[Item]
    withheld: int


class Notifier:
    """`clock` gives Unix seconds; `waits` the pauses between tries; `sleep` ends early where `stopped` becomes true.

    `owner` is whose the subscription is, as they stand now; None who sees no department.
    """

    def __init__(
        self,
        name: str,
        subscription: Subscription,
        outlet: Outlet,
        desk: Desk,
        ledger: Ledger,
        lease: Lease,
        *,
        owner: Callable[[], Person | None],
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
        self._lease = lease
        self._owner = owner
        self._metrics = metrics
        self._clock = clock
        self._waits = waits
        self._sleep = sleep
        self._stopped = stopped
        self._give_up_seconds = give_up_seconds
        self._block_ms = block_ms
        self._places: dict[str, str] = {}
        self._why_not: str | None = None
        self._waiting = False
        for result in RESULTS:
            # From 0 on, so that the first one is seen as an increase.
            metrics.notifications.labels(subscription.kind, result)

    def run(self) -> None:
        """Tell until `stopped`, whenever the lease can be had. Outages of Redis are waited out; raises RedisRefused."""
        try:
            self._run()
        finally:
            self._leave()

    def _run(self) -> None:
        pauses: Iterator[float] | None = None
        while not self._stopped():
            try:
                if self._leads():
                    self.turn()
                pauses = None
            except Stopped:
                return
            except LeaseLost as error:
                log.warning("[%s] %s", self._name, error)
                self._places = {}
            except VigieError as error:
                if not error.retriable:
                    raise
                if pauses is None:
                    log.warning("[%s] %s; waiting for it", self._name, error)
                    pauses = self._waits()
                # What Redis has not confirmed is read again.
                self._places = {}
                self._sleep(next(pauses))

    def _leads(self) -> bool:
        """Whether this process is the one that tells; waits a moment where another is."""
        if self._lease.held():
            return True
        # What another has told meanwhile stands in Redis.
        self._places = {}
        if self._lease.take():
            log.info("[%s] is told by this process", self._name)
            self._waiting = False
            return True
        if not self._waiting:
            log.info("[%s] is told by another process: waiting for that one's end", self._name)
            self._waiting = True
        self._sleep(RENEW_SECONDS)
        return False

    def _leave(self) -> None:
        """Give the lease back; where Redis does not answer, it goes by itself."""
        try:
            self._lease.release()
        except VigieError as error:
            log.warning("[%s] %s", self._name, error)

    def turn(self) -> None:
        """Tell of what happened since the last turn, waiting for something a moment, and send a digest that is due."""
        if not self._places:
            self._places = self._ledger.places(self._subscription.departments)
        quiet: dict[str, str] = {}
        for queue, entry_id, fields in self._ledger.read(self._places, self._block_ms):
            entry = self._wanted(queue, entry_id, fields)
            if entry is None:
                quiet[queue] = entry_id
            else:
                self._tell(entry)
                quiet.pop(queue, None)
            self._places[queue] = entry_id
        self._ledger.passed(quiet)
        self._digest()

    def _permitted(self) -> Person | None:
        """The owner, where they may be told something; the log has each change of that."""
        owner = self._owner()
        why = why_not(self._subscription, owner)
        if why != self._why_not:
            self._why_not = why
            if why is None:
                log.warning("[%s] is told again: its owner has the rights for it", self._name)
            else:
                log.warning("[%s] nothing is sent: %s", self._name, why)
        return owner if why is None else None

    def _wanted(self, queue: str, entry_id: str, fields: dict[bytes, bytes]) -> Entry | None:
        try:
            entry = read(queue, entry_id.encode(), fields)
        except ValueError as error:
            log.warning("[%s] entry %s of department %s is passed over: %s", self._name, entry_id, queue, error)
            return None
        owner = self._permitted()
        masked = owner.masked if owner else NOTHING
        case = self._case(entry) if notice_of(entry, masked)[0] in self._subscription.notices else None
        if case is None or not wants(self._subscription, entry, case, masked):
            return None
        if owner is not None and may_see(owner, case):
            return entry
        if owner is None or was_named(self._subscription, queue):
            self._count("withheld")
        return None

    def _case(self, entry: Entry) -> Case | None:
        """The case of an entry; None where the firm was erased."""
        try:
            return self._desk.get(entry.queue, entry.siren)
        except CaseNotFound:
            return None

    def _tell(self, entry: Entry) -> None:
        now = self._clock()
        held = Held(entry.queue, entry.id, entry.action, self._why(entry, now), now)
        if held.why:
            self._ledger.hold(held)
            self._count("held")
        elif self._deliver([held], None):
            self._ledger.pushed(held, self._clock())
        else:
            self._ledger.passed({entry.queue: entry.id})

    def _why(self, entry: Entry, now: float) -> str:
        """Why an entry is held for the digest; empty where it is told at once."""
        owner = self._permitted()
        notice, why = notice_of(entry, owner.masked if owner else NOTHING)
        if notice == "digest":
            return why or GATHERED
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
        sent = self._deliver(held, remaining)
        self._ledger.digested(len(held), self._clock() if sent else None)

    def _told(self, held: list[Held], owner: Person | None) -> Told:
        """What may be told of what was held, as its cases stand: none of firms that were erased since."""
        entries = {(entry.queue, entry.id): entry for entry in self._desk.entries([(h.queue, h.entry) for h in held])}
        found = [(one, entries[one.queue, one.entry]) for one in held if (one.queue, one.entry) in entries]
        cases = [(one, case) for one, entry in found if (case := self._case(entry)) is not None]
        seen = [] if owner is None else [(one, case) for one, case in cases if may_see(owner, case)]
        alerts = self._desk.latest([case for _, case in seen])
        masked: Masked = owner.masked if owner else NOTHING
        language = self._subscription.language
        items = [
            shown(one, case, alerts[case.alert].alert if case.alert in alerts else None, masked, language)
            for one, case in seen
        ]
        return Told(items, len(cases) - len(seen))

    def _deliver(self, held: list[Held], remaining: int | None) -> bool:
        """Send what was held (one alert, where nothing `remaining` is said of) until it was taken.

        False where it was given up, or may not be told. Raises Stopped, LeaseLost.
        """
        began, pauses = self._clock(), self._waits()
        tries = 0
        while True:
            owner = self._permitted()
            items, withheld = self._told(held, owner)
            if not items or owner is None:
                self._count("withheld", withheld)
                return False
            if remaining is None:
                message = alert_message(items[0], owner.masked)
            else:
                message = digest_message(self._name, held, items, remaining, owner.masked)
            if not self._lease.held():
                raise LeaseLost("another process may have taken over")
            outcome = self._try(message, tries, began)
            if outcome == "retried":
                tries += 1
                self._sleep(next(pauses))
                if self._stopped():
                    raise Stopped
            else:
                self._count("withheld", withheld)
                return outcome == "sent"

    def _try(self, message: Message, tries: int, began: float) -> Literal["sent", "retried", "failed"]:
        """Send once: taken, to be tried again, or given up."""
        outcome: Literal["sent", "retried", "failed"] = "sent"
        try:
            self._outlet.send(message)
        except Undelivered as error:
            outcome = "failed" if self._clock() - began > self._give_up_seconds else "retried"
            if outcome == "failed":
                log.error("[%s] message %s was given up: %s", self._name, message.id, error)  # noqa: TRY400  said whole
            elif not tries:
                log.warning("[%s] message %s is tried again: %s", self._name, message.id, error)
        else:
            if tries:
                log.warning("[%s] message %s went after %d tries more", self._name, message.id, tries)
        self._count(outcome)
        return outcome

    def _count(self, result: str, by: int = 1) -> None:
        self._metrics.notifications.labels(self._subscription.kind, result).inc(by)
