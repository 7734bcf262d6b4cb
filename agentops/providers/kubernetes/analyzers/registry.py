"""The registry of Kubernetes analyzers: every analyzer is named here once, and nowhere else.

``ANALYZERS`` is data; ``CONDITIONS`` is everything that they can report, by name. Names of conditions are stable:
scripts, scenarios and stored findings compare them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from agentops.core.conditions import ANALYZER_FAILED, Condition
from agentops.providers.kubernetes.analyzers.admission_changes import admission_changes
from agentops.providers.kubernetes.analyzers.application_logs import application_logs
from agentops.providers.kubernetes.analyzers.autoscaling import autoscaling
from agentops.providers.kubernetes.analyzers.changes import changes
from agentops.providers.kubernetes.analyzers.claims import claims
from agentops.providers.kubernetes.analyzers.cluster_dns import cluster_dns
from agentops.providers.kubernetes.analyzers.configuration import configuration
from agentops.providers.kubernetes.analyzers.crashes import crashes
from agentops.providers.kubernetes.analyzers.creation import creation
from agentops.providers.kubernetes.analyzers.custom_resources import custom_resources
from agentops.providers.kubernetes.analyzers.declaration import DeclaredAnalyzer, information
from agentops.providers.kubernetes.analyzers.dependencies import dependencies
from agentops.providers.kubernetes.analyzers.disruption import disruption
from agentops.providers.kubernetes.analyzers.edits import edits
from agentops.providers.kubernetes.analyzers.feature_flags import feature_flags
from agentops.providers.kubernetes.analyzers.images import images
from agentops.providers.kubernetes.analyzers.ingresses import ingresses
from agentops.providers.kubernetes.analyzers.init_containers import init_containers
from agentops.providers.kubernetes.analyzers.jobs import jobs
from agentops.providers.kubernetes.analyzers.lifecycle import lifecycle
from agentops.providers.kubernetes.analyzers.network import network
from agentops.providers.kubernetes.analyzers.nodes import nodes
from agentops.providers.kubernetes.analyzers.outside_hands import outside_hands
from agentops.providers.kubernetes.analyzers.permissions import permissions
from agentops.providers.kubernetes.analyzers.pods import pods
from agentops.providers.kubernetes.analyzers.probes import probes
from agentops.providers.kubernetes.analyzers.scheduling import scheduling
from agentops.providers.kubernetes.analyzers.services import services
from agentops.providers.kubernetes.analyzers.storage import storage
from agentops.providers.kubernetes.analyzers.suspicion import suspicion
from agentops.providers.kubernetes.analyzers.webhooks import webhooks
from agentops.providers.kubernetes.analyzers.workloads import workloads

# In the order in which they run and docs/triage.md shows them.
ANALYZERS: tuple[DeclaredAnalyzer, ...] = (
    pods,
    images,
    configuration,
    crashes,
    init_containers,
    probes,
    scheduling,
    creation,
    workloads,
    jobs,
    services,
    ingresses,
    storage,
    claims,
    nodes,
    autoscaling,
    disruption,
    network,
    dependencies,
    cluster_dns,
    application_logs,
    feature_flags,
    outside_hands,
    admission_changes,
    permissions,
    lifecycle,
    custom_resources,
    webhooks,
    changes,
    edits,
    suspicion,
)

FAILED = information(ANALYZER_FAILED, "Analyzer", "an analyzer met an object that it cannot read")
"""Reported by ``analyze`` itself."""

CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {condition.name: condition for one in ANALYZERS for condition in one.conditions} | {FAILED.name: FAILED}
)
"""A condition of weight exact or vague may still be reported as a mere symptom (``Problem.root`` is False) where the
objects show that it harms nobody yet."""
