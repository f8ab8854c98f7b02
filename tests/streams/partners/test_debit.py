from datetime import date
from pathlib import Path

import pytest

from detectors.events import PaymentDelay
from streams.partners.debit import counted_from
from tests.streams.partner_files import VALID, ingested, only_event, only_reject

SAMPLE = b"""\
Urssaf_gestion;Dep;num_cpte;Siren;Siret;Dt_immat;Etat_cpte;Cd_pro_col;Periode;Num_Ecn;Num_Hist_Ecn;Dt_trt_ecn;\
Mt_PO;Mt_PP;Cd_op_ecn;Motif_ecn;Recours_en_cours
939;27;111982477292496174;000000000;00000000000000;20150708;5;0;201712;659;9;990505;195907;864497;3;74;0
"""


def test_a_partners_own_row(tmp_path: Path) -> None:
    path = tmp_path / "any name"
    path.write_bytes(SAMPLE)
    assert ingested(path).facts == [
        PaymentDelay(
            siren="000000000",
            siret="00000000000000",
            known_at=date(1999, 5, 5),
            account="111982477292496174",
            period_start=date(2017, 2, 1),
            period_end=date(2017, 3, 1),
            sequence="659",
            version=9,
            employee_share=1959.07,
            employer_share=8644.97,
            counted_from=date(1999, 5, 1),
            account_state=5,
            proceeding_code="0",
            operation_code="3",
            reason_code="74",
            disputed=False,
        )
    ]


@pytest.mark.parametrize(
    ("processed_on", "month"),
    [
        (date(2018, 2, 20), date(2018, 2, 1)),
        (date(2018, 2, 21), date(2018, 3, 1)),
        (date(2018, 12, 31), date(2019, 1, 1)),
    ],
)
def test_after_the_20th_a_debt_counts_from_the_next_month(processed_on: date, month: date) -> None:
    assert counted_from(processed_on) == month


def test_the_firm_is_told_by_its_establishment_first(tmp_path: Path) -> None:
    assert only_event("debit", tmp_path, Siret="12345678901234", Siren="999999999").siren == "123456789"
    alone = only_event("debit", tmp_path, Siret="", Siren="999999999")
    assert (alone.siren, alone.siret) == ("999999999", None)
    assert only_reject("debit", tmp_path, Siret="", Siren="").column == "Siret"
    assert only_reject("debit", tmp_path, Siret="1234", Siren="999999999").column == "Siret"


def test_states_may_be_unknown(tmp_path: Path) -> None:
    cells = dict.fromkeys(("Etat_cpte", "Cd_pro_col", "Cd_op_ecn", "Motif_ecn", "Recours_en_cours"), "")
    event = only_event("debit", tmp_path, **cells)
    assert event.account_state is event.proceeding_code is event.operation_code is None
    assert event.reason_code is event.disputed is None
    assert VALID["debit"]["Etat_cpte"]
