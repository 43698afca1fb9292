"""What looks like a secret in an object, and the object without it: the one place that decides, for every face.

Hidden are values of environment variables, HTTP headers, flags, assignments and settings that are named like a secret,
all values of a Secret, passwords in URLs, and the same where an annotation repeats an object as JSON. A reference to a
Secret is no secret. Invariant: of two objects that differ, what is shown differs too: a hidden value that is another
one says so. To recognise another name, add it to `_NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

MASK: Final = "••••••"
HIDDEN: Final = f"{MASK} (hidden)"
HIDDEN_OTHER: Final = f"{MASK} (hidden, another value)"
_OTHER_MASK: Final = f"{MASK}(another)"

_NAME: Final = re.compile(
    r"passw|passphrase|(?:^|[^a-z])pass(?:[^a-z]|$)|pwd|token|secret|credential|keys?(?![a-z])", re.I
)
_HEADER: Final = re.compile(r"authorization$|^(?:set-)?cookie$|^x-.*(?:auth|session)", re.I)
_SETTING: Final = re.compile(
    r"(?:^|[._\-])(?:pass(?:word|wd|phrase)?|pwd|token|secret|credentials?|api[_\-]?key)$"
    r"|(?:[a-z](?:Password|Passphrase|Token|Secret)|[aA]piKey|(?:[aA]ccess|[pP]rivate|[sS]ecret|[eE]ncryption)Key)$"
)
"""Keys of any object whose text is a secret; `secretName`, `key` and `tokenExpirationSeconds` are not among them."""

_URL_PASSWORD: Final = re.compile(r"(?<=://)([^/\s:@]*):([^\s/]+)@")
_VALUE: Final = r"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"';,&|]+)"
_ASSIGNED: Final = re.compile(  # no other names: what stands behind one of those may be a name itself
    r"(?P<name>(?<![\w$.\-])(?=[\w.\-]{0,80}(?:pass|pwd|token|secret|credential|key))-{0,2}[A-Za-z_][\w.\-]{0,80})"
    r"(?P<sign>\s?[=:]\s?)" + _VALUE,
    re.I,
)
_FLAG: Final = re.compile(r"(?P<name>(?<!\S)--?[A-Za-z][\w.\-]{1,80})(?P<sign> +)(?!-)" + _VALUE)
_BEARER: Final = re.compile(r"\b(?P<name>Bearer|Basic)(?P<sign> )(?P<value>[\w+/=.\-]{6,})")
_REFERENCE: Final = re.compile(r"[\"']?\$[({\w]|[\"']?(?:true|false|null)[\"']?$", re.I)
"""A variable or a switch: what is named like a secret and is none."""

_MOST_JSON: Final = 1 << 20


def names_a_secret(name: str) -> bool:
    """Tell whether a variable or flag of that name plainly holds a secret."""
    return _NAME.search(name) is not None


def variable_value(name: str, value: str) -> str:
    """Return the value of an environment variable or a header, hidden where it looks like a secret."""
    return _Secrets().named(name, value)


def masked_words(words: Sequence[str]) -> list[str]:
    """Return the words of a command, secrets hidden."""
    return _Secrets().words(words)


def without_secret_words(text: str) -> str:
    """Return a text of a person or a program (a message, a shell script) with what is assigned in it hidden."""
    return _Secrets().text(text)


def without_secrets(value: Any) -> Any:
    """Return an object, or a part of one, with what looks like a secret hidden."""
    return _Secrets().walk(value)


def both_without_secrets(old: Any, new: Any) -> tuple[Any, Any]:
    """Return two objects to be compared; what was hidden in the first and is another value in the second says so."""
    secrets = _Secrets()
    before = secrets.walk(old)
    secrets.is_second = True
    return before, secrets.walk(new)


class _Secrets:
    """Hides, and remembers what it has hidden, each by its name."""

    def __init__(self) -> None:
        self.is_second = False
        self._seen: set[tuple[str, str]] = set()

    def walk(self, value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple):
            if key in ("args", "command") and all(isinstance(one, str) for one in value):
                return self.words(value)
            return [self.walk(one, key) for one in value]
        if not isinstance(value, str):
            return value
        if value and _SETTING.search(key) and not _REFERENCE.match(value):
            return self._hidden(key, value)
        if value[:1] == "{" and len(value) <= _MOST_JSON:
            return self._json(value)
        return self._urls(value)

    def words(self, words: Sequence[str]) -> list[str]:
        found: list[str] = []
        secret_of = ""
        for word in words:
            name, equals, value = word.partition("=")
            is_flag = name.startswith("-") and " " not in name
            if secret_of and not word.startswith("-"):
                found.append(word if _REFERENCE.match(word) else self._mask(secret_of, word))
            elif is_flag and equals and value and names_a_secret(name):
                found.append(word if _REFERENCE.match(value) else f"{name}={self._mask(name, value)}")
            else:
                found.append(self.text(word))
            secret_of = name if is_flag and not equals and names_a_secret(name) else ""
        return found

    def text(self, text: str) -> str:
        text = _FLAG.sub(self._assigned, _BEARER.sub(self._bearer, text))
        return self._urls(_ASSIGNED.sub(self._assigned, text))

    def _mapping(self, value: Mapping[str, Any]) -> dict[str, Any]:
        name = value.get("name")
        if isinstance(name, str) and isinstance(value.get("value"), str) and set(value) <= {"name", "value"}:
            return {**value, "value": self.named(name, value["value"])}
        found = {str(key): self.walk(one, str(key)) for key, one in value.items()}
        kind = value.get("kind")
        if kind in ("Secret", "ConfigMap"):
            for part in ("data", "stringData", "binaryData"):
                if isinstance(value.get(part), Mapping):
                    found[part] = {str(key): self._entry(kind, str(key), one) for key, one in value[part].items()}
        return found

    def named(self, name: str, value: str) -> str:
        """Return the value of an environment variable or a header."""
        if value and (names_a_secret(name) or _HEADER.search(name)):
            return self._hidden(name, value)
        return str(self.walk(value)) if value[:1] == "{" else self._urls(value)

    def _entry(self, kind: str, key: str, value: Any) -> Any:
        """Return an entry of a Secret or a ConfigMap: of the latter what its name or the lines in it give away."""
        if not isinstance(value, str) or not value:
            return value
        if kind == "Secret" or (names_a_secret(key) and "\n" not in value and not _REFERENCE.match(value)):
            return self._hidden(key, value)
        return self.text(value) if "\n" in value or "=" in value else self._urls(value)

    def _json(self, text: str) -> str:
        """Return JSON, as annotations hold whole objects, with its own secrets hidden."""
        try:
            decoded = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return self.text(text)
        walked = self.walk(decoded)
        if walked == decoded:
            return text
        return msgspec.json.encode(walked).decode() + ("\n" if text.endswith("\n") else "")

    def _urls(self, text: str) -> str:
        if "://" not in text:
            return text
        return _URL_PASSWORD.sub(lambda found: f"{found[1]}:{self._mask(f'url {found[1]}', found[2])}@", text)

    def _assigned(self, found: re.Match[str]) -> str:
        name, value = found["name"], found["value"]
        if not names_a_secret(name) or _REFERENCE.match(value) or MASK in value or value in ("Bearer", "Basic"):
            return found[0]
        return f"{name}{found['sign']}{self._mask(name, value)}"

    def _bearer(self, found: re.Match[str]) -> str:
        return f"{found['name']} {self._mask(found['name'], found['value'])}"

    def _hidden(self, name: str, value: str) -> str:
        return HIDDEN_OTHER if self._is_another(name, value) else HIDDEN

    def _mask(self, name: str, value: str) -> str:
        return _OTHER_MASK if self._is_another(name, value) else MASK

    def _is_another(self, name: str, value: str) -> bool:
        if self.is_second:
            return (name, value) not in self._seen
        self._seen.add((name, value))
        return False
