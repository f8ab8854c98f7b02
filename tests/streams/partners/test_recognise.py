import pytest

from streams.partners import KINDS, recognise


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a;b;c",
        "siren,month,probability,tier,model_version",
        "siren;siret;dep",
        "siret,siren,name",
        "MOIS,total",
        "Siret;Compte;total",
        "%PDF-1.7",
        "effet;effectif",
        # the right names between the wrong separators
        ",".join(KINDS["debit"].header),
    ],
)
def test_other_files_are_of_no_kind(line: str) -> None:
    assert recognise({";": line.split(";"), ",": line.split(",")}, KINDS) is None


def test_the_months_tell_a_wide_file() -> None:
    assert recognise({";": ["siren", "eff201811"], ",": ["siren;eff201811"]}, KINDS) is KINDS["effectif_ent"]
    assert recognise({";": ["siret", "compte", "eff201811"], ",": [""]}, KINDS) is KINDS["effectif"]
