"""A worker that starts from a replay goes on as if it had seen everything itself: no gap, nothing doubled."""

import json
from pathlib import Path

from detectors import models
from tests.acceptance.harness import Site
from tests.acceptance.test_restart import check_state
from tests.acceptance.world import World
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


def test_a_cluster_at_work_is_not_seeded(site: Site, world: World, tmp_path: Path) -> None:
    replay(world, tmp_path, "--frozen")
    arguments = ["seed", str(tmp_path / "state"), "--kafka", site.kafka]
    assert main(arguments) == 0
    written = len(site.records("vigie-firms-changelog"))
    assert main(arguments) == 1
    assert len(site.records("vigie-firms-changelog")) == written


def test_a_damaged_folder_is_refused(site: Site, world: World, tmp_path: Path) -> None:
    replay(world, tmp_path, "--frozen")
    state = tmp_path / "state" / "state.msgpack"
    state.write_bytes(state.read_bytes()[:-7])
    assert main(["seed", str(tmp_path / "state"), "--kafka", site.kafka]) == 2
    assert site.records("vigie-firms-changelog") == []
    state.unlink()
    assert main(["seed", str(tmp_path / "state"), "--kafka", site.kafka]) == 2
