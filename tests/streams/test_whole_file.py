from pathlib import Path

import pytest

from streams.errors import Unwritable
from streams.whole_file import write_whole


def test_a_file_is_replaced_and_nothing_else_stays(tmp_path: Path) -> None:
    path = tmp_path / "made" / "file"
    write_whole(path, b"one")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]


def test_what_cannot_be_written_leaves_the_older_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.mkdir()  # no file can take its name
    with pytest.raises(Unwritable, match=str(path)):
        write_whole(path, b"one")
    assert list(tmp_path.iterdir()) == [path]
