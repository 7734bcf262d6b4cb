"""The policy by which the API server itself refuses what agentops writes beyond approved plans.

Comes in: the service account that changes things, and where it is. Goes out: a ValidatingAdmissionPolicy with its
binding, and the ConfigMap in which somebody else says what is approved: for each plan's digest, line by line, the
writes that the plan and its undo come to. The policy holds no list of its own, and whoever it is about may not write
that ConfigMap. What it proves: which operation on which object, for which plan, by which token. What it does not: the
content of a write. Must never: let a write of that account pass because something is absent.
Sources: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/ and the API server's
admission/plugin/cel (which fields of a request an expression sees: an empty one is absent) and
endpoints/handlers/create.go (the name of what is created is the request's).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agentops.providers.kubernetes.api.approved_plans import BY, NAME

POLICY = "agentops-approved-plans"
_API = "admissionregistration.k8s.io/v1"
CREDENTIAL_CLAIM = "authentication.kubernetes.io/credential-id"
"""Where the API server says which token a request came with (Kubernetes 1.30 and later)."""

# ``UPDATE deployments.apps/scale shop/web``, as ``approved_plans.write_of`` says it of a call.
_WRITE = """\
request.operation + ' ' + request.resource.resource
+ (request.resource.group == '' ? '' : '.' + request.resource.group)
+ (has(request.subResource) && request.subResource != '' ? '/' + request.subResource : '') + ' '
+ (has(request.namespace) && request.namespace != '' ? request.namespace + '/' : '')
+ (has(request.name) ? request.name : '')"""
_CREDENTIAL = f"""\
has(request.userInfo.extra) && '{CREDENTIAL_CLAIM}' in request.userInfo.extra
? request.userInfo.extra['{CREDENTIAL_CLAIM}'][0] : ''"""
# A collection has no name: whatever an approval says, nothing is deleted in bulk.
_APPROVED = f"""\
has(request.name) && request.name != '' && has(params.data) && params.data.exists(digest,
('\\n' + params.data[digest]).contains('\\n' + variables.write + '\\n')
&& (!params.data[digest].startsWith('{BY}')
|| params.data[digest].startsWith('{BY}' + variables.credential + '\\n')))"""
_REFUSAL = "'agentops may not ' + variables.write + ': no approved plan says so'"


def admission_manifests(
    account: str, namespace: str, *, policy: str, labels: Mapping[str, str], lease_namespace: str
) -> Iterator[dict[str, Any]]:
    """Yield the ConfigMap, the policy and its binding.

    Arguments:
        account, namespace: the service account that changes things; the ConfigMap is in its namespace.
        policy: the name of the policy and of its binding.
        lease_namespace: where that account also holds a lease while a change runs; empty for none.
    """
    common = {"name": policy, "labels": dict(labels)}
    # Without ``data``: applying it again leaves what is approved as it is.
    yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**common, "name": NAME, "namespace": namespace}}
    yield {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": common,
        "spec": {
            "failurePolicy": "Fail",
            "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["*"],
                        "apiVersions": ["*"],
                        "operations": ["CREATE", "UPDATE", "DELETE", "CONNECT"],
                        "resources": ["*/*"],
                    }
                ]
            },
            "matchConditions": list(_conditions(account, namespace)),
            "variables": [
                {"name": "write", "expression": _WRITE},
                {"name": "credential", "expression": _CREDENTIAL},
            ],
            "validations": [
                {
                    # Not even with an approval: where its own account and its approvals are.
                    "expression": f"{_lease(lease_namespace)}!(has(request.namespace) && "
                    f"request.namespace == '{namespace}')",
                    "message": f"agentops may not change anything in its own namespace {namespace}",
                    "reason": "Forbidden",
                },
                {
                    "expression": f"{_lease(lease_namespace)}{_APPROVED}",
                    "messageExpression": _REFUSAL,
                    "reason": "Forbidden",
                },
            ],
        },
    }
    yield {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": common,
        "spec": {
            "policyName": policy,
            "paramRef": {"name": NAME, "namespace": namespace, "parameterNotFoundAction": "Deny"},
            "validationActions": ["Deny"],
        },
    }


def _conditions(account: str, namespace: str) -> Iterator[dict[str, str]]:
    user = f"system:serviceaccount:{namespace}:{account}"
    yield {"name": "agentops", "expression": f"request.userInfo.username == '{user}'"}
    # A preview is made of dry runs, before anybody was asked; the server stores nothing of them.
    yield {"name": "no-dry-run", "expression": "!(has(request.dryRun) && request.dryRun)"}
    reviews = "['authentication.k8s.io', 'authorization.k8s.io']"
    yield {"name": "no-question", "expression": f"!(request.resource.group in {reviews})"}


def _lease(namespace: str) -> str:
    if not namespace:
        return ""
    writes = ", ".join(f"'{verb} leases.coordination.k8s.io {namespace}/agentops'" for verb in ("CREATE", "UPDATE"))
    return f"variables.write in [{writes}] || "
