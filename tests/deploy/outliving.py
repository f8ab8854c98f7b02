"""Start what the arguments name, tell on stdout which processes and folders are there, and wait to be killed.

Arguments: `kafka`, `valkey`, and `fork` for a child that keeps this process's pipes open.
"""

import contextlib
import json
import os
import sys
import time
from pathlib import Path

from deploy.embedded import KafkaOptions, start_kafka, start_valkey
from deploy.server import Server

CACHE, *NAMED = sys.argv[1:]


def main() -> None:
    servers: list[Server] = []
    if "kafka" in NAMED:
        servers.append(start_kafka(KafkaOptions(cache=Path(CACHE))))
    if "valkey" in NAMED:
        servers.append(start_valkey())
    child = os.fork() if "fork" in NAMED else 0
    if "fork" in NAMED and child == 0:
        time.sleep(60)
        return
    pids = [server.pid for server in servers]
    print(json.dumps({"pids": pids, "folders": [str(server.data) for server in servers], "child": child}), flush=True)
    time.sleep(60)


with contextlib.suppress(KeyboardInterrupt):
    main()
