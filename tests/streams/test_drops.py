import os
from pathlib import Path

import pytest

from detectors.errors import UnusableInput
from streams.drops import LONGEST_WAIT_LOOKS, Drop, DropFolder, Stillness


@pytest.fixture
def folder(tmp_path: Path) -> DropFolder:
    return DropFolder(tmp_path)


def drop(folder: DropFolder, name: str, content: str = "content") -> Drop:
    path = folder.folder / name
    path.write_text(content)
    return Drop(path, folder.look()[path])


def names(drops: list[Drop]) -> list[str]:
    return [drop.name for drop in drops]


def test_only_finished_files_are_seen_in_the_order_of_their_names(folder: DropFolder) -> None:
    for name in ("b.csv", "a.csv", ".hidden", "c.csv.part", "d.TMP", "done/e.csv", "quarantine/f.csv", "rejects/g"):
        (folder.folder / name).write_text("content")
    (folder.folder / "sub").mkdir()
    (folder.folder / "gone").symlink_to("nowhere")
    assert [path.name for path in folder.look()] == ["a.csv", "b.csv"]
    (folder.folder / "c.csv.part").rename(folder.folder / "c.csv")
    assert [path.name for path in folder.look()] == ["a.csv", "b.csv", "c.csv"]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="missing is no folder"):
        DropFolder(tmp_path / "missing")


def test_a_delivery_is_taken_once_it_is_still(folder: DropFolder) -> None:
    stillness = Stillness()
    assert stillness.take(folder.look()) == []
    drop(folder, "a.csv")
    assert stillness.take(folder.look()) == []
    drop(folder, "b.csv")
    assert stillness.take(folder.look()) == []
    drop(folder, "b.csv", "longer content")
    assert stillness.take(folder.look()) == []
    assert names(stillness.take(folder.look())) == ["a.csv", "b.csv"]


def test_a_file_that_never_rests_holds_the_others_up_for_some_looks(folder: DropFolder) -> None:
    stillness = Stillness()
    drop(folder, "a.csv")
    taken: list[str] = []
    for look in range(LONGEST_WAIT_LOOKS + 1):
        assert not taken
        drop(folder, "restless.csv", "x" * look)
        taken = names(stillness.take(folder.look()))
    assert taken == ["a.csv"]


def test_a_file_written_again_is_another(folder: DropFolder) -> None:
    before = drop(folder, "a.csv")
    assert before.unchanged()
    os.utime(before.path, ns=(0, 0))
    assert not before.unchanged()
    before.path.unlink()
    assert not before.unchanged()


def test_files_move_under_their_own_name_or_one_with_their_digest(folder: DropFolder) -> None:
    contents = ["one", "two", "three", "two"]
    for content in contents:
        given = drop(folder, "debit.csv.gz", content)
        folder.set_done(given, given.digest())
    kept = {path.name: path.read_text() for path in folder.done.iterdir()}
    assert sorted(kept.values()) == ["one", "three", "two"]
    assert kept["debit.csv.gz"] == "one"
    assert all(name.startswith("debit") and name.endswith(".csv.gz") for name in kept)
    assert folder.look() == {}


def test_what_is_of_no_use_has_its_reason_beside_it(folder: DropFolder) -> None:
    for content in ("one", "two"):
        given = drop(folder, "debit.csv", content)
        target = folder.set_aside(given, given.digest(), f"because {content}")
        assert target.read_text() == content
        assert target.with_name(f"{target.name}.reason.txt").read_text() == f"because {content}\n"
    assert len(list(folder.quarantine.iterdir())) == 4
