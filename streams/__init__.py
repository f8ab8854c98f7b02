"""Events in motion: partner files and Kafka in, scores and alerts out. Imports no Faust by itself.

- `partners`: a pure parser a file kind; `ingest`: files to events and rejects, in columns or one by one.
- `topics`, `wire`: the topics, and events as JSON on them.
- `simulate`: seeded lives of firms, written in the partners' formats.
- `replay`: the detection chain over files; `scorer`, `trainer`, `dispatcher`, `worker`: the same, live on Faust.
- `rebuild`: Redis filled again from Kafka; `queue_keeper`: queues trimmed and Redis judged, beside the dispatcher.
"""
