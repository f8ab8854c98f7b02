"""The examples of every docstring run."""

import doctest
import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import streams.partners

MODULES = [
    importlib.import_module(f"streams.partners.{module.name}")
    for module in pkgutil.iter_modules(streams.partners.__path__)
]
WITH_EXAMPLES = [module for module in MODULES if ">>>" in inspect.getsource(module)]


def test_examples_are_found() -> None:
    assert {module.__name__.rpartition(".")[2] for module in WITH_EXAMPLES} >= {"numbers", "dates", "urssaf", "insee"}


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_examples(module: ModuleType) -> None:
    results = doctest.testmod(module)
    assert results.attempted
    assert not results.failed
