"""Names that are not what they look like: ``registry.shор`` with a Cyrillic о is another registry.

Comes in: a text in which names stand (an image, a host, a label's key, an object's name), as a person is about to read
it before a decision. Goes out: the same text with every character beyond ASCII marked, ``⟨о U+043E⟩``, and the words
that look like something else. A technical value has no business beyond ASCII: DNS names, image references and label
keys are ASCII by their own specifications (RFC 1123; the OCI distribution specification).

Must never: change what is sent, or be used to compare names. It is for eyes.
"""

from __future__ import annotations

import re
import unicodedata

from agentops.core.text import visible

_OWN = "“”→↩○•│├└─—–…·×≥≤✓✗⏎"
"""What our own pages are drawn with; it counts as ours only where it does not stand inside a word."""
_RUN = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\s,;()\[\]{}\"'“”]+")
_POINTS_SHOWN = 4
# Letters that most fonts draw as a Latin one. Source: https://www.unicode.org/Public/security/14.0.0/confusables.txt,
# the Cyrillic, Greek, Armenian and Latin rows whose target is one ASCII letter or digit; compatibility forms (full
# width, mathematical) are found by NFKC.
_TWINS = str.maketrans(
    "авекмнорстухАВЕЗКМНОРСТУХѕіјЅІЈһԁԛԝѵӏбгпΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορικυχτϲյոսօցքհıɡɑɩʟ‐‑‒–—―−∕⁄․‥：∶",
    "aBekmHopcTyxABE3KMHOPCTYXsijSIJhdqwvl6rnABEZHIKMNOPTYXavopikuxtcjnuogqhigaiL-------//..::",
)
_PUNYCODE = re.compile(r"\bxn--[a-z0-9-]+", re.IGNORECASE)


def marked(text: str) -> str:
    """Return a text with each run of characters beyond ASCII marked, and its code points named.

    What our own pages are drawn with stays as it is between words.
    """
    return text if text.isascii() else _RUN.sub(_mark, visible(text))


def odd_words(text: str) -> tuple[str, ...]:
    """Return the words of a text that hold characters beyond ASCII, or a name in Punycode, as they stand there."""
    words = dict.fromkeys(
        word for word in _WORD.findall(visible(text)) if marked(word) != word or _PUNYCODE.search(word)
    )
    return tuple(words)


def said_of(word: str) -> str:
    """Return what is to be said of an odd word, not marked yet: what it looks like and is not, or how it reads."""
    if word.isascii():
        return f"{word} is written in Punycode and reads {_read(word)}"
    twin = twin_of(word)
    if twin:
        return f"{word} is not {twin}: it only looks like it"
    return f"{word} has letters that no such name needs"


def twin_of(word: str) -> str:
    """Return the ASCII word that a word looks like; empty where it looks like none."""
    likeness = unicodedata.normalize("NFKC", word.translate(_TWINS)).translate(_TWINS)
    # An accent is easily overlooked: é for e.
    likeness = "".join(c for c in unicodedata.normalize("NFKD", likeness) if not unicodedata.combining(c))
    return likeness if likeness.isascii() and likeness != word else ""


def _mark(found: re.Match[str]) -> str:
    run, text = found.group(), found.string
    if all(character in _OWN for character in run):
        before, after = text[: found.start()][-1:], text[found.end() :][:1]
        if not (before.isalnum() and after.isalnum()):
            return run
    points = [f"U+{ord(character):04X}" for character in run]
    more = f" +{len(points) - _POINTS_SHOWN}" if len(points) > _POINTS_SHOWN else ""
    return f"⟨{run} {' '.join(points[:_POINTS_SHOWN])}{more}⟩"


def _read(word: str) -> str:
    def decoded(found: re.Match[str]) -> str:
        try:
            return found.group()[4:].encode().decode("punycode")
        except (UnicodeError, ValueError):
            return found.group()

    return _PUNYCODE.sub(decoded, word)
