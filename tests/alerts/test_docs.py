import doctest
import importlib
import pkgutil

import alerts


def test_the_examples_in_the_docstrings_hold() -> None:
    tried = failed = 0
    for module in pkgutil.iter_modules(alerts.__path__, "alerts."):
        result = doctest.testmod(importlib.import_module(module.name))
        failed += result.failed
        tried += result.attempted
    assert failed == 0
    assert tried >= 5
