import redis

from alerts.alert import encode
from alerts.totals import totals
from tests.alerts.publishing import Bench
from tests.alerts.samples import an_alert, many


def test_totals_count_each_alert_once_by_tier_and_kind(client: redis.Redis, bench: Bench) -> None:
    odd = encode(an_alert(id="odd", tier="none", kind="lowered", department="2B"))
    bench.publish(many(4, ("21", None)), many(4, ("21", None)), [odd])
    assert totals(client, where="here") == {
        "21": {("strong", "raised"): 2},
        "2B": {("none", "lowered"): 1},
        "unknown": {("strong", "raised"): 2},
    }
