"""What `ls`, `stat -c` and `find -printf` print about a file.

Pure. To add a directive, add its letter to `formatted`.
"""

import time

from k9py.simulator.streaming.shell.filesystem import AnyNode, Device, Directory, File, Link

_TYPES = {
    File: ("-", 0o100000, "regular file"),
    Directory: ("d", 0o040000, "directory"),
    Link: ("l", 0o120000, "symbolic link"),
    Device: ("c", 0o020000, "character special file"),
}
_ESCAPES = {"n": "\n", "t": "\t", "0": "\0", "\\": "\\", "r": "\r", "a": "\a"}
_USERS = {0: "root", 65534: "nobody"}


def size_of(node: AnyNode) -> int:
    """Return a size as stat shows it."""
    match node:
        case File(content=content):
            return len(content)
        case Link(target=target):
            return len(target.encode("utf-8", "surrogateescape"))
        case Directory():
            return 4096
        case _:
            return 0


def type_name(node: AnyNode) -> str:
    """Return `regular file`."""
    return _TYPES[type(node)][2]


def user_name(number: int) -> str:
    """Return the name of a user id, or the number."""
    return _USERS.get(number, str(number))


def mode_text(node: AnyNode) -> str:
    """Return `-rw-r--r--`."""
    text = _TYPES[type(node)][0]
    for shift in (6, 3, 0):
        bits = node.mode >> shift & 7
        text += ("r" if bits & 4 else "-") + ("w" if bits & 2 else "-") + ("x" if bits & 1 else "-")
    if node.mode & 0o1000:
        text = text[:-1] + ("t" if text.endswith("x") else "T")
    return text


def formatted(form: str, node: AnyNode, name: str, relative: str | None = None) -> str:
    """Return a format with its directives replaced.

    Args:
        form: of `stat -c`, or of `find -printf`.
        node: the file.
        name: its path as given.
        relative: for `find`: its path below the start, "" for the start itself.
    """
    letter, file_type, type_words = _TYPES[type(node)]
    target = node.target if isinstance(node, Link) else ""
    changed = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(node.modified))
    values = {
        "n": name, "N": f"'{name}' -> '{target}'" if target else f"'{name}'", "s": str(size_of(node)), "h": "1",
        "Y": str(int(node.modified)), "y": changed, "f": f"{file_type | node.mode:x}", "a": f"{node.mode:o}",
        "A": mode_text(node), "F": type_words, "u": str(node.owner), "g": str(node.group), "U": user_name(node.owner),
        "G": user_name(node.group), "i": str(id(node) & 0xFFFFFF), "%": "%",
    }  # fmt: skip
    if relative is not None:
        values |= {
            "p": name, "P": relative, "f": name.rpartition("/")[2], "m": f"{node.mode:o}", "M": mode_text(node),
            "l": target, "y": "f" if letter == "-" else letter,
        }  # fmt: skip
    output, at = "", 0
    while at < len(form):
        character, following = form[at], form[at + 1 : at + 2]
        if character == "\\" and following:
            output += _ESCAPES.get(following, following)
            at += 2
        elif character == "%" and form[at + 1 : at + 3] in ("T@", "A@", "C@"):
            output += f"{node.modified:.10f}"
            at += 3
        elif character == "%" and following:
            output += values.get(following, "?")
            at += 2
        else:
            output += character
            at += 1
    return output
