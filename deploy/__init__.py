"""What Vigie runs on: the embedded Kafka and Redis-protocol servers of the demo and the tests."""
