"""Questions on the terminal: choose one, choose several, type a line of text; no answer is no.

Comes in: questions whose text may be foreign (it is escaped). Goes out: the answer, or None for Escape, the end of the
input and a closed terminal; Ctrl-C ends the run, as everywhere. Everything is drawn on stderr: stdout belongs to the
result.
"""

from __future__ import annotations

import string
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from agentops.core.text import visible

if TYPE_CHECKING:
    from prompt_toolkit.input import Input
    from prompt_toolkit.key_binding import KeyBindings
    from prompt_toolkit.output import Output


def cannot_ask(*, no_input: bool) -> str:
    """Return why nobody can be asked in this process; empty when somebody can."""
    if no_input:
        return "--no-input was given"
    for stream, name in ((sys.stdin, "standard input"), (sys.stderr, "standard error")):
        if stream is None or stream.closed or not stream.isatty():
            return f"{name} is not a terminal"
    return ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: ``value`` comes back, ``title`` is shown, ``key`` moves to it.

    ``grave``: it changes something, so its key counts only where nothing else was typed.
    """

    value: str
    title: str
    key: str = ""
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Prompts:
    """Asks through questionary.

    Arguments:
        source: where keys come from; None: the process's terminal.
        screen: where it is drawn; None: stderr.
    """

    source: Input | None = None
    screen: Output | None = None

    def choose(self, message: str, choices: Sequence[Choice], default: str) -> str | None:
        """Ask for one of ``choices``; Enter alone takes ``default``."""
        import questionary

        items = [
            questionary.Choice(visible(choice.title), value=choice.value, shortcut_key=choice.key or None)
            for choice in choices
        ]
        question = questionary.select(
            visible(message),
            choices=items,
            default=default,
            use_shortcuts=all(choice.key for choice in choices),
            use_jk_keys=False,
            instruction=" ",
            **self._streams(),
        )
        if all(choice.key for choice in choices):
            _take_words(question.application, choices, default)
        chosen: str | None = self._answer(question)
        return chosen

    def pick(self, message: str, titles: Sequence[str]) -> tuple[int, ...] | None:
        """Ask which of ``titles``; none is ticked at first. Returns their indexes."""
        import questionary

        items = [questionary.Choice(visible(title), value=index) for index, title in enumerate(titles)]
        question = questionary.checkbox(visible(message), choices=items, **self._streams())
        found = self._answer(question)
        return None if found is None else tuple(found)

    def line(self, message: str, default: str = "") -> str | None:
        """Ask for one line of text."""
        import questionary

        keys = _leave()
        question = questionary.text(visible(message), default=default, key_bindings=keys, **self._streams())
        typed: str | None = self._answer(question, bound=True)
        return typed

    def secret(self, message: str) -> str | None:
        """Ask for a passphrase; it is not shown."""
        import questionary

        question = questionary.password(visible(message), key_bindings=_leave(), **self._streams())
        typed: str | None = self._answer(question, bound=True)
        return typed

    def _streams(self) -> dict[str, Any]:
        if self.source is not None:
            return {"input": self.source, "output": self.screen}
        from prompt_toolkit.input.defaults import create_input
        from prompt_toolkit.output.defaults import create_output

        return {"input": create_input(sys.stdin), "output": create_output(sys.stderr)}

    def _answer(self, question: Any, *, bound: bool = False) -> Any:
        """Return what is answered; ``bound``: Escape is among the question's own keys."""
        if not bound:
            from prompt_toolkit.key_binding import merge_key_bindings

            application = question.application
            application.key_bindings = merge_key_bindings([application.key_bindings, _leave()])
        if self.source is None:
            _forget_typed_ahead()
        try:
            return question.unsafe_ask()
        except EOFError:
            return None


def _take_words(application: Any, choices: Sequence[Choice], default: str) -> None:
    """Read letters as one word, so that whoever types ``abort`` does not end on the choice of its first letter.

    A choice is meant by its key, or by the beginning of its title; a grave one by nothing else before that. What means
    none leads back to the default. Moving with the arrows begins a new word.
    """
    from prompt_toolkit.key_binding import KeyBindings, merge_key_bindings
    from questionary.prompts.common import InquirerControl

    control = next(one for one in application.layout.find_all_controls() if isinstance(one, InquirerControl))
    home = [choice.value for choice in choices].index(default)
    typed, left_at = "", control.pointed_at

    def take(event: Any) -> None:
        nonlocal typed, left_at
        if control.pointed_at != left_at:
            typed = ""
        typed = typed[:-1] if event.key_sequence[0].key == "c-h" else typed + event.data
        left_at = control.pointed_at = _meant(typed, choices, home)

    bindings = KeyBindings()
    for key in ("c-h", *string.ascii_letters, *string.digits, *string.punctuation, " "):
        bindings.add(key, eager=True)(take)
    application.key_bindings = merge_key_bindings([application.key_bindings, bindings])


def _meant(typed: str, choices: Sequence[Choice], default: int) -> int:
    """Return which choice a word means; the default for one that means none."""
    begun = [index for index, choice in enumerate(choices) if len(typed) > 1 and choice.title.startswith(typed)]
    if begun:
        return begun[0]
    keys = {choice.key: index for index, choice in enumerate(choices) if typed == choice.key or not choice.grave}
    return keys.get(typed[-1:], default)


def _leave() -> KeyBindings:
    """Return the keys that mean no answer, and Ctrl-C, which is none either and ends the run."""
    from prompt_toolkit.key_binding import KeyBindings

    bindings = KeyBindings()

    def leave(event: Any) -> None:
        event.app.exit(exception=EOFError, style="class:aborting")

    def interrupt(event: Any) -> None:
        event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    for key in ("escape", "c-d", "c-q"):
        bindings.add(key, eager=key != "escape")(leave)
    bindings.add("c-c", eager=True)(interrupt)
    return bindings


def _forget_typed_ahead() -> None:
    """Throw away what was typed before the question was there: an impatient key must not be an answer."""
    import termios

    with suppress(OSError, ValueError, termios.error):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
