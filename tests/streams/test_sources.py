import gzip
import os
import zipfile
from pathlib import Path

import pytest

from detectors.errors import UnusableInput
from streams.lines import Lines
from streams.sources import sources


def contents(*paths: Path) -> dict[str, str]:
    found = {}
    for source in sources(paths):
        with source.open() as stream:
            found[source.name] = next(Lines(stream)).text
    return found


def test_a_folder_is_searched_in_sorted_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a/z.csv", "a/y/x.csv", ".hidden", ".git/config", "c.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    assert list(contents(tmp_path).values()) == ["a/y/x.csv", "a/z.csv", "b.csv", "c.csv"]


def test_paths_keep_the_order_given(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    found = list(sources([tmp_path / "b", tmp_path / "a"]))
    assert [source.path.name for source in found] == ["b", "a"]
    assert all(source.named for source in found)
    assert not any(source.named for source in sources([tmp_path]))


def test_packed_files_are_unpacked_whatever_their_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"one"))
    (tmp_path / "b.csv").write_bytes(gzip.compress(b"two") + gzip.compress(b" parts"))
    with zipfile.ZipFile(tmp_path / "c.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("z.csv", "four")
        archive.writestr("y/x.csv.gz", gzip.compress(b"three"))
        archive.mkdir("y")
    found = contents(tmp_path)
    assert list(found.values()) == ["one", "two parts", "three", "four"]
    assert list(found)[2:] == [f"{tmp_path}/c.zip/y/x.csv.gz", f"{tmp_path}/c.zip/z.csv"]


def test_a_pipe_is_read(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.write(write_end, gzip.compress(b"piped"))
    os.close(write_end)
    assert list(contents(Path(f"/dev/fd/{read_end}")).values()) == ["piped"]
    os.close(read_end)


def test_a_path_that_is_not_there_stops_all(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match="missing"):
        list(sources([tmp_path, tmp_path / "missing"]))


def test_a_name_that_is_no_text_can_be_shown(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv")).write_text("x")
    (source,) = sources([tmp_path])
    assert source.name == f"{tmp_path}/\N{REPLACEMENT CHARACTER}.csv"
