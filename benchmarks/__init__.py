"""What Vigie costs on this machine: `make bench` runs all of it and prints one table.

Machines are noisy: compare figures of one run, and trust events per CPU second before events per second.
"""

import vigie  # noqa: F401 - before numpy: it says how many threads linear algebra may have
