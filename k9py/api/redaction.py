"""Redacts secrets in objects and text: the one place that decides what is a secret, for every front end.

Hidden are the values of environment variables, HTTP headers, flags, assignments and settings whose name is that of a
secret, all values of a Secret, tokens known by their format (`redaction_patterns`), and all of these where a text
contains an object as JSON. A reference to a Secret is not a secret. Invariant: when two objects differ, their redacted
forms differ too: a hidden value that differs is marked. To recognise another name, add it to `_NAME`.
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
    mask_formats,
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
"""Further names of variables and headers; in a text, the same words would be too common."""
_SETTING: Final = lazy_pattern(
    r"(?:^|[./_\-])(?:pass(?:word|wd|phrase)?|pwd|token|secret|credentials?"
    r"|(?:api|access|private|secret|signing|encryption)[_\-]?key|docker(?:config(?:json)?|cfg))$"
    r"|(?:[a-z](?:Password|Passphrase|Token|Secret)|[aA]piKey|(?:[aA]ccess|[pP]rivate|[sS]ecret|[eE]ncryption)Key)$"
)
"""Keys of any object whose value is a secret; `secretName`, `key` and `tokenExpirationSeconds` do not match."""

_NOUN: Final = lazy_pattern(r"(?:key|secret|token|credential)s?$", re.I)
_IN_PROSE: Final = lazy_pattern(r"[a-z,] ")
"""`references non-existent secret key: tls.crt` names what is missing, and is no assignment."""

_MAX_JSON: Final = 1 << 20


def is_secret_name(name: str) -> bool:
    """Return whether the name of a variable or flag is that of a secret."""
    return _NAME.search(name) is not None


def redact_variable(name: str, value: str) -> str:
    """Return the value of an environment variable or a header, hidden when it is a secret."""
    return _Secrets().named(name, value)


def redact_command(arguments: Sequence[str], program: str = "") -> list[str]:
    """Return the arguments of a command without secrets.

    Args:
        program: the program that gets them; "" when it is the first argument.
    """
    return _Secrets().arguments(arguments, program)


@lru_cache(512)  # the change-causes of a few revisions, again and again
def redact_text(text: str) -> str:
    """Return a text from a person or a program (a message, a shell script) without the secrets assigned in it."""
    return _Secrets().text(text)


def redact(value: Any) -> Any:
    """Return an object, or a part of one, without secrets."""
    return _Secrets().walk(value)


def redact_pair(old: Any, new: Any) -> tuple[Any, Any]:
    """Return two objects for a comparison, without secrets; a hidden value that differs is marked in the second."""
    secrets = _Secrets()
    before = secrets.walk(old)
    secrets.is_second = True
    return before, secrets.walk(new)


class _Secrets:
    """Hides secrets, and remembers the hidden values by name, to compare a second object."""

    def __init__(self) -> None:
        self.is_second = False
        self._seen: set[tuple[str, str]] = set()

    def walk(self, value: Any, key: str = "") -> Any:
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list | tuple):
            if key in ("args", "command") and all(isinstance(item, str) for item in value):
                return self.arguments(value)
            return [self.walk(item, key) for item in value]
        if not isinstance(value, str):
            return value
        if value and (_SETTING.search(key) or _SETTING.search(key.lower())) and not is_reference(value):
            return self._hidden(key, value)
        return self._any_text(value)

    def arguments(self, arguments: Sequence[str], program: str = "") -> list[str]:
        redacted: list[str] = []
        secret_flag = ""  # the preceding flag, when its value is the next argument
        program = program or next(iter(arguments), "")
        for argument in arguments:
            name, equals, value = argument.partition("=")
            is_flag = name.startswith("-") and " " not in name
            if secret_flag and not argument.startswith("-"):
                redacted.append(argument if is_reference(argument) else self._mask(secret_flag, argument))
            elif is_flag and equals and value and is_secret_name(name):
                redacted.append(argument if is_reference(value) else f"{name}={self._mask(name, value)}")
            elif attached := attached_password(program, argument):
                redacted.append(f"-p{self._mask(program, attached)}")
            elif redacted and ":" in argument and arguments[len(redacted) - 1] in ("-u", "--user", "--proxy-user"):
                user, _, password = argument.partition(":")
                masked = f"{user}:{self._mask(f'user {user}', password)}"
                redacted.append(argument if is_reference(password) else masked)
            else:
                redacted.append(self.text(argument))
            is_secret = is_flag and (is_secret_name(name) or has_secret_option(program, name))
            secret_flag = name if is_secret and not equals else ""
        return redacted

    def text(self, text: str) -> str:
        if text[:1] in ("{", "[") and (decoded := self._json(text)) is not None:
            return decoded
        text = mask_formats(mask_commands(FLAG.sub(self._assigned, text), self._mask), self._mask)
        if "\n" in text:
            text = BLOCK.sub(self._block, ENTRY.sub(self._assigned, text))
        return ASSIGNED.sub(self._assigned, text)

    def _any_text(self, text: str) -> str:
        """Return the text of any field, where only unambiguous assignments are hidden."""
        if text[:1] in ("{", "[") and (decoded := self._json(text)) is not None:
            return decoded
        text = mask_formats(text, self._mask)
        return self._mask_assignments(text) if "=" in text or ": " in text else text

    def _mask_assignments(self, text: str) -> str:
        if "\n" in text:
            text = BLOCK.sub(self._block, ENTRY.sub(self._assigned, text))
        return ASSIGNED_CLEARLY.sub(self._assigned, text)

    def _mapping(self, value: Mapping[str, Any]) -> dict[str, Any]:
        name = value.get("name")
        redacted = {str(key): self.walk(item, str(key)) for key, item in value.items()}
        args, command = value.get("args"), value.get("command")
        if isinstance(args, list) and isinstance(command, list) and command and isinstance(redacted["args"], list):
            redacted["args"] = self.arguments([str(argument) for argument in args], str(command[0]))
        entry = value.get("value")
        if isinstance(name, str) and isinstance(entry, str | int | float) and not isinstance(entry, bool):
            hidden = self.named(name, str(entry))
            redacted["value"] = entry if hidden == str(entry) else hidden
        if isinstance(auths := value.get("auths"), Mapping):
            redacted["auths"] = {str(key): self._registry(item) for key, item in auths.items()}
        kind = value.get("kind")
        if kind in ("SecretList", "ConfigMapList") and isinstance(items := value.get("items"), list):
            item_kind = str(kind)[: -len("List")]
            redacted["items"] = [
                self._mapping({"kind": item_kind, **item}) if isinstance(item, Mapping) else item for item in items
            ]
        if kind in ("Secret", "ConfigMap"):
            for part in ("data", "stringData", "binaryData"):
                if isinstance(value.get(part), Mapping):
                    redacted[part] = {str(key): self._entry(kind, str(key), item) for key, item in value[part].items()}
        return redacted

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
        """Return an entry of a Secret, hidden, or of a ConfigMap, hidden by its name or by the assignments in it."""
        if not isinstance(value, str) or not value:
            return value
        if kind == "Secret" or (is_secret_name(key) and "\n" not in value and not is_reference(value)):
            return self._hidden(key, value)
        return self.text(value) if "\n" in value or "=" in value else self._any_text(value)

    def _json(self, text: str) -> str | None:
        """Return JSON text (annotations contain whole objects) without secrets; None when it is not JSON."""
        if len(text) > _MAX_JSON:
            return None
        try:
            decoded = msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        walked = self.walk(decoded)
        if walked == decoded:
            return text
        return msgspec.json.encode(walked).decode() + ("\n" if text.endswith("\n") else "")

    def _assigned(self, match: re.Match[str]) -> str:
        name, value = match["name"], match["value"]
        if ":" in match["sign"] and _NOUN.match(name) and _IN_PROSE.match(match.string, max(match.start() - 2, 0)):
            return match[0]
        if not is_secret_name(name) or is_reference(value) or MASK in value or value in ("Bearer", "Basic", "Token"):
            return match[0]
        return f"{name}{match['sign']}{self._mask(name, value)}"

    def _block(self, match: re.Match[str]) -> str:
        name, indent = match["name"], match["indent"]
        if not is_secret_name(name):
            return match[0]
        return f"{indent}{name}{match['sign']}{indent}  {self._mask(name, match['value'])}\n"

    def _hidden(self, name: str, value: str) -> str:
        return HIDDEN_OTHER if self._differs(name, value) else HIDDEN

    def _mask(self, name: str, value: str) -> str:
        return _OTHER_MASK if self._differs(name, value) else MASK

    def _differs(self, name: str, value: str) -> bool:
        if self.is_second:
            return (name, value) not in self._seen
        self._seen.add((name, value))
        return False
