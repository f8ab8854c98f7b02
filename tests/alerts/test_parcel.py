from hypothesis import given
from hypothesis import strategies as st

from alerts.alert import encode
from alerts.parcel import pack
from tests.alerts.samples import an_alert


@given(batch=st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([encode(an_alert())]))))
def test_every_record_is_either_packed_or_refused(batch: list[bytes]) -> None:
    parcels, refused = pack(batch)
    assert len(parcels) + len(refused) == len(batch)
    assert all(batch[one.place] == one.data for one in refused)


@given(identifier=st.text(max_size=70), siren=st.text(max_size=10))
def test_only_sound_ids_and_sirens_are_packed(identifier: str, siren: str) -> None:
    [*packed], _ = pack([encode(an_alert(id=identifier)), encode(an_alert(siren=siren))])
    for parcel in packed:
        assert parcel.alert.id.isascii()
        assert parcel.alert.id.isprintable()
        assert 1 <= len(parcel.alert.id) <= 64
        assert len(parcel.alert.siren.encode()) == 9


def test_a_record_says_why_it_is_refused() -> None:
    reasons = [one.reason for one in pack([b"{}", encode(an_alert(siren="12"))])[1]]
    assert "missing required field" in reasons[0]
    assert "`siren` is not 9 digits" in reasons[1]
