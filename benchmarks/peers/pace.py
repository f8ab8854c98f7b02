"""Events sent at a steady rate, from a process of their own, and when each was handed over."""

import asyncio
import multiprocessing
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.events import Sent
from benchmarks.peers.site import BATCH_BYTES, TIMEOUT_SECONDS
from streams.cluster import Cluster
from streams.packing import Packing
from streams.producer import connected

TURN_SECONDS = 0.002
"""What is due is sent so often."""


def paced(kafka: str, topic: str, events: Sent, rate: float, folder: Path) -> NDArray[np.float64]:
    """Send all events; the wall clock at which each was handed over, (n,)."""
    path = folder / "sent.npy"
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(kafka, topic, events, rate, path))
    process.start()
    process.join()
    if process.exitcode:
        raise RuntimeError(f"the sender ended with status {process.exitcode}")
    return np.asarray(np.load(path), np.float64)


def _run(kafka: str, topic: str, events: Sent, rate: float, path: Path) -> None:
    np.save(path, asyncio.run(_send(kafka, topic, events, rate)))


async def _send(kafka: str, topic: str, events: Sent, rate: float) -> NDArray[np.float64]:
    producer = await connected(Cluster(kafka=kafka), "pace", batch_bytes=BATCH_BYTES, request_timeout_s=TIMEOUT_SECONDS)
    times, futures = np.zeros(len(events)), []
    partitions = events.partitions.tolist()
    began, sent = time.time(), 0
    try:
        while sent < len(events):
            now = time.time()
            due = min(len(events), int((now - began) * rate) + 1)
            times[sent:due] = now
            packings: dict[int, Packing] = {}
            for i in range(sent, due):
                packing = packings.setdefault(partitions[i], Packing(producer.create_batch))
                full = packing.add(events.keys[i], events.values[i])
                if full is not None:
                    futures.append(await producer.send_batch(full.builder, topic, partition=partitions[i]))
            for partition, packing in packings.items():
                rest = packing.rest()
                if rest is not None:
                    futures.append(await producer.send_batch(rest.builder, topic, partition=partition))
            sent = due
            await asyncio.sleep(max(0.0, now + TURN_SECONDS - time.time()))
        await asyncio.gather(*futures)
    finally:
        await producer.stop()
    return times
