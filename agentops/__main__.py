"""Entry point."""


def main() -> int:
    """Run the command line and return its exit code."""
    from agentops.cli.app import run

    return run()


if __name__ == "__main__":
    raise SystemExit(main())
