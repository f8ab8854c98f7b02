"""Real servers of this process's own, for the demo and the tests: Apache Kafka and Valkey (Redis's protocol).

Nothing to install beside Vigie's own packages: no Java, no container. They listen on the loopback interface alone and
end with this process, even where it ends by SIGKILL.

    with start_kafka() as kafka, start_valkey() as valkey:
        ...  # kafka.bootstrap, valkey.url
"""

from deploy.cache import user_cache
from deploy.kafka_cluster import KafkaCluster, start_cluster
from deploy.kafka_config import Detour, Guard
from deploy.kafka_server import KafkaOptions, KafkaServer, start_kafka
from deploy.valkey_server import ValkeyOptions, ValkeyServer, start_valkey

__all__ = [
    "Detour",
    "Guard",
    "KafkaCluster",
    "KafkaOptions",
    "KafkaServer",
    "ValkeyOptions",
    "ValkeyServer",
    "start_cluster",
    "start_kafka",
    "start_valkey",
    "user_cache",
]
