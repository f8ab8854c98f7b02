"""State that an older version of Vigie wrote is read by this one.

`state_format_N.ndjson` is what the last version of format N wrote after the events of `lives`, by `write_state`.
"""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.recfunctions import repack_fields

from detectors import pack
from detectors.chain import Chain
from detectors.events import AnyEvent
from detectors.panel import FIRM
from tests.detectors.making import (
    JANUARY,
    clock,
    contribution,
    debt,
    firm,
    headcount,
    on,
    proceeding,
    request,
    schedule,
)
from tests.detectors.making import use as used
from tests.detectors.running import Run, new_chain, state

HERE = Path(__file__).parent
OLDER = pytest.mark.parametrize("format", [2, 3])
SAID = ("offset", "tier", "tier_day", "jump_day", "month_ends", "logit", "codes", "usual", "spread")
"""Fields that say what was decided about a firm: they follow the features and the model, not the format."""


def lives() -> list[AnyEvent]:
    events: list[AnyEvent] = [firm(name="Société Dupont & Fils"), firm("000000001", name="")]
    for n in range(16):
        month = JANUARY + n
        paid = 1000.0 + n if n % 5 else 200.0
        events += [contribution(month=month, due=1000.0 + n, paid=paid), headcount(month=month, heads=40 - n // 4)]
        if n % 4 == 3:
            events += [
                debt(sequence=str(n), known_at=on(month), employee_share=100.0 * n),
                request(request_id=f"R{n}", known_at=on(month)),
                used(request_id=f"R{n}", month=month, hours=10.0 * n),
            ]
        events.append(clock(on(month + 1, 2)))
    late = JANUARY + 16
    return [
        *events,
        schedule(known_at=on(late)),
        contribution("000000001", account="B", month=late - 1),
        proceeding("000000001", known_at=on(late)),
    ]


def records_of(format: int) -> list[pack.Record]:
    text = (HERE / f"state_format_{format}.ndjson").read_text(encoding="ascii")
    lines = [json.loads(line) for line in text.splitlines()]
    return [(base64.b64decode(line["key"]), base64.b64decode(line["value"])) for line in lines]


def without_time(records: dict[bytes, bytes | None]) -> dict[bytes, bytes | None]:
    return {key: value for key, value in records.items() if key != pack.CLOCK_KEY}


def loaded(format: int) -> Chain:
    chain = new_chain()
    pack.load(chain, records_of(format))
    return chain


@OLDER
def test_firms_of_an_older_format_are_as_they_were(format: int) -> None:
    expected, found = Run().take_all(lives()).chain, loaded(format)
    assert {value[0] for key, value in records_of(format) if value and key.isdigit()} == {format}
    rows = [
        found.panel.rows_of(expected.panel.firms["siren"][:1]),
        found.panel.rows_of(expected.panel.firms["siren"][1:2]),
    ]
    assert found.panel.names == [expected.panel.names[int(row[0])] for row in rows]
    for name in FIRM.names or ():
        if name not in SAID:
            assert found.panel.firms[name][:2].tolist() == expected.panel.firms[name][:2].tolist(), name
    for old, new in zip(found.panel.ledgers, expected.panel.ledgers, strict=True):
        assert len(old) == len(new) > 0
        by_key = [repack_fields(np.sort(of.entries[: len(of)], order="key")) for of in (old, new)]
        assert by_key[0].tobytes() == by_key[1].tobytes()
    assert (found.day, found.swept, found.known_to.tolist()) == (
        expected.day,
        expected.swept,
        expected.known_to.tolist(),
    )
    assert {month: [*parts[0].sirens] for month, parts in found.pending.items()} == {
        month: [*parts[0].sirens] for month, parts in expected.pending.items()
    }


@OLDER
def test_what_was_read_is_written_in_todays_format_and_comes_back(format: int) -> None:
    records = state(loaded(format))
    firms = [value for key, value in records.items() if not key.startswith(b"~") and value is not None]
    assert [value[0] for value in firms] == [pack.FORMAT] * 2
    again = new_chain()
    pack.load(again, records.items())
    assert state(again) == records


@OLDER
def test_old_records_among_new_ones_give_way_to_the_newer(format: int) -> None:
    """As in the changelog of a cluster that was upgraded: a firm's later record counts, whatever its format."""
    chain = loaded(format)
    later = Run(chain).take([headcount(month=JANUARY + 16, heads=77, known_at=on(JANUARY + 16, 28))], 10**6).chain
    new = [record for record in state(later).items() if not record[0].startswith(b"~")]
    for records in ([*records_of(format), *new], [*new, *records_of(format)]):
        again = new_chain()
        pack.load(again, records)
        assert without_time(state(again)) == without_time(state(later))
