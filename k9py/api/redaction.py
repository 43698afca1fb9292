"""What looks like a secret in an object, and the object without it: the one place that decides, for every face.

Hidden are values of environment variables, HTTP headers, flags, assignments and settings that are named like a secret,
all values of a Secret, what is a secret by its shape (`secret_texts`), and the same where a text repeats an object as
JSON. A reference to a
Secret is no secret. Invariant: of two objects that differ, what is shown differs too: a hidden value that is another
one says so. To recognise another name, add it to `_NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.redaction_patterns import (
    ASSIGNED,
    ASSIGNED_CLEARLY,
    BLOCK,
    ENTRY,
    FLAG,
    MASK,
    attached_password,
    has_secret_option,
    is_reference,
    mask_commands,
    mask_shapes,
)

HIDDEN: Final = f"{MASK} (hidden)"
HIDDEN_OTHER: Final = f"{MASK} (hidden, another value)"
_OTHER_MASK: Final = f"{MASK}(another)"

_NAME: Final = lazy_pattern(
    r"passw|passphrase|(?:^|[^a-z])pass(?:[^a-z]|$)|(?<!by)(?<!com)(?<!sur)pass$|pwd|token|secret|credential"
    r"|(?:^|[^a-z])creds?(?:[^a-z]|$)|(?:^|[^a-z])jwt$|keys?(?![a-z])",
    re.I,
)
_VARIABLE: Final = lazy_pattern(
    r"authorization$|^(?:set-)?cookie$|^x-.*(?:auth|session)|(?:^|_)(?:auth(?:_header)?|bearer|pw|pat|salt|otp|hmac|sk)$",
    re.I,
)
"""What a variable or a header may be called besides, in which the same word in a text would say little."""
_SETTING: Final = lazy_pattern(
    r"(?:^|[./_\-])(?:pass(?:word|wd|phrase)?|pwd|token|secret|credentials?"
    r"|(?:api|access|private|secret|signing|encryption)[_\-]?key|docker(?:config(?:json)?|cfg))$"
    r"|(?:[a-z](?:Password|Passphrase|Token|Secret)|[aA]piKey|(?:[aA]ccess|[pP]rivate|[sS]ecret|[eE]ncryption)Key)$"
)
"""Keys of any object whose text is a secret; `secretName`, `key` and `tokenExpirationSeconds` are not among them."""

_NOUN: Final = lazy_pattern(r"(?:key|secret|token|credential)s?$", re.I)
_IN_PROSE: Final = lazy_pattern(r"[a-z,] ")
"""`references non-existent secret key: tls.crt` tells what is missing, and no secret."""

_MOST_JSON: Final = 1 << 20


def is_secret_name(name: str) -> bool:
    """Tell whether a variable or flag of that name plainly holds a secret."""
    return _NAME.search(name) is not None


def redact_variable(name: str, value: str) -> str:
    """Return the value of an environment variable or a header, hidden where it looks like a secret."""
    return _Secrets().named(name, value)


def redact_command(words: Sequence[str], program: str = "") -> list[str]:
    """Return the words of a command, or of a program's arguments, secrets hidden."""
    return _Secrets().words(words, program)


@lru_cache(512)  # change-causes of the same revisions, each time one of their pods changes
def redact_text(text: str) -> str:
    """Return a text of a person or a program (a message, a shell script) with what is assigned in it hidden."""
    return _Secrets().text(text)


def redact(value: Any) -> Any:
    """Return an object, or a part of one, with what looks like a secret hidden."""
    return _Secrets().walk(value)


def redact_pair(old: Any, new: Any) -> tuple[Any, Any]:
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
        if value and (_SETTING.search(key) or _SETTING.search(key.lower())) and not is_reference(value):
            return self._hidden(key, value)
        return self._any_text(value)

    def words(self, words: Sequence[str], program: str = "") -> list[str]:
        found: list[str] = []
        secret_of = ""
        program = program or next(iter(words), "")
        for word in words:
            name, equals, value = word.partition("=")
            is_flag = name.startswith("-") and " " not in name
            if secret_of and not word.startswith("-"):
                found.append(word if is_reference(word) else self._mask(secret_of, word))
            elif is_flag and equals and value and is_secret_name(name):
                found.append(word if is_reference(value) else f"{name}={self._mask(name, value)}")
            elif attached := attached_password(program, word):
                found.append(f"-p{self._mask(program, attached)}")
            elif found and ":" in word and words[len(found) - 1] in ("-u", "--user", "--proxy-user"):
                user, _, password = word.partition(":")
                found.append(word if is_reference(password) else f"{user}:{self._mask(f'user {user}', password)}")
            else:
                found.append(self.text(word))
            is_secret = is_flag and (is_secret_name(name) or has_secret_option(program, name))
            secret_of = name if is_secret and not equals else ""
        return found

    def text(self, text: str) -> str:
        if text[:1] in ("{", "[") and (decoded := self._json(text)) is not None:
            return decoded
        text = mask_shapes(mask_commands(FLAG.sub(self._assigned, text), self._mask), self._mask)
        if "\n" in text:
            text = BLOCK.sub(self._block, ENTRY.sub(self._assigned, text))
        return ASSIGNED.sub(self._assigned, text)

    def _any_text(self, text: str) -> str:
        """Return a text of any field: what is assigned in it so that it cannot be anything else is hidden."""
        if text[:1] in ("{", "[") and (decoded := self._json(text)) is not None:
            return decoded
        text = mask_shapes(text, self._mask)
        return self._set(text) if "=" in text or ": " in text else text

    def _set(self, text: str) -> str:
        if "\n" in text:
            text = BLOCK.sub(self._block, ENTRY.sub(self._assigned, text))
        return ASSIGNED_CLEARLY.sub(self._assigned, text)

    def _mapping(self, value: Mapping[str, Any]) -> dict[str, Any]:
        name = value.get("name")
        found = {str(key): self.walk(one, str(key)) for key, one in value.items()}
        words, command = value.get("args"), value.get("command")
        if isinstance(words, list) and isinstance(command, list) and command and isinstance(found["args"], list):
            found["args"] = self.words([str(one) for one in words], str(command[0]))
        entry = value.get("value")
        if isinstance(name, str) and isinstance(entry, str | int | float) and not isinstance(entry, bool):
            hidden = self.named(name, str(entry))
            found["value"] = entry if hidden == str(entry) else hidden
        if isinstance(auths := value.get("auths"), Mapping):
            found["auths"] = {str(key): self._registry(one) for key, one in auths.items()}
        kind = value.get("kind")
        if kind in ("SecretList", "ConfigMapList") and isinstance(items := value.get("items"), list):
            of = str(kind)[: -len("List")]
            found["items"] = [self._mapping({"kind": of, **one}) if isinstance(one, Mapping) else one for one in items]
        if kind in ("Secret", "ConfigMap"):
            for part in ("data", "stringData", "binaryData"):
                if isinstance(value.get(part), Mapping):
                    found[part] = {str(key): self._entry(kind, str(key), one) for key, one in value[part].items()}
        return found

    def named(self, name: str, value: str) -> str:
        """Return the value of an environment variable or a header."""
        if value and (is_secret_name(name) or (_VARIABLE.search(name) and not is_reference(value))):
            return self._hidden(name, value)
        return self._any_text(value)

    def _registry(self, value: Any) -> Any:
        walked = self.walk(value)
        if not isinstance(walked, dict):
            return walked
        names = walked.keys() & {"auth", "identitytoken", "registrytoken"}
        return {**walked, **{name: self._hidden(name, str(walked[name])) for name in names if walked[name]}}

    def _entry(self, kind: str, key: str, value: Any) -> Any:
        """Return an entry of a Secret or a ConfigMap: of the latter what its name or the lines in it give away."""
        if not isinstance(value, str) or not value:
            return value
        if kind == "Secret" or (is_secret_name(key) and "\n" not in value and not is_reference(value)):
            return self._hidden(key, value)
        return self.text(value) if "\n" in value or "=" in value else self._any_text(value)

    def _json(self, text: str) -> str | None:
        """Return JSON, as annotations hold whole objects, with its own secrets hidden; None when it is none."""
        if len(text) > _MOST_JSON:
            return None
        try:
            decoded = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        walked = self.walk(decoded)
        if walked == decoded:
            return text
        return msgspec.json.encode(walked).decode() + ("\n" if text.endswith("\n") else "")

    def _assigned(self, found: re.Match[str]) -> str:
        name, value = found["name"], found["value"]
        if ":" in found["sign"] and _NOUN.match(name) and _IN_PROSE.match(found.string, max(found.start() - 2, 0)):
            return found[0]
        if not is_secret_name(name) or is_reference(value) or MASK in value or value in ("Bearer", "Basic", "Token"):
            return found[0]
        return f"{name}{found['sign']}{self._mask(name, value)}"

    def _block(self, found: re.Match[str]) -> str:
        if not is_secret_name(found["name"]):
            return found[0]
        indent = f"{found['indent']}  "
        return f"{found['indent']}{found['name']}{found['sign']}{indent}{self._mask(found['name'], found['value'])}\n"

    def _hidden(self, name: str, value: str) -> str:
        return HIDDEN_OTHER if self._is_another(name, value) else HIDDEN

    def _mask(self, name: str, value: str) -> str:
        return _OTHER_MASK if self._is_another(name, value) else MASK

    def _is_another(self, name: str, value: str) -> bool:
        if self.is_second:
            return (name, value) not in self._seen
        self._seen.add((name, value))
        return False
