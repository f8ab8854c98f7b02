"""What an erasure does with what it cannot read, and where it is cut short among models."""

from typing import Any

import msgspec
import pytest

from detectors import learning, models
from detectors.learning import _closed, _State
from detectors.models import Model, prior
from detectors.reservoir import Reservoir
from streams import erasure
from streams.cluster import ClusterError
from streams.erasure import UnreadableModel, erase_log, erase_models, require_scored
from streams.models_topic import MODEL_KEY
from streams.rewriting import Rewritten
from streams.topics import DEAD_LETTERS, EXAMPLES, MODELS
from tests.acceptance.harness import Site
from tests.detectors.answering import FIRST, HORIZON, World
from tests.searching import holds

SIREN = "123456789"
NUMBER = int(SIREN).to_bytes(4, "little")


class Killed(Exception):
    """Stands for the end of the process."""


def kill(*_: Any, **__: Any) -> None:
    raise Killed


def remembering(version: str) -> tuple[Model, str]:
    """A model that keeps examples, and a firm among them."""
    world, reservoir = World(firms=50), Reservoir(5, 20)
    for month in (FIRST, FIRST + 1):
        reservoir.see(month, world.month(month).portfolio.counts, HORIZON)
    kept = reservoir.keep([world.month(FIRST + 3).answered()])
    assert kept is not None
    model = msgspec.structs.replace(prior(), version=version, learner=_closed(_State(reservoir.stored())))
    return model, f"{kept.cohort.sirens[0]:09d}"


def publish(site: Site, *records: bytes) -> None:
    with site.producer() as producer:
        for record in records:
            producer.send(MODELS, record, key=MODEL_KEY)


def test_models_keep_nothing_of_a_firm_whatever_is_killed(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    model, siren = remembering("second")
    publish(site, models.encode(remembering("first")[0]), b"another version's", models.encode(model))
    assert erase_models(site.cluster, SIREN, 30) == 1  # which may have it, for all one can tell
    assert erase_models(site.cluster, SIREN, 30) == 0
    assert [models.decode(record.value) for record in site.records(MODELS)] == [model]
    with monkeypatch.context() as patched:
        patched.setattr(erasure, "delete_before", kill)
        with pytest.raises(Killed):
            erase_models(site.cluster, siren, 30)
    assert [holds(record.value, int(siren)) for record in site.records(MODELS)] == [True, False]
    assert erase_models(site.cluster, siren, 30) == 1
    (record,) = site.records(MODELS)
    assert models.decode(record.value) == learning.without(model, int(siren)) != model

    publish(site, b"another version's")
    with pytest.raises(UnreadableModel, match=r"the model in force .* is of another version of Vigie"):
        erase_models(site.cluster, siren, 30)


def test_what_nobody_reads_goes_where_it_may_be_of_the_firm(site: Site) -> None:
    blocks = [b"another version's \x00" + NUMBER, b"another version's", f"no block {SIREN}".encode()]
    letters = [b"no letter", f"no letter {SIREN}00012".encode()]
    with site.producer() as producer:
        for topic, values in ((EXAMPLES, blocks), (DEAD_LETTERS, letters)):
            for value in values:
                producer.send(topic, value, partition=0)
    assert erase_log(site.cluster, EXAMPLES, SIREN, 30) == Rewritten(removed=2)
    assert erase_log(site.cluster, DEAD_LETTERS, SIREN, 30) == Rewritten(removed=1)
    assert [record.value for record in site.records(EXAMPLES)] == [blocks[1]]
    assert [record.value for record in site.records(DEAD_LETTERS)] == [letters[0]]


def test_events_that_are_not_scored_would_bring_the_firm_back(site: Site) -> None:
    require_scored(site.cluster)
    with site.producer() as producer:
        producer.send("vigie.events", b"x", partition=1)
    with pytest.raises(ClusterError, match=r"vigie has not committed all of vigie\.events/1"):
        require_scored(site.cluster)
