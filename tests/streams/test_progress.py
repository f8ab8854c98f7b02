from datetime import UTC, datetime
from pathlib import Path

import pytest

from detectors.errors import UnusableInput
from streams.errors import Unwritable
from streams.progress import Finished, Progress

DONE = Finished("debit.csv", datetime(2024, 5, 1, 12, 30, tzinfo=UTC), 10, 9)


def test_what_is_done_is_known_after_a_restart_and_for_that_cluster_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "progress.json"
    progress = Progress(path, "cluster-1")
    assert progress.finished("aa") is None
    progress.finish({})
    assert not path.exists()
    progress.finish({"aa": DONE})
    other = Progress(path, "cluster-2")
    assert other.finished("aa") is None
    other.finish({"bb": DONE})
    again = Progress(path, "cluster-1")
    assert again.finished("aa") == DONE
    assert again.finished("bb") is None


def test_what_cannot_be_noted_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(UnusableInput, match="data"):
        Progress(tmp_path / "data" / "progress.json", "cluster")
    progress = Progress(tmp_path / "later" / "progress.json", "cluster")
    (tmp_path / "later").write_text("no folder")
    with pytest.raises(Unwritable):
        progress.finish({"aa": DONE})


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 1}', '{"format": 2, "finished": {}}'])
def test_a_file_that_is_none_of_this_kind(content: str, tmp_path: Path) -> None:
    path = tmp_path / "progress.json"
    path.write_text(content)
    with pytest.raises(UnusableInput, match="ingested again, which does no harm"):
        Progress(path, "cluster")
