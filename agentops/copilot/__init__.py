"""The use cases: what agentops does, step by step, with every part handed in."""

from agentops.copilot.investigating import investigate, resume, triage, way_back
from agentops.copilot.parts import Investigation, Parts, Scan

__all__ = ["Investigation", "Parts", "Scan", "investigate", "resume", "triage", "way_back"]
