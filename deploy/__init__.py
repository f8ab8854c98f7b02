"""What Vigie runs on: the embedded Kafka and Redis-protocol servers of the demo and the tests, and its environment.

embedded.py         the way in: start_kafka, start_valkey and their options
kafka_server.py     a broker: options, start; beside it kafka_config, kafka_format, kafka_probe, java
valkey_server.py    a Redis-protocol server
server.py           what both have in common: start until it answers, kill, start again, stop
process.py          the parent's end of a supervised process; supervisor.py is the other end
jars.py             Kafka's jars: kafka-jars.lock, the cache; beside it maven, and poms for a new lock
environment.py      .venv from requirements.lock, for `make`
ports.py, cache.py, errors.py
"""
