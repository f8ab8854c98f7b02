"""The topics: names, keys, partitions and retention."""

EVENTS = "vigie.events"
ALERTS = "vigie.alerts"
EXAMPLES = "vigie.labelled-examples"
MODELS = "vigie.models"
DEAD_LETTERS = "vigie.dead-letters"
APP_ID = "vigie"
"""The Faust app of the scorer: its consumer group, and the prefix of its changelog `vigie-firms-changelog`."""
