"""Entry point. ``--help``, ``--version`` and what a shell asks are answered before anything is imported.

The static help text is made from the live one by ``scripts/generate.py``; a test compares the two.
"""

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    words = sys.argv[1:]
    if words[:1] == ["__complete"]:
        from agentops.cli.completing.answer import answer

        return answer(words[1:])
    if words[:1] == ["help"]:
        words = [*words[1:], "--help"]
    if words in (["version"], ["--version"], ["-V"]):
        from agentops import __version__

        return _say(f"agentops {__version__}\n")
    if words in (["--help"], ["-h"]):
        return _say(_help_text())
    if len(words) == 2 and words[0] == "completion" and words[1] in ("bash", "fish", "zsh"):
        return _say(_shipped(f"cli/completing/agentops.{words[1]}"))
    if not words:
        _complain(_help_text())
        return 2
    try:
        from agentops.cli.app import run

        return run(words)
    except KeyboardInterrupt:
        # Ctrl-C before the command line could take care of it; nothing was begun.
        _complain("\ninterrupted\n")
        return 130


def _help_text() -> str:
    return _shipped("cli/help.txt")


def _shipped(name: str) -> str:
    with open(__file__.removesuffix("__main__.py") + name, encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs a third of the start-up
        return file.read()


def _say(text: str) -> int:
    if sys.stdout is None:
        return _unsaid("standard output is closed")
    try:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="replace")
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (``| head``) has what it wanted; keep the interpreter from complaining at exit.
        sys.stdout = None
    except OSError as error:
        sys.stdout = None
        return _unsaid(str(error.strerror))
    return 0


def _unsaid(why: str) -> int:
    _complain(f"Error: the result cannot be written: {why}\n")
    return 1


def _complain(text: str) -> None:
    """Write to stderr, which may be closed or full too: then there is nobody to tell."""
    try:
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()
    except OSError:
        sys.stderr = None


if __name__ == "__main__":
    raise SystemExit(main())
