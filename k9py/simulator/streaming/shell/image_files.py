"""The files that a container starts with: a small Linux, its host's name, a log directory, and names that are hard.

Invariant: the same pod always starts with the same files. Names in `/data` have what file browsers and archives stumble
over: spaces, quotes, control characters, bytes that are not UTF-8, links to nothing, to themselves and out of the tree.
"""

from collections.abc import Mapping
from typing import Any

from k9py.simulator.streaming.shell.filesystem import Device, Directory, File, FileSystem, Link

_DAY = 86400.0
_OS_RELEASE = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
_PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
_RESOLV = (
    "search {namespace}.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
)
_CONFIG = "server:\n  port: 8080\n  timeout: 30s\nlog:\n  level: info\n"
_DIRECTORIES = (
    "/bin", "/dev", "/etc", "/home", "/proc", "/root", "/sbin", "/tmp", "/usr/bin", "/usr/local/bin", "/var/log/app",
    "/var/run/secrets/kubernetes.io/serviceaccount", "/app/config", "/data/reports", "/data/empty",
)  # fmt: skip
HARD_NAMES = (
    "with space.txt", " leading and trailing ", "quote'and\"double", "new\nline.txt", "tab\there",
    "\x1b[31mred\x1b[0m.txt", "-rf", "back\\slash", "ünïcödé 日本語.txt", "bytes-\udcff\udcfe.bin", "$HOME",
    "semi;colon&", "star*?.[x]", "\u202ertl.txt",
)  # fmt: skip
"""Names of files in /data/hard-names."""


def image_files(hostname: str, pod: Mapping[str, Any], container: Mapping[str, Any], now: float) -> FileSystem:
    """Return the files of a new container.

    Args:
        hostname: what /etc/hostname holds.
        pod: whose namespace /etc/resolv.conf names.
        container: its mounts become directories.
        now: Unix time; its own files are as new, those of the image older.
    """
    files = FileSystem()
    built = now - 40 * _DAY
    files.root.modified = built
    for path in _DIRECTORIES:
        files.make_directory(path, built, parents=True)
    for path in ("/root", "/tmp"):
        files.directory(path).mode = 0o700 if path == "/root" else 0o1777
    texts = {
        "/etc/hostname": f"{hostname}\n",
        "/etc/hosts": f"127.0.0.1\tlocalhost\n{(pod.get('status') or {}).get('podIP', '10.244.0.9')}\t{hostname}\n",
        "/etc/os-release": _OS_RELEASE,
        "/etc/passwd": _PASSWD,
        "/etc/resolv.conf": _RESOLV.format(namespace=pod["metadata"].get("namespace", "default")),
        "/app/config/app.yaml": _CONFIG,
        "/proc/version": "Linux version 6.8.0-45-generic (buildd@lcy02) #45-Ubuntu SMP\n",
        "/proc/loadavg": "0.42 0.31 0.28 2/512 4711\n",
        "/proc/uptime": "345600.12 690000.00\n",
        "/var/run/secrets/kubernetes.io/serviceaccount/namespace": pod["metadata"].get("namespace", "default"),
    }
    for path, text in texts.items():
        files.write(path, text.encode(), built if path.startswith(("/app", "/etc/os", "/etc/passwd")) else now)
    files.write("/app/server", b"\x7fELF\x02\x01\x01" + bytes(range(256)) * 64, built, mode=0o755)
    files.write("/var/log/app/access.log", _access_log(now), now)
    files.write("/var/log/app/access.log.1", _access_log(now - _DAY), now - _DAY)
    files.add("/var/log/app/current", Link(mode=0o777, modified=now, target="access.log"))
    for name in ("null", "zero", "tty"):
        files.add(f"/dev/{name}", Device(mode=0o666, modified=now, name=name))
    _add_data(files, now)
    for mount in container.get("volumeMounts") or ():
        if isinstance(mount.get("mountPath"), str):
            files.make_directory(mount["mountPath"], now, parents=True)
    if container.get("workingDir"):
        files.make_directory(str(container["workingDir"]), built, parents=True)
    return files


def _add_data(files: FileSystem, now: float) -> None:
    files.write("/data/reports/2026-01.csv", b"day,orders\n1,120\n2,98\n3,143\n", now - 12 * _DAY)
    files.write("/data/reports/summary of the year.txt", b"Everything went well.\n", now - 2 * _DAY)
    files.write("/data/large.bin", bytes(range(256)) * 8192, now - _DAY)
    links = {"latest": "reports/2026-01.csv", "nowhere": "/does/not/exist", "loop": "loop", "escape": "../../../etc"}
    for name, target in links.items():
        files.add(f"/data/{name}", Link(mode=0o777, modified=now, target=target))
    files.make_directory("/data/hard-names", now)
    for name in HARD_NAMES:
        content = f"content of {name!r}\n".encode("utf-8", "backslashreplace")
        files.add(f"/data/hard-names/{name}", File(modified=now, content=content))
    files.add("/data/private", Directory(mode=0o700, modified=now))


def _access_log(now: float) -> bytes:
    lines = (
        f'10.244.1.{number % 40 + 2} - "GET /orders/{number * 37 % 1000} HTTP/1.1" {500 if number % 19 == 0 else 200} '
        f"{now - (400 - number) * 7:.3f}\n"
        for number in range(400)
    )
    return "".join(lines).encode()
