"""The use cases: what agentops does, step by step, with every part handed in."""

from agentops.copilot.investigating import Investigation, Parts, Scan, investigate, resume, triage, way_back

__all__ = ["Investigation", "Parts", "Scan", "investigate", "resume", "triage", "way_back"]
