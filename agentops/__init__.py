"""agentops: a command-line ops copilot that reads, proposes, and changes nothing on its own."""

__version__ = "0.1.0"
