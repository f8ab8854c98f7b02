import doctest
import importlib
import pkgutil
import re
import shlex
from pathlib import Path
from typing import Any

import redis

import alerts
from alerts import cases
from alerts.actions import Actor, Take
from alerts.alert import encode
from alerts.cases import Case
from alerts.desk import Desk
from tests.alerts.making import live
from tests.alerts.publishing import Bench

DOCS = Path(__file__).parents[2] / "docs"


def test_the_examples_in_the_docstrings_hold() -> None:
    tried = failed = 0
    for module in pkgutil.iter_modules(alerts.__path__, "alerts."):
        result = doctest.testmod(importlib.import_module(module.name))
        failed += result.failed
        tried += result.attempted
    assert failed == 0
    assert tried >= 5


def test_the_commands_of_the_redis_page_give_something(client: redis.Redis, bench: Bench) -> None:
    bench.publish([encode(live()), encode(live(siren="987654321", id="other"))])
    desk = Desk(client, where="here")
    desk.act("21", "123456789", Take(), Actor("a.martin"))
    desk.act("21", "987654321", Take(), Actor("a.martin"))
    page = (DOCS / "reference/redis.md").read_text(encoding="utf-8")
    commands = re.findall(r"^redis-cli (.*)$", page, re.MULTILINE)
    assert len(commands) == 10
    for command in commands:
        admin: Any = client
        answer = admin.execute_command(*shlex.split(command))
        assert answer or "-inf" in command, command


def test_the_redis_page_names_every_field_of_a_case() -> None:
    page = (DOCS / "reference/redis.md").read_text(encoding="utf-8")
    rows = "\n".join(line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    named = set(re.findall(r"`(\w+)`", rows))
    assert set(Case.__struct_fields__) - {"skip"} <= named
    assert cases.STATES == ("new", "taken", "followed", "snoozed", "withdrawn", "closed")


def test_the_python_of_the_how_to_runs(client: redis.Redis, bench: Bench, redis_url: str, capsys: Any) -> None:
    bench.publish([encode(live())])
    page = (DOCS / "how-to/inbox.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    code = code.replace("redis://127.0.0.1:6379/0", redis_url)
    names: dict[str, Any] = {}
    exec(code, names)
    assert names["done"].case.holder == "a.martin"
    names["desk"].act("21", "123456789", Take(), Actor("b.durand", supervisor=True))
    names["desk"]._client.close()
    exec(code, names)
    assert capsys.readouterr().out == "held b.durand\n"
    names["desk"]._client.close()
