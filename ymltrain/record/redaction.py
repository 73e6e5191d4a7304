"""Secrets kept out of what a run writes down: its log, its command line, what trackers are told.

Replaced by `***` are: the values of environment variables whose name says secret, whatever else is given as one,
user and password within URLs, and what follows an option or a key whose name ends in a secret's (`--password x`,
`api_key=x`, `"token": "x"`, `Authorization: Bearer x`). It errs towards hiding too much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

HIDDEN = "***"
SHORTEST_SECRET = 6  # a shorter value would be found inside ordinary words

_WORD = r"(?:password|passwd|passphrase|secret|token|credentials?|signature|(?:api|access|secret|private|auth|account)[-_]?key)"
_VALUE = r"""(?:"[^"]*"|'[^']*'|[^\s"',;&})]+)"""

SECRET_VARIABLE = re.compile(rf"{_WORD}|(?:^|_)(?:key|pass|pat|auth)(?:$|_)|_pwd(?:$|_)", re.IGNORECASE)
SECRET_OPTION = re.compile(rf"--?[\w-]*{_WORD}", re.IGNORECASE)
PASSWORD_IN_URL = re.compile(r"\b[a-z][a-z0-9+.-]{0,30}://[^/?#\s:@]*:[^/?#\s@]+@", re.IGNORECASE)
SECRET_REFERENCE = re.compile(r"\$\{secret:[^}]*\}")
WRITTEN_SECRETS = (
    re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://)[^/?#\s]+(?=@)", re.IGNORECASE),
    re.compile(rf"(\bauthorization[\"']?\s*[=:]\s*[\"']?(?:bearer|basic|token)\s+){_VALUE}", re.IGNORECASE),
    re.compile(rf"((?<!\S)--?[\w-]*{_WORD}\s+){_VALUE}", re.IGNORECASE),
    re.compile(rf"({_WORD}[\"']?\s*[=:]\s*){_VALUE}", re.IGNORECASE),
    re.compile(rf"([?&](?:sig|key)=){_VALUE}", re.IGNORECASE),
)

WRITTEN_IN_CODE = (
    re.compile(r"(\b[a-z][a-z0-9+.-]{0,30}://[^/?#\s:@]*:)[^/?#\s@{}]+(?=@)", re.IGNORECASE),
    re.compile(rf"({_WORD}[\"']?\s*[=:]\s*)(?:\"[^\"\n]{{4,}}\"|'[^'\n]{{4,}}')", re.IGNORECASE),
    re.compile(rf"({_WORD}[\"']?\s*[=:]\s*)(?=[\w+/=-]*\d)[\w+/=-]{{6,}}(?=[\s,;}}]|$)", re.IGNORECASE),
)


class Redactor:
    """Takes secrets out of texts. Made once, from the environment as it then is."""

    def __init__(self, environment: Mapping[str, str], secrets: Iterable[str] = ()) -> None:
        named = [value for name, value in environment.items() if SECRET_VARIABLE.search(name)]
        known = {value for value in (*named, *secrets) if len(value) >= SHORTEST_SECRET}
        longest_first = sorted(known, key=lambda value: (-len(value), value))
        self._known = re.compile("|".join(map(re.escape, longest_first))) if known else None

    def holds_secret(self, text: str) -> bool:
        """Whether a text holds the value of a variable that says secret, or a password within a URL: no guess by names.

        A reference such as `${secret:NAME}` is none: it only says where the secret is.
        """
        text = SECRET_REFERENCE.sub("", text)
        return bool((self._known is not None and self._known.search(text)) or PASSWORD_IN_URL.search(text))

    def redact(self, text: str) -> str:
        """The text with every secret in it hidden."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern in WRITTEN_SECRETS:
            text = pattern.sub(rf"\1{HIDDEN}", text)
        return text

    def redact_code(self, text: str) -> str:
        """Source code or a patch with every secret in it hidden, and ordinary code about secrets left as it is.

        Of what follows a secret's name only literals are hidden: quoted ones, and bare ones with a digit in them.
        """
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for pattern in WRITTEN_IN_CODE:
            text = pattern.sub(rf"\1{HIDDEN}", text)
        return text

    def redact_variable(self, name: str, value: str) -> str:
        """A variable's value, hidden as a whole when its name says secret."""
        return HIDDEN if SECRET_VARIABLE.search(name) else self.redact(value)

    def redact_command(self, words: Sequence[str]) -> list[str]:
        """A command line with every secret in it hidden, also where it is the word after its option."""
        before = ("", *words)
        return [
            HIDDEN if SECRET_OPTION.fullmatch(option) and not word.startswith("-") else self.redact(word)
            for option, word in zip(before, words, strict=False)
        ]
