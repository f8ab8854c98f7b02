"""What reading headers of any name costs: batches of events read by `streams.headers` and by aiokafka's own class.

    python -m benchmarks.headers

Both read the same bytes, a partition's answer to a fetch, in turn: whatever else the machine does befalls both alike.
Records are looked at as the consumer does, key, value and headers. Prints CPU seconds and their ratio.
"""

import argparse
import time
from collections.abc import Callable
from datetime import date
from typing import Any

from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from detectors.events import Headcount
from streams.headers import Records
from streams.wire import record

TOGETHER = 500
BATCHES = 10


def answer() -> bytes:
    """Batches of events one behind the other."""
    month = date(2018, 1, 1)
    heads = Headcount(siren="123456782", siret=None, account=None, known_at=month, month=month, headcount=12)
    event = record(heads, sent_ms=1_700_000_000_000)
    batches = b""
    for _ in range(BATCHES):
        builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 20)
        for offset in range(TOGETHER):
            builder.append(offset, event.timestamp_ms, event.key, event.value, event.headers)
        batches += bytes(builder.build())
    return batches


def read(kind: Callable[[bytes], Any], data: bytes) -> int:
    """Read all, as aiokafka's fetcher does; how many records there are."""
    records, found = kind(data), 0
    while records.has_next():
        for each in records.next_batch():
            found += each.key is not None and each.value is not None and len(each.headers) == 2
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.headers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    data, spent = answer(), {MemoryRecords: 0.0, Records: 0.0}
    for _ in range(rounds):
        for kind in spent:
            began = time.thread_time()
            assert read(kind, data) == TOGETHER * BATCHES
            spent[kind] += time.thread_time() - began
    for kind, seconds in spent.items():
        each = seconds / rounds / TOGETHER / BATCHES
        print(f"{kind.__module__}.{kind.__name__}: {seconds:.2f} CPU s, {each * 1e6:.2f} us a record")
    print(f"ratio {spent[Records] / spent[MemoryRecords]:.3f}")


if __name__ == "__main__":
    main()
