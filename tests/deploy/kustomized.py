"""What `kubectl kustomize` makes of the kustomizations of `deploy/kubernetes`: as much as they use, and no more."""

from pathlib import Path
from typing import Any

import yaml

from tests.deploy.observed import ROOT

KUBERNETES = ROOT / "deploy/kubernetes"
UNDERSTOOD = {"apiVersion", "kind", "namespace", "resources", "labels", "images"}
OF_THE_CLUSTER = {"Namespace"}
"""Kinds that are in no namespace."""


def rendered(folder: str) -> list[dict[str, Any]]:
    """The resources of a kustomization, as they are sent to a cluster. Fails on what is not understood here."""
    return _rendered(KUBERNETES / folder)


def _rendered(folder: Path) -> list[dict[str, Any]]:
    wanted = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    assert wanted.keys() <= UNDERSTOOD, f"{folder}: {wanted.keys() - UNDERSTOOD} is not understood here"
    found: list[dict[str, Any]] = []
    for name in wanted["resources"]:
        path = (folder / name).resolve()
        assert path.exists(), f"{folder}: {name} is not there"
        found += _rendered(path) if path.is_dir() else yaml.safe_load_all(path.read_text(encoding="utf-8"))
    for resource in found:
        if "namespace" in wanted and resource["kind"] not in OF_THE_CLUSTER:
            resource["metadata"]["namespace"] = wanted["namespace"]
        for label in wanted.get("labels", ()):
            assert not label["includeSelectors"], f"{folder}: labels of selectors are for good"
            resource["metadata"]["labels"] = resource["metadata"].get("labels", {}) | label["pairs"]
        for image in wanted.get("images", ()):
            _set_image(resource, image)
    return found


def _set_image(resource: dict[str, Any], image: dict[str, str]) -> None:
    for container in resource.get("spec", {}).get("template", {}).get("spec", {}).get("containers", ()):
        if container["image"] == image["name"]:
            container["image"] = f"{image['newName']}:{image['newTag']}"
