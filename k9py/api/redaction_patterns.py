"""Secrets inside a text: what is assigned in it, passwords of URLs and programs, and what is a token by its shape.

Each pattern is one kind: its group `value` is hidden, what stands before it stays. To recognise another kind, add a
pattern to `_ANYWHERE`, or to `_WORDS` where it would hide too much in a text that is no command.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from k9py.api.lazy_pattern import lazy_pattern

MASK: Final = "••••••"

_VALUE: Final = r"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"';,&|]+)"
_NAMED: Final = r"(?<![\w$.\-])(?=[\w.\-]{0,80}(?:pass|pwd|token|secret|cred|key|jwt|auth))-{0,2}[A-Za-z_][\w.\-]{0,80}"

_SHAPES: Final = lazy_pattern(
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
_HINTS: Final = (
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

ASSIGNED: Final = lazy_pattern(  # no other names: what stands behind one of those may be a name itself
    rf"(?P<name>{_NAMED})(?P<sign>\s?[=:]\s?)" + _VALUE, re.I
)
"""An assignment in a command, a script or a file of settings."""
ASSIGNED_CLEARLY: Final = lazy_pattern(rf"(?P<name>{_NAMED})(?P<sign>\s?=\s?|:[ \t]+)" + _VALUE, re.I)
"""An assignment in any text: not `registry/token:1.2`."""
FLAG: Final = lazy_pattern(r"(?P<name>(?<!\S)--?[A-Za-z][\w.\-]{1,80})(?P<sign> +)(?!-)" + _VALUE)
ENTRY: Final = lazy_pattern(r"name: *[\"']?(?P<name>[\w.\-]+)[\"']?(?P<sign>[ \t]*\n[ \t]*value: *)" + _VALUE)
"""A variable in YAML inside a text."""
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

_ANYWHERE: Final = (_DSN, _QUERY, _ELEMENT, _BEARER)
_WORDS: Final = (_HEADER, _OPTIONS, _USER, _ECHO)

_REFERENCE: Final = lazy_pattern(r"[\"']?\$[({\w]|[\"']?(?:true|false|null)[\"']?$", re.I)
"""A variable or a switch: what is named like a secret and is none."""
_SHORT: Final = (
    (lazy_pattern(r"(?:redis|valkey)-cli$"), "-a"),
    (lazy_pattern(r"mongo\w*$|cqlsh$|sshpass$|mysql\w*$|mariadb[\w\-]*$"), "-p"),
    (lazy_pattern(r"ldap\w+$"), "-w"),
)
_ATTACHED: Final = lazy_pattern(r"mysql[\w\-]*$|mariadb[\w\-]*$|sshpass$|mongo\w*$")

Masker = Callable[[str, str], str]
"""What stands in place of a value of a name."""


def is_reference(value: str) -> bool:
    """Tell whether a value only names where the secret is, or switches something."""
    return _REFERENCE.match(value) is not None


def mask_shapes(text: str, mask: Masker) -> str:
    """Return a text without what is a secret by its shape alone, wherever it stands."""
    if any(hint in text for hint in _HINTS):
        text = _SHAPES.sub(_masking("token", mask), text)
    if "@" in text:
        text = _URL.sub(_masking("", mask), text)
        text = _URL_TOKEN.sub(_masking("url", mask), text)
    for pattern in _ANYWHERE:
        text = pattern.sub(_masking("", mask), text)
    return text


def mask_commands(text: str, mask: Masker) -> str:
    """Return a command or a script without headers and passwords of programs."""
    for pattern in _WORDS:
        text = pattern.sub(_masking("", mask), text)
    return text


def has_secret_option(program: str, flag: str) -> bool:
    """Tell whether a password follows a short flag of a program."""
    return any(flag == short and named.match(program.rpartition("/")[2]) for named, short in _SHORT)


def attached_password(program: str, word: str) -> str:
    """Return the password in a word such as `-psecret` of MySQL's programs; empty when there is none."""
    return word[2:] if word[:2] == "-p" and _ATTACHED.match(program.rpartition("/")[2]) else ""


def _masking(name: str, mask: Masker) -> Callable[[re.Match[str]], str]:
    def masked(found: re.Match[str]) -> str:
        value = found["value"]
        if (is_reference(value) and name != "token") or MASK in value:
            return found[0]
        before = found["name"]
        return f"{before}{mask(name or before, value)}"

    return masked
