"""The questions of ``agentops init``, one after the other; Enter takes what is there or what is safe.

Comes in: a way to ask, and what the config file says now. Goes out: what it is to say, by the names of ``Settings``, or
None as soon as a question is not answered. No question asks for a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from agentops.cli.prompting import Choice
from agentops.config import DEFAULT_MODEL, process_environ

if TYPE_CHECKING:
    from agentops.cli.prompting import Prompts

_NONE = ""
_PROVIDERS = (
    ("anthropic", "anthropic: the key is read from ANTHROPIC_API_KEY at each run"),
    ("bedrock", "bedrock: AWS credentials"),
    ("vertex", "vertex: Google Cloud credentials"),
    (_NONE, "none for now: triage only, which needs no key"),
)


class _NotAnswered(Exception):
    """Somebody pressed Escape: no answer is a wish to stop."""


def answers(prompts: Prompts, now: Mapping[str, Any], identify: Callable[[str], str] | None) -> dict[str, Any] | None:
    """Return what the config file is to say: what it says ``now`` and the answers; None where one is missing.

    Arguments:
        identify: returns what proves the cluster of a context, empty where nothing does; None where the file's word of
            an environment would not count.
    """
    from agentops.app.completion import KnownNames

    known = KnownNames(process_environ(), {})
    contexts = dict(known.names("contexts"))
    asked = _Questions(prompts, now, tuple(contexts), identify)
    try:
        return {**now, **asked.cluster(), **asked.model(), **asked.safety(), **asked.environments()}
    except _NotAnswered:
        return None


class _Questions:
    """What is asked, in four groups; each returns the fields that it is about, None for one that is not to be set."""

    def __init__(
        self,
        prompts: Prompts,
        now: Mapping[str, Any],
        contexts: Sequence[str],
        identify: Callable[[str], str] | None,
    ) -> None:
        self._prompts = prompts
        self._now = now
        self._contexts = contexts
        self._identify = identify

    def cluster(self) -> dict[str, Any]:
        context = self._context()
        default = self._now.get("namespace") or ""
        namespace = self._line("Namespace to look at (empty: wherever the alert leads)", default)
        return {"context": context or None, "namespace": namespace or None}

    def _context(self) -> str:
        now = self._now.get("context") or _NONE
        if not self._contexts:
            return self._line("kubeconfig context (no kubeconfig was found; empty: none)", now)
        current = Choice(_NONE, "the current context of the kubeconfig, whatever it is at the time")
        named = dict.fromkeys([*self._contexts, *([now] if now else [])])
        return self._choose("Which context?", [current, *(Choice(name, name) for name in named)], now)

    def model(self) -> dict[str, Any]:
        choices = [Choice(value, title) for value, title in _PROVIDERS]
        provider = self._choose("Which model provider?", choices, self._now.get("provider") or "anthropic")
        if provider == _NONE:
            return {}
        model = self._line("Model id", self._now.get("model") or DEFAULT_MODEL)
        found: dict[str, Any] = {"provider": provider, "model": model or None, "region": None, "project": None}
        if provider in ("bedrock", "vertex"):
            found["region"] = self._line("Region", self._now.get("region") or "") or None
        if provider == "vertex":
            found["project"] = self._line("Project", self._now.get("project") or "") or None
        return found

    def safety(self) -> dict[str, Any]:
        choices = [
            Choice("yes", "yes: read only, no change is ever made", "y"),
            Choice("no", "no: changes with policy, preview and approval", "n"),
        ]
        default = "no" if self._now.get("read_only") is False else "yes"
        return {"read_only": self._choose("Read only?", choices, default) == "yes"}

    def environments(self) -> dict[str, Any]:
        """Ask which clusters are not production; whatever is not ticked is. One that nothing proves is not offered."""
        if self._identify is None:
            return {}
        known = {context: key for context in self._contexts if (key := self._identify(context))}
        if not known:
            return {}
        names = tuple(known)
        question = "Which clusters are development? Those that are not ticked count as production"
        picked = self._prompts.pick(question, names)
        if picked is None:
            raise _NotAnswered
        development = {known[names[index]]: "development" for index in picked}
        return {"environments": {**(self._now.get("environments") or {}), **development} or None}

    def _choose(self, message: str, choices: Sequence[Choice], default: str) -> str:
        return _answered(self._prompts.choose(message, choices, default))

    def _line(self, message: str, default: str) -> str:
        return _answered(self._prompts.line(f"{message}:", default)).strip()


def _answered(answer: str | None) -> str:
    if answer is None:
        raise _NotAnswered
    return answer
