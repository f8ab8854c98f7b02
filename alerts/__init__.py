"""The agents' side: alerts as JSON, delivered into Redis once and whole, read from there. Needs no Kafka.

- `alert`: the alert contract and its deterministic identity.
- `wording`: reasons in the reader's language.
- `routing`: from a department to its queue.
- `publish`: once only, and whole.
- `inbox`: watch, list, show.
- `groups`: an administration's programs share a department's alerts; `aside`: what they could not work on.
- `trimming`: how long alerts stay; `persistence`: what in a server's settings may lose them.
"""
