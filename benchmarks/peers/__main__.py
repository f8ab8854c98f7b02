"""`python -m benchmarks.peers`."""

import tempfile, sys
from pathlib import Path
from benchmarks.peers import contenders, events, throughput
from benchmarks.peers.site import PARTITIONS, started

names = sys.argv[2].split(",") if len(sys.argv) > 2 else [c.name for c in contenders.CONTENDERS]
n = int(sys.argv[1])
with tempfile.TemporaryDirectory() as name, started(Path(name)) as site:
    topics = throughput.Topics(site, events.sent(n, 20_000, PARTITIONS), n // 6)
    topics.fill()
    throughput.run(site, topics, [c for c in contenders.CONTENDERS if c.name in names], 1, print)
