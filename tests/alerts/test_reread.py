"""A file is what it says now, or what it said when it could last be used."""

import logging
from pathlib import Path

import pytest

from alerts.reread import Reread
from detectors.errors import UnusableInput


def read(path: Path) -> int:
    try:
        return int(path.read_text())
    except (OSError, ValueError) as error:
        raise UnusableInput(f"{path}: {error}") from error


def test_a_change_applies_at_once_and_a_broken_file_not_at_all(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    path = tmp_path / "number"
    with pytest.raises(UnusableInput):
        Reread(path, read)
    path.write_text("1")
    file = Reread(path, read)
    assert file.now() == 1
    path.write_text("22")
    assert file.now() == 22
    path.write_text("333x")
    assert (file.now(), file.now()) == (22, 22)
    assert caplog.text.count("as before") == 1, "told once"
    path.unlink()
    assert file.now() == 22
    new = tmp_path / "new"
    new.write_text("44")
    new.replace(path)
    assert file.now() == 44
