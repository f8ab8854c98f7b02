import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer, TopicPartition

from deploy.embedded import KafkaServer
from streams.admin import create_topics
from streams.cluster import Cluster
from streams.partners import KINDS
from streams.topics import EVENTS, TopicOptions, table
from tests.acceptance.processes import frozen
from tests.streams.partner_files import VALID, content, written
from vigie.__main__ import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A delivery with a good row and a bad one, and a file that is no partner file."""
    folder = tmp_path / "delivery"
    folder.mkdir()
    written(folder / "debit.csv", "debit", [VALID["debit"], VALID["debit"] | {"Periode": "2018"}])
    written(folder / "names.csv", "sirene_ul", [VALID["sirene_ul"]])
    (folder / "README").write_text("no partner file")
    return folder


def vigie(*args: str | Path) -> int:
    return main([str(arg) for arg in args])


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_events_and_rejects_go_to_files(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, rejects = tmp_path / "events.ndjson", tmp_path / "rejects.ndjson"
    assert vigie("ingest", folder, "--to", out, "--rejects", rejects) == 0
    firm, opening, debt, closing = lines(out)
    assert all(line.keys() == {"topic", "key", "value"} and line["topic"] == EVENTS for line in lines(out))
    assert (firm["key"], firm["value"]["name"]) == ("123456789", "ÉTABLISSEMENTS DURAND")
    assert opening == {"topic": EVENTS, "key": None, "value": {"type": "clock", "known_at": "1999-05-01"}}
    assert (debt["key"], debt["value"]["employee_share"]) == ("000000000", 1959.07)
    assert closing["value"] == {"type": "clock", "known_at": "1999-05-05"}
    (reject,) = lines(rejects)
    assert reject.keys() == {"file", "line", "column", "reason", "raw"}
    assert (reject["file"], reject["line"], reject["column"]) == (str(folder / "debit.csv"), 3, "Periode")
    assert reject["raw"] == content("debit", [VALID["debit"] | {"Periode": "2018"}]).decode().splitlines()[1]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "README: skipped" in captured.err
    assert "total: 2 files, 3 rows, 2 events, 1 rejected" in captured.err
    assert "4 events written" in captured.err
    assert not list(tmp_path.glob("*.partial"))


def test_lines_are_the_same_from_columns_and_one_by_one(tmp_path: Path) -> None:
    folder = tmp_path / "delivery"
    folder.mkdir()
    for kind in KINDS:
        written(folder / f"{kind}.csv", kind, [VALID[kind]] * 3)
    assert vigie("ingest", folder, "--to", tmp_path / "fast") == 0
    assert vigie("ingest", folder, "--to", tmp_path / "paced", "--rate", "1000000") == 0
    assert len(lines(tmp_path / "fast")) > 3 * len(KINDS)
    assert lines(tmp_path / "fast") == lines(tmp_path / "paced")


def test_stdout_has_the_events_alone(folder: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert vigie("ingest", folder, "--to", "-") == 0
    assert [json.loads(line)["key"] for line in capfdbinary.readouterr().out.splitlines()] == [
        "123456789",
        None,
        "000000000",
        None,
    ]


def test_months_can_be_chosen(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.ndjson"
    assert vigie("ingest", folder, "--to", out, "--from", "1999-06") == 0
    assert [line["value"]["type"] for line in lines(out)] == ["firm"]
    assert vigie("ingest", folder, "--to", out, "--from", "1999-05", "--until", "1999-05") == 0
    assert len(lines(out)) == 4
    assert vigie("ingest", folder, "--to", out, "--until", "1999-13") == 2


def test_one_unusable_file_of_two(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, alien = tmp_path / "events.ndjson", tmp_path / "alien.csv"
    alien.write_text("a;b\n1;2\n")
    assert vigie("ingest", folder, alien, "--to", out) == 1
    assert len(lines(out)) == 4
    assert f"{alien}: is no partner file: its header is 'a;b'" in capsys.readouterr().err


def test_nothing_usable_leaves_what_was_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, alien = tmp_path / "events.ndjson", tmp_path / "alien.csv"
    out.write_text("older")
    alien.write_text("a;b\n1;2\n")
    assert vigie("ingest", alien, "--to", out) == 2
    assert out.read_text() == "older"
    assert "debit" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert vigie("ingest", tmp_path / "empty", "--to", out) == 2
    assert "no partner file" in capsys.readouterr().err
    assert vigie("ingest", tmp_path / "missing", "--to", out) == 2


def test_outputs_that_cannot_be_written(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert vigie("ingest", folder, "--to", tmp_path / "missing" / "events.ndjson") == 2
    assert "--to" in capsys.readouterr().err
    assert vigie("ingest", folder, "--to", "-", "--rejects", tmp_path / "missing" / "rejects.ndjson") == 2
    assert "--rejects" in capsys.readouterr().err
    debit = folder / "debit.csv"
    before = debit.read_bytes()
    assert vigie("ingest", debit, "--to", debit) == 2
    assert vigie("ingest", debit, "--to", "-", "--rejects", debit) == 2
    assert debit.read_bytes() == before


@pytest.mark.parametrize("rows", [1, 1000])
@pytest.mark.parametrize("option", ["--to", "--rejects"])
def test_a_full_disk(option: str, rows: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = VALID["debit"] | {"Periode": "2018"}
    path = written(tmp_path / "debit.csv", "debit", [VALID["debit"], bad] * rows)
    others: list[str | Path] = [] if option == "--to" else ["--to", tmp_path / "events.ndjson"]
    assert vigie("ingest", path, option, "/dev/full", *others) == 1
    assert "could not be written: No space left" in capsys.readouterr().err


def test_a_reader_that_stops_early(folder: Path) -> None:
    written(folder / "debit.csv", "debit", [VALID["debit"]] * 5000)
    command = [sys.executable, "-m", "vigie", "ingest", str(folder), "--to", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read().decode()
    assert process.returncode == 1
    assert "Traceback" not in errors
    assert "Broken" not in errors


def test_kafka_is_the_default(folder: Path, kafka: KafkaServer, capsys: pytest.CaptureFixture[str]) -> None:
    options = TopicOptions()
    create_topics(Cluster(kafka=kafka.bootstrap), table(options))
    consumer = KafkaConsumer(bootstrap_servers=kafka.bootstrap)
    places = [TopicPartition(EVENTS, number) for number in range(options.partitions)]
    before = consumer.end_offsets(places)
    assert vigie("ingest", folder, "--kafka", kafka.bootstrap, "--rate", "1000") == 0
    after = consumer.end_offsets(places)
    consumer.close()
    assert sum(after.values()) - sum(before.values()) == 2 + 2 * options.partitions
    assert all(after[place] >= before[place] + 2 for place in places)
    assert "4 events written" in capsys.readouterr().err


def test_no_broker(folder: Path) -> None:
    # A process of its own: kafka-python leaves sockets that did not connect to the collector, which warns.
    result = _run(folder, "--kafka", "127.0.0.1:1", "--kafka-timeout-s", "0.5")
    assert result.returncode == 1
    assert "VIGIE_KAFKA" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_broker_that_goes_away(folder: Path, kafka: KafkaServer) -> None:
    written(folder / "debit.csv", "debit", [VALID["debit"]] * 1000)
    create_topics(Cluster(kafka=kafka.bootstrap), table(TopicOptions()))
    options = ["--kafka", kafka.bootstrap, "--rate", "50", "--send-timeout-s", "3", "--kafka-timeout-s", "2"]
    process = subprocess.Popen(_command(folder, *options), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("total: "):  # sending begins
            break
    with frozen(kafka.pid):
        errors = process.stderr.read()
        process.stderr.close()
        assert process.wait() == 1
    assert "did not confirm" in errors
    assert "Traceback" not in errors


def _run(*args: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(_command(*args), capture_output=True, text=True, timeout=60)


def _command(*args: str | Path) -> list[str]:
    return [sys.executable, "-m", "vigie", "ingest", *map(str, args)]
