"""Patterns of secrets inside text: assignments, passwords in URLs and options of programs, and tokens known by format.

Each pattern is one kind of secret: its group `value` is hidden, the text before it stays. To recognise another kind,
add a pattern to `_ANY_TEXT`, or to `_COMMAND_TEXT` where it would hide too much in text that is not a command.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from k9py.api.lazy_pattern import lazy_pattern

MASK: Final = "••••••"

_VALUE: Final = r"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"';,&|]+)"
_NAMED: Final = r"(?<![\w$.\-])(?=[\w.\-]{0,80}(?:pass|pwd|token|secret|cred|key|jwt|auth))-{0,2}[A-Za-z_][\w.\-]{0,80}"

_FORMATS: Final = lazy_pattern(
    r"(?P<name>)(?P<value>"
    r"\beyJ[\w\-]{8,}\.[\w\-]{8,}(?:\.[\w\-]*)*"  # JWT
    r"|(?<=PRIVATE KEY-----)[^\-]+(?:-(?!----END)[^\-]*)*"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w\-]{35}|\bya29\.[\w\-]{20,}"
    r"|\bgh[pousr]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w\-]{16,}|\bnpm_\w{30,}|\bhvs\.[\w\-]{20,}"
    r"|\bxox[abeprs]-[\w\-]{10,}|\b[sr]k_(?:live|test)_\w{16,}|\bsk-[\w\-]{20,}|\bSG\.[\w\-]{16,}\.[\w\-]{16,}"
    r"|(?<=hooks\.slack\.com/services/)[^\s\"']+|(?<=/api/webhooks/)\d+/[^\s\"']+"
    r"|\$(?:2[aby]|apr1|5|6)\$[^\s\"':]{6,}"  # hashes of htpasswd
    r")"
)
_FORMAT_MARKS: Final = (
    *("eyJ", "PRIVATE KEY", "AKIA", "ASIA", "AIza", "ya29", "gh", "glpat", "npm_", "hvs", "xox", "k_", "sk-", "SG."),
    *("hooks.", "webhooks", "$"),
)
_URL: Final = lazy_pattern(
    r"(?P<name>://[^/\s:@]*:)(?!\d{1,5}/)(?P<value>[^\s\"'<>]+?)"
    r"(?=@[\w.\-\[\]:${}]+(?:[/?,;#)\s\"']|$))"
)
_URL_TOKEN: Final = lazy_pattern(r"(?P<name>https?://)(?P<value>[^/\s:@]{8,})(?=@)")
_DSN: Final = lazy_pattern(r"(?P<name>(?<![\w/.:\-])[\w.\-]{1,80}:)(?P<value>[^\s@]{1,200})(?=@(?:tcp|unix)?\()")
_QUERY: Final = lazy_pattern(
    r"(?P<name>[?&](?:sig|signature|X-(?:Amz|Goog)-Signature|code)=)(?P<value>[^&\s\"']+)", re.I
)
_ELEMENT: Final = lazy_pattern(
    r"(?P<name><(?:[\w.:\-]*(?:passw|token|secret|passphrase|privateKey|apiKey)[\w.:\-]*)>)(?P<value>[^<]+)(?=</)", re.I
)
_HEADER: Final = lazy_pattern(
    r"(?P<name>\b(?:Proxy-)?Authorization: ?(?:\w+ )??|\b(?:Set-)?Cookie: ?"
    r"|(?<![\w\-])X-[\w\-]{0,40}(?:Auth|Session)[\w\-]{0,40}: ?)"
    r"(?P<value>(?!Bearer |Basic |[\"'$])[^\"'\n]+)",
    re.I,
)
_BEARER: Final = lazy_pattern(r"(?P<name>\b(?:Bearer|Basic|Token) )(?P<value>[\w+/=.\-]{6,})")

ASSIGNED: Final = lazy_pattern(  # only these names, because the value of another assignment may be a name itself
    rf"(?P<name>{_NAMED})(?P<sign>[\"']?\s?[=:]\s?)" + _VALUE, re.I
)
"""An assignment in a command, a script or a settings file; also that of JSON within a line."""
ASSIGNED_CLEARLY: Final = lazy_pattern(rf"(?P<name>{_NAMED})(?P<sign>\s?=\s?|:[ \t]+)" + _VALUE, re.I)
"""An assignment in any text, but not `registry/token:1.2`."""
FLAG: Final = lazy_pattern(r"(?P<name>(?<!\S)--?[A-Za-z][\w.\-]{1,80})(?P<sign> +)(?!-)" + _VALUE)
ENTRY: Final = lazy_pattern(r"name: *[\"']?(?P<name>[\w.\-]+)[\"']?(?P<sign>[ \t]*\n[ \t]*value: *)" + _VALUE)
"""An environment variable in YAML inside a text."""
BLOCK: Final = lazy_pattern(
    r"(?m)^(?P<indent>[ \t]*)(?P<name>[\w.\-]+)(?P<sign>: *[|>][+\-]?\d?\n)"
    r"(?P<value>(?:(?P=indent)[ \t]+\S.*(?:\n|\Z))+)"
)

_OPTIONS: Final = lazy_pattern(
    r"(?P<name>\b(?:(?:mysql|mariadb)[\w\-]*(?: +[^\s|;&]+){0,12}? +-p"
    r"|(?:redis|valkey)-cli(?: +[^\s|;&]+){0,12}? +-a +"
    r"|(?:mongo\w*|cqlsh|sshpass|(?:docker|podman|helm)(?: registry)? login)(?: +[^\s|;&]+){0,12}? +-p *"
    r"|ldap\w+(?: +[^\s|;&]+){0,12}? +-w +))(?![\-$])" + _VALUE
)
_USER: Final = lazy_pattern(
    r"(?P<name>(?<!\S)(?:-u|--user|--proxy-user)[ =]*[\"']?[^\s:\"'=/]+:)(?P<value>[^\s\"'/][^\s\"']*)"
)
_ECHO: Final = lazy_pattern(
    r"(?P<name>\becho (?:-n )?)" + _VALUE + r"(?= *\|[^|\n]*(?:--password-stdin|passwd|--stdin))"
)

_ANY_TEXT: Final = (_DSN, _QUERY, _ELEMENT, _BEARER)
_COMMAND_TEXT: Final = (_HEADER, _OPTIONS, _USER, _ECHO)

_REFERENCE: Final = lazy_pattern(r"[\"']?\$[({\w]|[\"']?(?:true|false|null)[\"']?$", re.I)
"""A reference to a variable, or a boolean: values that are no secrets, whatever their name."""
_SHORT_OPTIONS: Final = (
    (lazy_pattern(r"(?:redis|valkey)-cli$"), "-a"),
    (lazy_pattern(r"mongo\w*$|cqlsh$|sshpass$|mysql\w*$|mariadb[\w\-]*$"), "-p"),
    (lazy_pattern(r"ldap\w+$"), "-w"),
)
_ATTACHED_PASSWORD: Final = lazy_pattern(r"mysql[\w\-]*$|mariadb[\w\-]*$|sshpass$|mongo\w*$")

Masker = Callable[[str, str], str]
"""Returns the replacement for a value, given its name and the value."""


def is_reference(value: str) -> bool:
    """Return whether a value is only a reference to a secret, or a boolean."""
    return _REFERENCE.match(value) is not None


def mask_formats(text: str, mask: Masker) -> str:
    """Return the text without secrets that are known by their format alone, in any position."""
    if any(mark in text for mark in _FORMAT_MARKS):
        text = _FORMATS.sub(_masking("token", mask), text)
    if "@" in text:
        text = _URL.sub(_masking("", mask), text)
        text = _URL_TOKEN.sub(_masking("url", mask), text)
    for pattern in _ANY_TEXT:
        text = pattern.sub(_masking("", mask), text)
    return text


def mask_commands(text: str, mask: Masker) -> str:
    """Return a command or a script without secrets in headers and in options of known programs."""
    for pattern in _COMMAND_TEXT:
        text = pattern.sub(_masking("", mask), text)
    return text


def has_secret_option(program: str, flag: str) -> bool:
    """Return whether a program's short flag is followed by a password."""
    return any(
        flag == short and program_pattern.match(program.rpartition("/")[2]) for program_pattern, short in _SHORT_OPTIONS
    )


def attached_password(program: str, argument: str) -> str:
    """Return the password in an argument such as `-psecret` of MySQL's programs, "" when there is none."""
    return argument[2:] if argument[:2] == "-p" and _ATTACHED_PASSWORD.match(program.rpartition("/")[2]) else ""


def _masking(name: str, mask: Masker) -> Callable[[re.Match[str]], str]:
    def masked(match: re.Match[str]) -> str:
        value = match["value"]
        if (is_reference(value) and name != "token") or MASK in value:
            return match[0]
        prefix = match["name"]
        return f"{prefix}{mask(name or prefix, value)}"

    return masked
