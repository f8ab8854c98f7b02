"""A worker that starts from a replay goes on as if it had seen everything itself: no gap, nothing doubled."""

import json
from pathlib import Path

import pytest

from detectors import models
from tests.acceptance.harness import Site
from tests.acceptance.test_restart import check_state
from tests.acceptance.world import World
from tests.member import member
from vigie.__main__ import main

CUT = "2019-07"
IDLE = ("--exit-when-idle", "2")


def replay(world: World, folder: Path, *options: str) -> list[str]:
    """Replay the months before the cut, keeping state and model; the alerts' ids."""
    alerts = folder / "before.ndjson"
    arguments = ["replay", str(world.files), "--until", "2019-06", "--alerts", str(alerts)]
    assert main([*arguments, "--state-out", str(folder / "state"), *options]) == 0
    return [json.loads(line)["id"] for line in alerts.read_text().splitlines()]


def live(world: World) -> list[dict[str, object]]:
    """The lines from the cut on."""
    return [line for line in world.lines if (line["value"]["known_at"] or "") >= CUT]


def test_live_events_continue_a_frozen_replay(site: Site, world: World, tmp_path: Path) -> None:
    before = replay(world, tmp_path, "--frozen")
    assert main(["seed", str(tmp_path / "state"), "--kafka", site.kafka]) == 0
    site.send(live(world))
    worker = site.worker("--frozen", *IDLE)
    assert worker.wait() == 0, worker.log
    assert len(before) > 0
    assert sorted(before + site.ids()) == world.frozen.ids
    check_state(site, world)


def test_learning_continues_too(site: Site, world: World, tmp_path: Path) -> None:
    whole = tmp_path / "whole.csv"
    assert main(["replay", str(world.files), "--scores", str(whole)]) == 0
    versions = list(dict.fromkeys(line.rsplit(",", 1)[1] for line in whole.read_text().splitlines()[1:]))
    replay(world, tmp_path)
    seeded = models.decode((tmp_path / "state" / "model.msgpack").read_bytes()).version
    assert main(["seed", str(tmp_path / "state"), "--kafka", site.kafka]) == 0
    site.send(live(world))
    worker = site.worker(*IDLE)
    assert worker.wait() == 0, worker.log
    published = [models.decode(record.value).version for record in site.records("vigie.models")]
    assert published[0] == seeded
    after = versions[versions.index(seeded) :] if seeded in versions else versions
    assert len(after) > 2
    assert set(after) <= set(published)


def test_a_state_is_replaced_once_nobody_works_on_it(
    site: Site, world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an operator does who rebuilds the state, and one who keeps a model and rolls back to it."""
    replay(world, tmp_path, "--frozen")
    state, here = str(tmp_path / "state"), ("--kafka", site.kafka)
    assert main(["seed", state, *here]) == 0
    written = len(site.records("vigie-firms-changelog"))
    assert main(["seed", state, *here]) == 1
    with member(site.kafka, "vigie.events", "vigie"):
        capsys.readouterr()
        assert main(["seed", "--replace", state, *here]) == 1
        assert "workers are at work in vigie" in capsys.readouterr().err
    assert len(site.records("vigie-firms-changelog")) == written
    assert main(["seed", "--replace", state, *here]) == 0
    assert len(site.records("vigie-firms-changelog")) == written
    assert len(site.ends("vigie-firms-changelog")) == site.partitions
    capsys.readouterr()
    assert main(["models", "list", "--json", *here]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    version = json.loads(line)["version"]
    file = tmp_path / "kept.model"
    assert main(["models", "save", str(file), "--version", "another", *here]) == 1
    assert main(["models", "save", str(file), *here]) == 0
    assert models.decode(file.read_bytes()).version == version
    site.send(live(world)[:500])
    back = site.worker("--frozen", "--model-in", str(file), *IDLE)
    assert back.wait() == 0, back.log
    assert {entry.alert["model_version"] for entry in site.entries()} == {version}


def test_a_damaged_folder_is_refused(site: Site, world: World, tmp_path: Path) -> None:
    replay(world, tmp_path, "--frozen")
    state = tmp_path / "state" / "state.msgpack"
    state.write_bytes(state.read_bytes()[:-7])
    for how in ((), ("--replace",)):
        assert main(["seed", *how, str(tmp_path / "state"), "--kafka", site.kafka]) == 2
    assert site.records("vigie-firms-changelog") == []
    state.unlink()
    assert main(["seed", str(tmp_path / "state"), "--kafka", site.kafka]) == 2
