"""The Lua scripts beside this file, run in Redis: one atomic step each, and many of them in one round trip."""

import hashlib
from collections.abc import Iterable, Sequence
from importlib import resources
from typing import Any

import redis

from alerts.outage import code_of

Command = tuple[str | int | bytes, ...]
Call = tuple[Sequence[str], Sequence[str | int | bytes]]
"""Keys and arguments."""


class Script:
    """`<name>.lua`."""

    def __init__(self, name: str) -> None:
        self.text = resources.files("alerts").joinpath(f"{name}.lua").read_text(encoding="utf-8")
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def command(self, call: Call) -> Command:
        """A call as a command, for a server that has the script."""
        keys, arguments = call
        return ("EVALSHA", self.sha, len(keys), *keys, *arguments)

    def run(self, client: redis.Redis, calls: Iterable[Call]) -> list[Any]:
        """Call it with keys and arguments, many times in one round trip; gives each call's answer.

        Raises what Redis refused first; the other calls were done all the same.
        """
        calls = list(calls)
        answers = self._send(client, calls)
        forgotten = [place for place, answer in enumerate(answers) if _is_unknown(answer)]
        if forgotten:
            client.script_load(self.text)
            for place, answer in zip(forgotten, self._send(client, [calls[p] for p in forgotten]), strict=True):
                answers[place] = answer
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    def _send(self, client: redis.Redis, calls: Sequence[Call]) -> list[Any]:
        pipeline: Any = client.pipeline(transaction=False)
        for call in calls:
            pipeline.execute_command(*self.command(call))
        return list(pipeline.execute(raise_on_error=False))


def _is_unknown(answer: Any) -> bool:
    return isinstance(answer, Exception) and code_of(answer) == "NOSCRIPT"
