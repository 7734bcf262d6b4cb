"""What moto has no answer to at all, and that previews ask: IAM's simulation, and how much concurrency an account has.

Comes in: nothing. Goes out: moto's own classes, with two operations more. The simulation decides by moto's own reading
of the policies that its world holds; an identity that is not in that world may do everything, as moto itself lets it.
Used in the child process, before the server starts. ``docs/sandbox.md`` names it.
"""

from __future__ import annotations

import json
from typing import Any

_CONCURRENCY = 1000


def add_lacking() -> None:
    """Have moto answer ``iam:SimulatePrincipalPolicy`` and ``lambda:GetAccountSettings``."""
    from moto.awslambda import urls
    from moto.awslambda.responses import LambdaResponse
    from moto.iam.responses import IamResponse

    setattr(IamResponse, "simulate_principal_policy", _simulated)  # noqa: B010 - moto has no such method to override
    setattr(LambdaResponse, "get_account_settings", _settings)  # noqa: B010
    urls.url_paths[r"{0}/(?P<api_version>[^/]+)/account-settings/?$"] = LambdaResponse.dispatch


def _simulated(response: Any) -> Any:
    from moto.core.responses import ActionResult

    policies = _policies(response, str(response._get_param("PolicySourceArn")))
    actions = response._get_param("ActionNames")
    resources = response._get_param("ResourceArns") or ["*"]
    return ActionResult(
        {
            "EvaluationResults": [
                {"EvalActionName": action, "EvalResourceName": one, "EvalDecision": _decision(policies, action, one)}
                for action in actions
                for one in resources
            ],
            "IsTruncated": False,
        }
    )


def _policies(response: Any, arn: str) -> list[Any] | None:
    """Return the policies of a user or a role of moto's world; None where it is in none."""
    backend, name = response.backend, arn.rpartition("/")[2]
    if ":user/" in arn and name in {one.name for one in backend.users.values()}:
        attached, _ = backend.list_attached_user_policies(name)
        inline = [backend.get_user_policy(name, one) for one in backend.list_user_policies(name)]
        return [*inline, *attached]
    if ":role/" in arn and name in {one.name for one in backend.roles.values()}:
        attached, _ = backend.list_attached_role_policies(name)
        inline = [backend.get_role_policy(name, one)[1] for one in backend.list_role_policies(name)]
        return [*inline, *attached]
    return None


def _decision(policies: list[Any] | None, action: str, resource: str) -> str:
    from moto.iam.access_control import IAMPolicy, PermissionResult

    if policies is None:
        return "allowed"
    found = {IAMPolicy(one).is_action_permitted(action, resource) for one in policies}
    if PermissionResult.DENIED in found:
        return "explicitDeny"
    return "allowed" if PermissionResult.PERMITTED in found else "implicitDeny"


def _settings(response: Any) -> str:
    reserved = sum(int(one.reserved_concurrency or 0) for one in response.backend.list_functions() or ())
    limit = {"ConcurrentExecutions": _CONCURRENCY, "UnreservedConcurrentExecutions": _CONCURRENCY - reserved}
    return json.dumps({"AccountLimit": limit, "AccountUsage": {}})
