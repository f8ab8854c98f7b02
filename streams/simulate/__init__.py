"""A believable world of firms, reproducible by seed, written in the partners' formats.

- `world`, `arrays`: the parameters and the calendar; names for columns.
- `population`, `places`, `sectors`, `names`: who lives in it.
- `lives`: the hidden health of each firm, and the proceedings that come of it.
- `headcounts`, `ledger`, `partial_unemployment`, `proceedings`: what shows of it.
- `tables`, `formats`, `spelling`: the same as the partners write it; `disorder`, `corruption`: as they really send it.
- `files`, `summary`, `run`: writing it, counting it, and the whole in order.

The states at extraction that the real files hold (stage of a schedule, totals used by a request, active or closed)
tell the future here too. Nothing else does: rows known by a date are the same however long the world goes on.
"""

from streams.simulate.run import simulate
from streams.simulate.summary import Hidden, Summary, Truth
from streams.simulate.world import World

__all__ = ["Hidden", "Summary", "Truth", "World", "simulate"]
