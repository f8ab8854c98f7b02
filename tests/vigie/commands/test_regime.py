"""What an operator sees of a change of the world: in `vigie status` and in `vigie replay`."""

from datetime import date
from pathlib import Path

import msgspec
import pytest
from kafka import KafkaProducer

from detectors import models
from detectors.regime import Finding, Regime
from streams.topics import MODELS
from tests.vigie.commands.conftest import Vigie
from vigie.__main__ import main


@pytest.mark.usefixtures("topics")
def test_status_shows_the_alarms_of_the_model_in_force(vigie: Vigie, producer: KafkaProducer) -> None:
    regime = Regime(
        month=2020 * 12 + 3,
        inputs=Finding("alarm", 2020 * 12 + 2),
        errors=Finding("recovering", 2020 * 12 + 2, 1),
        moved=("debt_growth_1m", "hours_used_3m"),
        openings=1,
        promised=6.25,
    )
    for version, now in (("m1", regime), ("m2", Regime(month=2020 * 12 + 4))):
        model = msgspec.structs.replace(models.prior(), version=version, as_of=date(2020, 4, 30), regime=now)
        producer.send(MODELS, models.encode(model), key=b"model").get(timeout=10)
        text, json = vigie("status")[1], msgspec.json.decode(vigie("status", "--json")[1])
        assert f"model             {version}, as of 2020-04-30" in text
        if now is regime:
            assert "alarm on inputs since 2020-03: moved most: debt_growth_1m, hours_used_3m\n" in text
            assert "recovering on errors since 2020-03: 1 proceedings opened in the month, 6.2 were expected" in text
            assert [(a["watch"], a["state"], a["since"]) for a in json["regime"]] == [
                ("inputs", "alarm", "2020-03"),
                ("errors", "recovering", "2020-03"),
            ]
        else:
            assert "regime            calm\n" in text
            assert json["regime"] == []


def test_replay_tells_beginning_and_end_and_counts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    world = tmp_path / "world"
    size = ["--firms", "400", "--months", "58", "--seed", "11", "--moratorium", "2021-06:2021-09"]
    assert main(["simulate", str(world), *size]) == 0
    capfd.readouterr()
    arguments = ["replay", str(world), "--horizon", "6", "--model-out", str(tmp_path / "model")]
    assert main(arguments) == 0
    err = capfd.readouterr().err
    lines = [line for line in err.splitlines() if "regime alarm on inputs" in line]
    assert any(line.startswith(("2021-06: regime alarm on inputs begins", "2021-07: regime")) for line in lines)
    begun = sum(" begins: " in line and "regime alarm on " in line for line in err.splitlines())
    assert f", {begun} regime alarms; model " in err
    assert models.decode((tmp_path / "model").read_bytes()).regime.month == 2022 * 12 + 9
