"""The agents' side: alerts as JSON, delivered into Redis once and whole, read from there. Needs no Kafka.

- `alert`: the alert contract and its deterministic identity.
- `wording`: reasons in the reader's language.
- `routing`: from a department to its queue.
- `publish`: once only, and whole, into the queue and into the firm's case.
- `inbox`: watch, list, show alerts.
- `cases`, `actions`, `joining`, `holds`, `listing`, `ranking`, `notices`, `escalation`: what a case is, what agents,
  alerts and time do to it, who sees it and in which order, who is told. Pure.
- `desk`: all of that on Redis, for programs; `case_store`, `history`, `ranked`, `adoption`, `archive` are its parts.
- `administrations`: rules by administration. `exports`: CSV and XLSX.
- `groups`: an administration's programs share a department's alerts; `aside`: what they could not work on.
- `trimming`: how long alerts stay; `persistence`: what in a server's settings may lose them.
"""
