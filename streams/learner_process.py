"""The learner in a process of its own: learning takes seconds at a month end, which scoring must not wait for.

A thread would not do: River, and much of what numpy does to small arrays, hold the interpreter. The process has the
lower priority, so that on a shared core scoring comes first, and the worker's own environment, so that it rounds alike.

It is the worker's alone: a Ctrl-C of the terminal, or the SIGTERM that a service manager sends to a whole group, does
not reach it; it ends with its socket, which the worker closes, or the kernel where the worker was killed.
"""

import asyncio
import logging
import signal
import socket
import subprocess
import sys
from collections import deque
from contextlib import suppress
from typing import TypeVar

from detectors.models import UnusableModel
from streams.errors import StreamsError
from streams.learner_wire import (
    LENGTH,
    Begin,
    Failed,
    Learn,
    Learned,
    Logged,
    Refused,
    Reply,
    Request,
    Standing,
    Take,
    Terms,
    framed,
    reply_of,
)

NICENESS = 5
"""A third of the weight of what scores, where they want the same core."""
END_SECONDS = 5.0
BUFFER_BYTES = 1 << 20
# Where pandas and scikit-learn are installed, River loads them as well; no learner here has a use for them.
PROGRAM = (
    "import os, sys; os.nice({nice}); sys.path[:] = {path!r}; sys.modules.update(pandas=None, sklearn=None); "
    "from streams.learner_child import main; main({descriptor})"
)

R = TypeVar("R", Standing, Learned)


class LearnerLost(StreamsError):
    """The learner's process has ended, though nobody asked it to."""


class LearningFailed(StreamsError):
    """The learner could not do what it was asked."""


class LearnerStopped(StreamsError):
    """The learner was stopped before it replied; what it was asked is not done."""


class LearnerProcess:
    """Ask one thing after the other, from the event loop that started it.

    Every call raises LearnerLost where the process is gone, LearnerStopped where `stop` was called meanwhile, and
    LearningFailed for anything unforeseen. A call that is cancelled does no harm: its reply is passed over.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._replies: deque[asyncio.Future[Reply]] = deque()
        self._lost: str | None = None
        self._stopped = False

    async def start(self) -> None:
        """Start the process; it is ready when it has answered for the first time."""
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = _started(theirs.fileno())
        self._reader, self._writer = await asyncio.open_unix_connection(sock=ours, limit=BUFFER_BYTES)
        self._reading = asyncio.create_task(self._read())

    async def stop(self) -> None:
        """End the process, whatever it is at."""
        self._stopped = True
        if self._process is None:
            return
        self._writer.transport.abort()
        await self._reading
        await asyncio.to_thread(_ended, self._process)

    @property
    def pid(self) -> int:
        """The process's id; 0 before it was started."""
        return self._process.pid if self._process is not None else 0

    def check(self) -> None:
        """Raises LearnerLost where the process has ended by itself."""
        if self._lost is not None:
            raise LearnerLost(self._lost)

    async def begin(self, terms: Terms, model: bytes) -> Standing:
        """Go on from a model, a record of vigie.models. Raises UnusableModel where that is not possible."""
        return await self._ask(Begin(terms, model), Standing)

    async def take(self, offset: int, value: bytes | None) -> Standing:
        """Take in a record of vigie.labelled-examples."""
        return await self._ask(Take(offset, value or b""), Standing)

    async def learn(self, month: int) -> Learned:
        """Learn a month that is due."""
        return await self._ask(Learn(month), Learned)

    async def _ask(self, request: Request, kind: type[R]) -> R:
        self.check()
        if self._stopped:
            raise _stopped()
        waiting = asyncio.get_running_loop().create_future()
        self._replies.append(waiting)
        # Not drained: whoever asks waits for the reply, which holds it back enough.
        self._writer.write(framed(request))
        reply = await waiting
        if isinstance(reply, Refused):
            raise UnusableModel(reply.message)
        if isinstance(reply, Failed):
            raise LearningFailed(
                f"{reply.message}. The log has its traceback; the examples stay in their topic, and are learned again "
                "after a restart. Report it if it fails again"
            )
        assert isinstance(reply, kind), f"{request} was answered by {reply}"
        return reply

    async def _read(self) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                (length,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
                message = reply_of(await self._reader.readexactly(length))
                if isinstance(message, Logged):
                    logging.getLogger(message.logger).log(message.level, "%s", message.message)
                    continue
                waiting = self._replies.popleft()
                if not waiting.done():
                    waiting.set_result(message)
        await self._leave_off()

    async def _leave_off(self) -> None:
        """Nothing more will come: tell whoever waits."""
        self._writer.transport.abort()
        if not self._stopped:
            assert self._process is not None
            status = await asyncio.to_thread(_ended, self._process)
            self._lost = _lost(self._process.pid, status)
        for waiting in self._replies:
            if not waiting.done():
                waiting.set_exception(_stopped() if self._lost is None else LearnerLost(self._lost))


def _started(descriptor: int) -> "subprocess.Popen[bytes]":
    program = PROGRAM.format(nice=NICENESS, path=sys.path, descriptor=descriptor)
    # Blocked signals stay so in a child, from its first moment on; what comes here meanwhile is only put off.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        return subprocess.Popen(  # noqa: S603  our own program, no shell
            [sys.executable, "-c", program], pass_fds=[descriptor], stdin=subprocess.DEVNULL
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """Wait for a process whose socket is closed; its exit status."""
    try:
        return process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _lost(pid: int, status: int) -> str:
    how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
    return (
        f"the learner's process (pid {pid}) ended {how}: somebody killed it, or memory ran out (`dmesg | tail` tells), "
        "else the lines above say why. Nothing is lost: what it had not learned is learned again after a restart"
    )


def _stopped() -> LearnerStopped:
    return LearnerStopped("the learner was stopped: what it had not learned is learned again after a restart")
