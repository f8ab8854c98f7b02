"""The learner's process: takes a request at a time from a socket, does it, replies.

It ends when the worker's end of the socket closes, at once, whatever it is learning and however the worker ended:
nothing of its own is worth keeping. What it logs goes to the worker's log.
"""

import logging
import os
import socket
import threading
from queue import SimpleQueue

from detectors.models import UnusableModel
from detectors.months import month_text
from streams.learner_wire import LENGTH, Begin, Failed, Logged, Refused, Reply, Request, Take, framed, request_of
from streams.lessons import Lessons

log = logging.getLogger(__name__)


def main(descriptor: int) -> None:
    """Serve the worker that holds the other end of the socket of this descriptor, until that closes."""
    with socket.socket(fileno=descriptor) as channel:
        mouth = Mouth(channel)
        logging.basicConfig(level=logging.WARNING, handlers=[mouth])
        logging.captureWarnings(True)
        requests: SimpleQueue[Request] = SimpleQueue()
        threading.Thread(target=_listen, args=(channel, requests), name="listen", daemon=True).start()
        pupil = Pupil()
        while True:
            mouth.say(pupil.answer(requests.get()))


class Mouth(logging.Handler):
    """Says one thing at a time: replies, and what is logged."""

    def __init__(self, channel: socket.socket) -> None:
        super().__init__()
        self._channel = channel
        self._saying = threading.Lock()

    def say(self, message: Reply | Logged) -> None:
        """Send a whole message. Where the worker is gone, this process is about to end."""
        try:
            with self._saying:
                self._channel.sendall(framed(message))
        except ConnectionError:
            os._exit(0)

    def emit(self, record: logging.LogRecord) -> None:
        """Send a line of the log, with its traceback where it has one."""
        self.say(Logged(record.name, record.levelno, self.format(record)))


class Pupil:
    """Answers requests; the first must be Begin."""

    def __init__(self) -> None:
        self._lessons: Lessons | None = None

    def answer(self, request: Request) -> Reply:
        """Do what is asked. Whatever goes wrong is a reply too, and the log has its traceback."""
        try:
            return self._done(request)
        except UnusableModel as error:
            return Refused(str(error))
        except Exception as error:
            what = _named(request)
            log.exception("%s failed", what)
            return Failed(f"{what} failed: {error!r}")

    def _done(self, request: Request) -> Reply:
        if isinstance(request, Begin):
            self._lessons = Lessons(request)
            return self._lessons.standing()
        assert self._lessons is not None, "nothing was begun"
        if isinstance(request, Take):
            return self._lessons.take(request.offset, request.value)
        return self._lessons.learn(request.month)


def _named(request: Request) -> str:
    if isinstance(request, Begin):
        return "going on from the newest model"
    if isinstance(request, Take):
        return f"taking in the examples at offset {request.offset}"
    return f"learning the cohort of {month_text(request.month)}"


def _listen(channel: socket.socket, requests: "SimpleQueue[Request]") -> None:
    """Queue what is asked; end the process where nobody is left to ask."""
    try:
        with channel.makefile("rb") as stream:
            while length := stream.read(LENGTH.size):
                requests.put(request_of(stream.read(*LENGTH.unpack(length))))
    finally:
        os._exit(0)
