"""The pure core: facts about firms in, risk and alerts out. No I/O, no clock, no environment.

Read in this order (data flows one way):

- `errors`, `options`, `months`: the base error, how options are declared, months as integers.
- `events`: the facts, as typed and validated structs.
- `panel`: the state of the firms of one partition, in columns.
- `perimeter`, `features`: who is scored, and the numbers that describe them.
- `models`, `scorecard`, `learning`, `labels`: the probability, and how it is learned from matured examples.
- `tiers`, `jumps`, `themes`: from a probability to a decision and its explanation.
- `chain`: the order of all these; the live worker and replay call the same functions.
"""
