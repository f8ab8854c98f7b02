import os
import socket
from pathlib import Path

import pytest
import redis

from deploy.embedded import ValkeyOptions, ValkeyServer, start_valkey
from deploy.errors import DiedDuringStart, FolderUnusable, PortTaken, StartTimeout

pytestmark = pytest.mark.embedded


def put(server: ValkeyServer, key: str, value: str) -> None:
    with redis.Redis.from_url(server.url) as client:
        client.set(key, value)


def get(server: ValkeyServer, key: str) -> object:
    with redis.Redis.from_url(server.url) as client:
        return client.get(key)


def test_it_serves_the_loopback_interface_alone_until_stopped() -> None:
    with start_valkey() as server:
        put(server, "siren", "000000001")
        assert get(server, "siren") == b"000000001"
        with redis.Redis.from_url(server.url) as client:
            assert client.config_get("bind") == {"bind": "127.0.0.1"}
        data = server.data
        assert data.exists()
    assert not data.exists()
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", server.port), 1):
        pass


def test_data_in_a_given_folder_outlast_the_server(tmp_path: Path) -> None:
    options = ValkeyOptions(valkey_data=tmp_path / "it's été")
    with start_valkey(options) as server:
        put(server, "alert", "kept")
    with start_valkey(options) as server:
        assert get(server, "alert") == b"kept"


def test_a_kill_loses_nothing_and_the_server_comes_back_at_the_same_address() -> None:
    with start_valkey() as server:
        url = server.url
        put(server, "alert", "acknowledged")
        server.kill()
        assert not server.running
        server.start_again()
        assert server.url == url
        assert get(server, "alert") == b"acknowledged"
        server.pause()
        assert not server.running
        server.start_again()
        assert get(server, "alert") == b"acknowledged"
        pid = server.pid
        server.start_again()
        assert server.pid == pid, "what runs is left alone"


def test_in_memory_only_when_asked(tmp_path: Path) -> None:
    with start_valkey(ValkeyOptions(valkey_data=tmp_path, valkey_persistence="no")) as server:
        put(server, "alert", "gone")
        server.pause()
        server.start_again()
        assert get(server, "alert") is None


def test_a_taken_port_is_refused_at_once() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        pytest.raises(PortTaken, match=f"{listener.getsockname()[1]}.*--valkey-port"),
    ):
        start_valkey(ValkeyOptions(valkey_port=listener.getsockname()[1]))


def test_a_given_port_is_used() -> None:
    with start_valkey() as server:
        port = server.port
    with start_valkey(ValkeyOptions(valkey_port=port)) as server:
        assert server.url == f"redis://127.0.0.1:{port}"


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    options = ValkeyOptions(valkey_data=tmp_path)
    with start_valkey(options), pytest.raises(FolderUnusable, match="in use by another server"):
        start_valkey(options)


def test_a_server_that_dies_tells_its_last_words(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("not a folder")
    with pytest.raises(
        DiedDuringStart, match=r"(?s)ended with status 1 before it answered.*VIGIE_REDIS.*appendonlydir"
    ):
        start_valkey(ValkeyOptions(valkey_data=tmp_path))


def test_a_server_that_does_not_answer_in_time_is_ended(tmp_path: Path) -> None:
    with pytest.raises(StartTimeout, match=r"within 0 seconds and was ended.*--valkey-start-timeout"):
        start_valkey(ValkeyOptions(valkey_data=tmp_path, valkey_start_timeout=0))
    # The folder is free again: nothing is left that holds it.
    start_valkey(ValkeyOptions(valkey_data=tmp_path)).stop()


def test_the_run_s_server_is_emptied_for_each_test(redis_client: redis.Redis) -> None:
    assert redis_client.dbsize() == 0
    redis_client.set("left", os.getpid())


def test_and_again_for_the_next(redis_client: redis.Redis) -> None:
    assert redis_client.dbsize() == 0
