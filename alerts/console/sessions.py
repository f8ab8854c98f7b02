"""Sessions, in this process's memory: a restart ends them all."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from alerts.console.people import Person
from alerts.language import Language


@dataclass
class Session:
    """Somebody who has logged in. `csrf` must come with every form; moments are of a monotonic clock, seconds."""

    id: str
    person: Person
    csrf: str
    began: float
    used: float
    language: Language | None = None
    """What was chosen on the page; None: what the browser asks for."""


class Sessions:
    """Those that are open. Not for several threads: the event loop alone asks."""

    def __init__(self, clock: Callable[[], float], *, idle_seconds: float, longest_seconds: float) -> None:
        self._clock = clock
        self._idle = idle_seconds
        self._longest = longest_seconds
        self._open: dict[str, Session] = {}

    def begin(self, person: Person) -> Session:
        """A new session, with an id that nobody can guess."""
        for old in [session for session in self._open.values() if not self._lasts(session)]:
            self.end(old.id)
        now = self._clock()
        session = Session(secrets.token_urlsafe(32), person, secrets.token_urlsafe(32), now, now)
        self._open[session.id] = session
        return session

    def used(self, session_id: str) -> Session | None:
        """The session of an id, which lasts longer by that; None where it is over."""
        session = self._open.get(session_id)
        if session is None or not self._lasts(session):
            self.end(session_id)
            return None
        session.used = self._clock()
        return session

    def lasts(self, session_id: str) -> bool:
        """Whether a session is open, without making it last longer."""
        session = self._open.get(session_id)
        return session is not None and self._lasts(session)

    def end(self, session_id: str) -> None:
        """End a session; nothing where there is none."""
        self._open.pop(session_id, None)

    def _lasts(self, session: Session) -> bool:
        now = self._clock()
        return now - session.used <= self._idle and now - session.began <= self._longest
