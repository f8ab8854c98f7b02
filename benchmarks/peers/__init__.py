"""Vigie beside other stream engines for Python, on the same work, in one run: `python -m benchmarks.peers`.

The work is reduced to what every engine can do in a page of its own documentation's style (`work.py`): payment delays
in, a state a firm, eight features, a logistic regression that learns one event in ten, an alert into a Redis stream
where a firm's score crosses a threshold upwards. A program an engine, each read by itself.
"""
