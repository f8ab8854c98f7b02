import json

import pytest
import redis
from kafka import KafkaProducer

from alerts.alert import encode
from streams.topics import ALERTS
from tests.alerts.publishing import delivered
from tests.alerts.samples import an_alert
from tests.vigie.commands.conftest import Vigie


@pytest.mark.usefixtures("topics")
def test_rebuild_says_what_it_did(vigie: Vigie, producer: KafkaProducer, redis_client: redis.Redis) -> None:
    for place in range(3):
        producer.send(ALERTS, encode(an_alert(id=f"rebuilt-{place}", department="976")), key=b"123456789")
    producer.flush()
    status, out, _ = vigie("alerts", "rebuild", "--department", "976", "--json")
    assert status == 0
    summary = json.loads(out)
    assert summary["restored"] == 3
    assert summary["total"] == summary["read"]
    assert delivered(redis_client, "976") == ["rebuilt-0", "rebuilt-1", "rebuilt-2"]
    status, out, _ = vigie("alerts", "rebuild", "--department", "976")
    assert status == 0
    assert out.startswith("0 alerts restored, 3 were there, ")
