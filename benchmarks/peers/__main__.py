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
    if len(sys.argv)>3:
        from benchmarks.peers import latency
        latency.run(site, topics.events["vigie.events"], [c for c in contenders.CONTENDERS if c.name in names], dict(faust=2000,quix=16000,bytewax=14000,handwritten=80000,reduced=100000,whole=10000), float(sys.argv[3]), print)
        raise SystemExit
    throughput.run(site, topics, [c for c in contenders.CONTENDERS if c.name in names], 1, print)
