"""The front door: the `vigie` command."""

import os

__version__ = "0.1.0"

# Read by numpy's linear algebra when it is first imported. One thread: matrices here are small, threads that wait for
# each other on shared cores cost more than they bring (ten times, measured), and results do not depend on their number.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
