"""The console with its API over real cases, and programs that ask it."""

from datetime import timedelta
from typing import Any

import redis
from starlette.testclient import TestClient

from alerts.api import tokens
from alerts.api.tokens import Right
from alerts.console.app import application
from alerts.masking import ALL_DATA, Data
from tests.alerts.console import site
from tests.alerts.making import NOW


def token(
    client: redis.Redis,
    name: str = "codefi",
    departments: tuple[str, ...] = ("21",),
    rights: tuple[Right, ...] = (),
    data: frozenset[Data] = ALL_DATA,
    days: int = 90,
) -> str:
    """A token made ten days ago."""
    made_at = NOW - timedelta(days=10)
    text, _ = tokens.create(client, name, departments, rights, days, made_at, where="here", data=data)
    return text


class Program:
    """A program with a token."""

    def __init__(self, client: redis.Redis, text: str, **changes: Any) -> None:
        app = application(site.settings(client, **changes))
        self.http = TestClient(app, base_url=site.HOME, headers={"Authorization": f"Bearer {text}"})

    def get(self, path: str, **parameters: Any) -> Any:
        return self.http.get(f"/api/v1{path}", params=parameters)

    def do(self, case: str, kind: str, seen: int | None = None, **fields: Any) -> Any:
        content = {"action": {"type": kind, **fields}} | ({} if seen is None else {"seen": seen})
        return self.http.post(f"/api/v1/cases/{case}/actions", json=content)
