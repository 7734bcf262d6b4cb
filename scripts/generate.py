"""Make the files that repeat what the code says: the static help text, completions, schemas, tables of tools in docs/.

``python scripts/generate.py`` writes them, ``--check`` says which are stale and exits 1. A test runs the check.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


def main(words: list[str]) -> int:
    """Write or check every generated file."""
    os.environ["COLUMNS"] = "100"
    wanted = dict(generated())
    if "--check" in words:
        stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
        for path in stale:
            print(f"stale: {path.relative_to(ROOT)} (run: python scripts/generate.py)", file=sys.stderr)
        return 1 if stale else 0
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


def generated() -> Iterator[tuple[Path, str]]:
    """Yield each generated file and what it should hold."""
    import schemas
    import tables
    from typer.main import get_command

    from agentops.cli.app import build

    command = get_command(build())
    yield ROOT / "agentops/cli/help.txt", help_text()
    tree = dict(walk(command, ()))
    yield ROOT / "completions/agentops.bash", bash(tree)
    yield ROOT / "completions/_agentops", zsh(tree)
    yield ROOT / "completions/agentops.fish", fish(tree)
    yield from schemas.generated(ROOT)
    yield from tables.generated(ROOT)


def help_text() -> str:
    """Return what ``agentops --help`` prints."""
    from typer.testing import CliRunner

    from agentops.cli.app import build

    result = CliRunner().invoke(build(), ["--help"], prog_name="agentops", env={"COLUMNS": "100"})
    if result.exit_code != 0:
        raise SystemExit(f"--help failed: {result.output}")
    return str(result.stdout)


def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, list[str], list[str]]]]:
    """Yield (path, (help, subcommands, options)) for the command and everything below it."""
    children = {name: child for name, child in getattr(command, "commands", {}).items() if not child.hidden}
    options = sorted(
        {name for p in command.params for name in getattr(p, "opts", []) if name.startswith("--")} | {"--help"}
    )
    yield path, ((command.get_short_help_str(80) if path else ""), sorted(children), options)
    for name, child in sorted(children.items()):
        yield from walk(child, (*path, name))


def scenario_names() -> frozenset[str]:
    """Return the names of the shipped scenarios."""
    from agentops.cli.commands.sandbox import scenario_names as names

    return names()


VALUES = {"--output": "text json markdown"}
HEADER = "# Made by scripts/generate.py from the command tree; static, so that TAB costs nothing.\n"


def bash(tree: dict[Any, Any]) -> str:
    """Return a completion script for bash."""
    cases = "".join(
        f'        "{" ".join(path)}") words="{" ".join([*children, *options])}" ;;\n'
        for path, (_help, children, options) in sorted(tree.items())
    )
    groups = "|".join(f'"{" ".join(path)}"' for path in sorted(tree) if path)
    scenarios = sorted(scenario_names())
    return f"""{HEADER}_agentops() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}} path="" word words=""
    local scenarios="{" ".join(scenarios)}"
    case $previous in
        --output | -o) COMPREPLY=($(compgen -W "{VALUES["--output"]}" -- "$current")); return ;;
        --kubeconfig) COMPREPLY=($(compgen -f -- "$current")); return ;;
        --context | --namespace | -n) COMPREPLY=(); return ;;
        --sandbox) COMPREPLY=($(compgen -W "$scenarios" -- "${{current#=}}")); return ;;
        =) COMPREPLY=($(compgen -W "$scenarios" -- "$current")); return ;;
    esac
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "${{path:+$path }}$word" in
            {groups}) path="${{path:+$path }}$word" ;;
        esac
    done
    case $path in
{cases}    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    case $path in "sandbox up") COMPREPLY+=($(compgen -W "$scenarios" -- "$current")) ;; esac
    case $path in investigate) COMPREPLY+=($(compgen -f -- "$current")) ;; esac
}}
complete -o filenames -F _agentops agentops
"""


def zsh(tree: dict[Any, Any]) -> str:
    """Return a completion script for zsh."""
    cases = "".join(
        f'        "{" ".join(path)}") words=({" ".join([*children, *options])}) ;;\n'
        for path, (_help, children, options) in sorted(tree.items())
    )
    groups = "|".join(f'"{" ".join(path)}"' for path in sorted(tree) if path)
    return f"""#compdef agentops
{HEADER}_agentops() {{
    local path_="" word
    local -a words_before words
    words_before=(${{words[2,CURRENT-1]}})
    case ${{words_before[-1]:-}} in
        --output | -o) compadd {VALUES["--output"]}; return ;;
        --kubeconfig) _files; return ;;
    esac
    for word in $words_before; do
        case "${{path_:+$path_ }}$word" in
            {groups}) path_="${{path_:+$path_ }}$word" ;;
        esac
    done
    local -a words
    case $path_ in
{cases}    esac
    compadd -a words
    [[ $path_ == investigate ]] && _files
}}
_agentops "$@"
"""


def fish(tree: dict[Any, Any]) -> str:
    """Return a completion script for fish."""
    lines = [HEADER.rstrip(), "complete -c agentops -f"]
    for path, (text, _children, options) in sorted(tree.items()):
        quoted = text.replace("'", "")
        if len(path) == 1:
            lines.append(f"complete -c agentops -n __fish_use_subcommand -a {path[0]} -d '{quoted}'")
        elif len(path) == 2:
            seen = f"__fish_seen_subcommand_from {path[0]}"
            lines.append(f"complete -c agentops -n '{seen}' -a {path[1]} -d '{quoted}'")
        condition = f" -n '__fish_seen_subcommand_from {path[-1]}'" if path else ""
        lines += [f"complete -c agentops{condition} -l {name[2:]}" for name in options]
    lines.append("complete -c agentops -l output -x -a 'text json markdown'")
    lines.append("complete -c agentops -n '__fish_seen_subcommand_from investigate' -F")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
