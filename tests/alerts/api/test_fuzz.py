"""Schemathesis asks the running console for whatever the description allows, and for what it does not.

A few examples an operation in `make test`, and twenty for each of VIGIE_SOAK_ROUNDS in `make soak`.
"""

import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import uvicorn
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.openapi import from_url
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from alerts.api.operations import OPERATIONS
from alerts.connect import connect
from alerts.console.app import application
from alerts.metrics import AlertMetrics
from deploy.embedded import ValkeyServer
from tests.alerts.api.asking import token
from tests.alerts.console import site
from tests.alerts.making import live

ROUNDS = int(os.environ.get("VIGIE_SOAK_ROUNDS", 0))
EXAMPLES = 20 * ROUNDS or 12
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
NAMED = {"department": st.sampled_from(["21", "75", "13"]), "siren": st.sampled_from(["123456789", "750000000"])}


@pytest.fixture(scope="module")
def console(valkey: ValkeyServer) -> Iterator[tuple[str, str]]:
    """The address of a console with three firms, and a token for two of them."""
    with connect(valkey.url, 5) as client, socket.create_server(("127.0.0.1", 0)) as listener:
        client.flushall()
        firms = [live(department=d, siren=s, id=d) for d, s in (("21", "123456789"), ("75", "750000000"))]
        site.put(client, AlertMetrics(CollectorRegistry()), *firms, live(id="x", department="13", name="MARSEILLAISE"))
        text = token(client, departments=("21", "75"), rights=("act", "export"))
        app = application(site.settings(client, api_rate=1_000_000))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", text
        finally:
            app.state.feed.end()
            server.should_exit = True
            thread.join(30)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("op", OPERATIONS, ids=lambda op: op.name)
def test_every_answer_is_as_described(op: Any, mode: GenerationMode, console: tuple[str, str]) -> None:
    address, text = console
    load_all_checks()
    operation = from_url(f"{address}/api/v1/openapi.json")[op.path][op.method]

    @settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
        derandomize=not ROUNDS,
    )
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        case: Any = data.draw(operation.as_strategy(generation_mode=mode))
        if case.path_parameters and data.draw(st.booleans()):
            # So that many ask for what there is.
            case.path_parameters = {name: data.draw(values) for name, values in NAMED.items()}
            if mode is GenerationMode.NEGATIVE and not (case.query or op.body):
                return
        answer = case.call(base_url=f"{address}/api/v1", session=session, headers={"Authorization": f"Bearer {text}"})
        case.validate_response(answer, checks=CHECKS)
        assert b"MARSEILLAISE" not in answer.content

    with requests.Session() as session:
        ask()


def test_firms_are_as_agents_know_them(console: tuple[str, str], valkey: ValkeyServer) -> None:
    """Nothing that was asked has left a case that cannot be read."""
    with connect(valkey.url, 5) as client:
        for department in ("21", "75", "13"):
            desk = site.desk(client)
            assert len(desk.find("123456789" if department != "75" else "750000000", (department,))) == 1
            assert all(field.count(":") <= 3 for field in desk.counts((department,)))
