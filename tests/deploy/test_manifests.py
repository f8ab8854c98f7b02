"""The image's recipe, Compose and Kubernetes, as far as they can be judged where no engine runs.

All is held to its published schema; what Vigie relies on beside that is checked apart.
"""

import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from alerts.console.options import ConsoleOptions, OidcOptions, check
from tests.deploy.kustomized import KUBERNETES, rendered
from tests.deploy.observed import ROOT
from tests.vigie.parsing import parse
from vigie import variables

COMPOSE = ROOT / "deploy/compose/compose.yaml"
OLDEST_KUBERNETES = "1.30"
OWN = {"topics", "worker", "console", "notify"}
WORKERS = {"scorer", "trainer", "dispatcher"}
PROBED = {*WORKERS, "console", "notify"}
FOLDERS = ("base", "console", "notify")


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return found


def everything() -> list[dict[str, Any]]:
    """The resources of the base, and of what may stand beside it."""
    return [resource for folder in FOLDERS for resource in rendered(folder)]


def workloads() -> dict[str, dict[str, Any]]:
    """The pods' templates, by role."""
    kinds = ("StatefulSet", "Deployment", "Job")
    templates = [r["spec"]["template"] for r in everything() if r["kind"] in kinds]
    return {template["metadata"]["labels"]["vigie/role"]: template for template in templates}


def test_compose_is_what_its_schema_says() -> None:
    schema = json.loads((Path(__file__).parent / "vendored/compose-spec.json").read_text(encoding="utf-8"))
    assert schema["$schema"].endswith("json-schema.org/draft-07/schema")
    jsonschema.Draft7Validator(schema).validate(compose())


def test_compose_holds_together() -> None:
    stack = compose()
    services = stack["services"]
    assert OWN | {"kafka", "redis", "prometheus", "alertmanager", "grafana"} == services.keys()
    for name, service in services.items():
        assert re.fullmatch(r"[\w./-]+:[\w.-]+", service["image"]), f"{name}: an image without a version"
        assert name in OWN or not service["image"].endswith(":latest"), name
        assert set(service["networks"]) <= stack["networks"].keys()
        assert set(service.get("secrets", ())) <= stack["secrets"].keys()
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            there = (COMPOSE.parent / source).is_dir() if source.startswith(".") else source in stack["volumes"]
            assert there, f"{name}: {source}"
        if name in OWN:
            hardened = (service["read_only"], service["cap_drop"], service["security_opt"])
            assert hardened == (True, ["ALL"], ["no-new-privileges:true"])
            assert service["environment"].keys() <= known()
            parse(service["command"])
    assert stack["networks"]["inside"]["internal"]


def known() -> set[str]:
    """Variables that a worker reads, as they are or from a file."""
    names = variables.known()
    return names | {f"{name}_FILE" for name in names}


def test_the_image_is_built_as_it_should_be() -> None:
    """By hadolint, and by rules of this house."""
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "Containerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    lines = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line.strip() and not line.lstrip().startswith("#")]
    words = [word for word, _ in steps]
    stages = [at for at, word in enumerate(words) if word == "FROM"]
    assert len(stages) == 2, "one stage builds, one runs"
    final = dict(steps[stages[1] :])
    assert "RUN" not in words[stages[1] :], "nothing is installed where it runs"
    assert "ADD" not in words, "what is fetched is not checked"
    assert final["USER"] == "10001:10001"
    assert "/live" in final["HEALTHCHECK"]
    assert final["ENTRYPOINT"] == '["vigie"]'
    assert not any(re.search(r":latest|curl|wget|sudo|chmod 777", text) for _, text in steps)
    assert any("--require-hashes" in text for _, text in steps)
    copied = [text.split()[:-1] for word, text in steps[: stages[1]] if word == "COPY"]
    assert all((ROOT / name).exists() for names in copied for name in names)
    ignored = (ROOT / ".containerignore").read_text(encoding="utf-8")
    assert ignored == (ROOT / ".dockerignore").read_text(encoding="utf-8")
    assert {f"!{name}" for names in copied for name in names} <= set(ignored.splitlines())


@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, kubernetes_validate.latest_version()])
def test_kubernetes_is_what_its_schema_says(version: str) -> None:
    for resource in everything():
        kubernetes_validate.validate(resource, version, strict=True)
    broken = everything()[-1]
    broken["spec"]["podselector"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="podselector"):
        kubernetes_validate.validate(broken, version, strict=True)


def test_every_resource_of_kubernetes_has_what_it_needs() -> None:
    versions = {
        "Namespace": "v1", "ServiceAccount": "v1", "ConfigMap": "v1", "Service": "v1", "Job": "batch/v1",
        "Deployment": "apps/v1", "StatefulSet": "apps/v1", "PodDisruptionBudget": "policy/v1",
        "NetworkPolicy": "networking.k8s.io/v1",
    }  # fmt: skip
    found = everything()
    assert {resource["kind"] for resource in found} == versions.keys()
    for resource in found:
        assert resource["apiVersion"] == versions[resource["kind"]]
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", resource["metadata"]["name"])
    assert len({(resource["kind"], resource["metadata"]["name"]) for resource in found}) == len(found)
    for folder in FOLDERS:
        files = {path.name for path in (KUBERNETES / folder).glob("*.yaml")}
        named = yaml.safe_load((KUBERNETES / folder / "kustomization.yaml").read_text(encoding="utf-8"))["resources"]
        assert {*named, "kustomization.yaml"} == files


@pytest.mark.parametrize("role", sorted({*PROBED, "topics"}))
def test_a_pod_may_do_little_and_says_what_it_needs(role: str) -> None:
    spec = workloads()[role]["spec"]
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not spec["automountServiceAccountToken"]
    allowed = container["securityContext"]
    assert (allowed["allowPrivilegeEscalation"], allowed["readOnlyRootFilesystem"]) == (False, True)
    assert allowed["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    assert "memory" in container["resources"]["limits"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}
    parse(container["args"])


@pytest.mark.parametrize("role", sorted(PROBED))
def test_a_pod_runs_one_role_and_is_probed(role: str) -> None:
    template = workloads()[role]
    (container,) = template["spec"]["containers"]
    arguments = container["args"]
    assert role == (arguments[arguments.index("--roles") + 1] if arguments[0] == "worker" else arguments[0])
    assert container["livenessProbe"]["httpGet"] == {"path": "/live", "port": "metrics"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "metrics"}
    assert container["startupProbe"]["httpGet"]["path"] == "/live"
    assert template["spec"]["terminationGracePeriodSeconds"] >= 30


def test_roles_have_their_budgets_and_selectors_choose_what_there_is() -> None:
    labels = {role: template["metadata"]["labels"] for role, template in workloads().items()}
    budgets = [r["spec"]["selector"]["matchLabels"] for r in everything() if r["kind"] == "PodDisruptionBudget"]
    assert sorted(chosen["vigie/role"] for chosen in budgets) == sorted(PROBED)
    for resource in everything():
        selector = resource.get("spec", {}).get("selector") or resource.get("spec", {}).get("podSelector")
        if selector:
            wanted = selector.get("matchLabels", selector).items()
            assert any(wanted <= have.items() for have in labels.values()), resource["metadata"]["name"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_the_settings_are_ones_that_are_read_and_no_secret_is_among_them(folder: str) -> None:
    (settings,) = [resource["data"] for resource in rendered(folder) if resource["kind"] == "ConfigMap"]
    assert settings.keys() <= known()
    secret = [name for name in settings if re.search("PASSWORD|REDIS|SECRET", name)]
    assert all(name.endswith("_FILE") for name in secret)
    assert [r for r in rendered(folder) if r["kind"] == "Secret"] == []
    mounted = {
        mount["mountPath"]
        for r in rendered(folder)
        if r["kind"] in ("Deployment", "StatefulSet")
        for mount in r["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    }
    assert {str(Path(value).parent) for value in settings.values() if value.startswith("/")} <= mounted


def test_consoles_start_with_what_they_are_given() -> None:
    """The options, as the console judges them: nobody else gets in, and nobody reads on the way."""
    (settings,) = [resource["data"] for resource in rendered("console") if resource["kind"] == "ConfigMap"]
    given = {name.removeprefix("VIGIE_").lower(): value for name, value in settings.items()}

    def made(kind: Any) -> Any:
        return kind(**{field.name: given[field.name] for field in fields(kind) if field.name in given})

    check(made(ConsoleOptions), made(OidcOptions))


def test_scorers_come_and_go_with_what_waits() -> None:
    (scaled,) = [r for r in rendered("keda") if r["kind"] == "ScaledObject"]
    target = scaled["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) in {(r["kind"], r["metadata"]["name"]) for r in everything()}
    (settings,) = [r["data"] for r in rendered("base") if r["kind"] == "ConfigMap"]
    assert scaled["spec"]["maxReplicaCount"] == int(settings["VIGIE_PARTITIONS"])
    assert "vigie_consumer_lag_records" in scaled["spec"]["triggers"][0]["metadata"]["query"]


def test_consoles_are_apart_from_workers() -> None:
    """Nothing that chooses workers chooses a console: neither their metrics' name nor their way to Kafka."""
    console = workloads()["console"]["metadata"]["labels"]
    for resource in rendered("base"):
        chosen = resource.get("spec", {}).get("selector") or resource.get("spec", {}).get("podSelector") or {}
        wanted = chosen.get("matchLabels", chosen)
        assert not wanted or not wanted.items() <= console.items(), resource["metadata"]["name"]
    (policy,) = [r for r in rendered("console") if r["kind"] == "NetworkPolicy"]
    assert 9093 not in [port["port"] for way in policy["spec"]["egress"] for port in way["ports"]]
    assert next(r for r in rendered("console") if r["kind"] == "Deployment")["spec"]["replicas"] >= 2
