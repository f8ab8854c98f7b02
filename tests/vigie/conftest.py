"""A front door with a command of the test's own, and no setting of the machine's."""

import os
import sys
import types
from collections.abc import Callable

import click
import pytest


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("VIGIE_"):
            monkeypatch.delenv(name)


@pytest.fixture
def as_status(monkeypatch: pytest.MonkeyPatch) -> Callable[[click.Command], None]:
    """Puts a click command in the place of `vigie status`."""

    def put(command: click.Command) -> None:
        module = types.ModuleType("vigie.commands.status")
        module.command = command  # type: ignore[attr-defined]  # a module made here has no declared names
        monkeypatch.setitem(sys.modules, "vigie.commands.status", module)

    return put
