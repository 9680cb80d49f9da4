"""The compose file and the Kubernetes manifests: valid against their schemas, and as careful as we say."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from cds_service.adapters.databases import WAIT
from cds_service.settings import Settings, load_settings
from cds_service.settings.load import CONFIG_VARIABLE
from cds_service.settings.mistakes import PREFIX

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS: list[dict[str, Any]] = list(
    yaml.safe_load_all((DEPLOY / "kubernetes" / "cds-service.yaml").read_text(encoding="utf-8"))
)
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
KNOWN = {f"{PREFIX}{name}".upper() for name in Settings.model_fields} | {
    CONFIG_VARIABLE,
    "CDS_SERVICE_REPLAY_STORE",
}


def manifest(kind: str) -> dict[str, Any]:
    (found,) = [each for each in MANIFESTS if each["kind"] == kind]
    return found


@pytest.fixture
def pod() -> dict[str, Any]:
    found: dict[str, Any] = manifest("Deployment")["spec"]["template"]["spec"]
    return found


@pytest.fixture
def container(pod: dict[str, Any]) -> dict[str, Any]:
    (found,) = pod["containers"]
    whole: dict[str, Any] = found
    return whole


@pytest.mark.integration
@pytest.mark.parametrize("which", MANIFESTS, ids=lambda each: each["kind"])
def test_manifests_are_what_kubernetes_takes(which):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checker = pytest.importorskip("kubernetes_validate", reason="pip install .[deploy]")
        checker.validate(which, "1.34", strict=True)


@pytest.mark.integration
def test_the_compose_file_is_what_compose_takes():
    compose_spec = pytest.importorskip("compose_spec", reason="pip install .[deploy]")
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert compose_spec.PyCompose.from_yaml(text)


def test_the_example_settings_are_settings(monkeypatch):
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    settings = load_settings(DEPLOY / "cds-service.toml")
    assert settings.metrics_port == 9464
    assert [client.name for client in settings.clients] == ["example-hospital"]


def test_every_variable_is_a_setting(container):
    names = [each["name"] for each in container["env"]]
    names += COMPOSE["services"]["cds-service"]["environment"]
    assert set(names) <= KNOWN


def test_ports_are_those_of_the_settings(container):
    settings = load_settings(DEPLOY / "cds-service.toml")
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports == {"http": settings.port, "metrics": settings.metrics_port}
    assert COMPOSE["services"]["cds-service"]["expose"] == [
        str(settings.port),
        str(settings.metrics_port),
    ]


def test_the_pod_has_no_rights_it_does_not_need(pod, container):
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    own = container["securityContext"]
    assert own["readOnlyRootFilesystem"] is True
    assert own["allowPrivilegeEscalation"] is False
    assert own["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"].keys() == {"requests", "limits"}
    writable = [each["mountPath"] for each in container["volumeMounts"] if not each.get("readOnly")]
    assert writable == ["/tmp"]


def test_variables_made_by_kubernetes_do_not_reach_our_settings(pod):
    """A Service called cds-service would set CDS_SERVICE_PORT to a URL."""
    assert manifest("Service")["metadata"]["name"] == "cds-service"
    assert pod["enableServiceLinks"] is False


def test_probes_ask_the_pages_they_are_for(container):
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz?exclude=store"
    assert container["readinessProbe"]["timeoutSeconds"] > 2 * WAIT, "two databases that hang"
    # What a restart does not mend must not restart it.
    assert container["startupProbe"]["httpGet"]["path"] == "/livez"


def test_a_pod_that_goes_finishes_its_calls(pod, container):
    """The pause before the end and the server's own 30 s fit into the grace period."""
    pause = 10
    assert f"sleep({pause})" in str(container["lifecycle"]["preStop"])
    assert pod["terminationGracePeriodSeconds"] >= pause + 30
    assert manifest("Deployment")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_only_the_proxy_and_the_monitoring_reach_the_pod():
    policy = manifest("NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert all(rule["from"] for rule in policy["ingress"])
    ports = [port["port"] for rule in policy["ingress"] for port in rule["ports"]]
    assert ports == ["http", "metrics"]
    blocks = [to["ipBlock"] for rule in policy["egress"] for to in rule["to"] if "ipBlock" in to]
    assert "169.254.0.0/16" in blocks[0]["except"], "the cloud's own metadata address"


def test_every_selector_finds_the_pods():
    labels = manifest("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert manifest("Service")["spec"]["selector"] == labels
    for kind, path in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
        assert manifest(kind)["spec"][path]["matchLabels"] == labels
    scale = manifest("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert (scale["kind"], scale["name"]) == ("Deployment", "cds-service")


def test_the_composed_service_has_no_rights_it_does_not_need():
    service = COMPOSE["services"]["cds-service"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["user"] == "10001:10001"
    assert "ports" not in service, "only the proxy is reached from outside"
    assert COMPOSE["services"]["database"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_no_secret_is_written_down():
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?" in text
    assert all(each["kind"] != "Secret" for each in MANIFESTS)
