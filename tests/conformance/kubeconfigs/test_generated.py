"""Generated kubeconfigs: kubectl and kdash do the same with them, or both refuse.

The kubeconfigs are drawn from the schema: fields that are there, empty, null, of a wrong type, in the wrong company.
Where the two may differ on purpose is written down in `_may_differ`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import unquote

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from k9py.kube.go_yaml import read_yaml
from tests.conformance.kubeconfigs.clients import ClientResult, both
from tests.conformance.kubeconfigs.servers import SeenRequest, running
from tests.conformance.kubeconfigs.writing import Content, answering, case
from tests.conformance.kubectl import find_kubectl
from tests.unit.kube.kubeconfigs import encoded, pem

EXAMPLES: Final = 120
"""kubectl starts in about 50 ms; the whole test takes some 15 s."""

Fields = Mapping[str, Any]
"""Field names, and the values of each; the first is the usual one."""

_CA: Final = encoded("ca.crt")
_SERVERS: Final = (
    "https://localhost:@tls",
    "https://localhost:@tls/prefix/",
    "HTTPS://localhost:@tls",
    "https://127.0.0.1:@tls",
    "https://me:pw@localhost:@tls",
    "localhost:@tls",
    "http://nowhere.test:@plain",
    "",
    None,
    5,
    "https://localhost:@tls?a=b",
)
_CLUSTER: Final[Fields] = {
    "certificate-authority-data": (
        _CA,
        _CA,
        _CA,
        "",
        None,
        encoded("other-ca.crt"),
        _CA[:-3],
        f"{_CA[:40]}\n{_CA[40:]}",
    ),
    "certificate-authority": ("ca.crt", "", "gone.crt"),
    "insecure-skip-tls-verify": (False, True, None, "true"),
    "tls-server-name": ("kube.test", "other.test", ""),
    "proxy-url": (
        "http://localhost:@proxy",
        "socks5://a:b@localhost:@proxy",
        "",
        "localhost:@proxy",
        None,
    ),
    "disable-compression": (True, None),
    "extensions": ([{"name": "client.authentication.k8s.io/exec", "extension": {"a": None}}], None, [None], "x"),
    "Server": ("https://elsewhere.test",),
}
_PLUGIN: Final[Fields] = {
    "command": ("./plugin", "./plugin", "plugin", "", None),
    "apiVersion": ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1", "", "v1"),
    "interactiveMode": ("Never", "IfAvailable", None, "", "never"),
    "args": ([], ["a"], [None], None, [5]),
    "env": (None, [{"name": "A", "value": None}], [None], [{"name": "A", "value": 5}]),
    "provideClusterInfo": (False, True, None),
    "installHint": ("get it", None),
}
_USER: Final[Fields] = {
    "token": ("t", "t", "", None, 5, "t\nt"),
    "tokenFile": ("token", "empty", "gone", ""),
    "username": ("me", "", None),
    "password": ("pw", ""),
    "client-certificate-data": (encoded("alice.crt"), "", "!"),
    "client-key-data": (encoded("alice.key"), encoded("bob.key"), ""),
    "client-certificate": ("alice.crt", "", "gone.crt"),
    "client-key": ("alice.key", ""),
    "as": ("bob", "", None, "ä"),
    "as-uid": ("7", 7, ""),
    "as-groups": (["a", "b"], [], [None], "a"),
    "as-user-extra": ({"Scope/A b": ["x", None]}, {"a": None}, None, {"a": "b"}, {"a": []}),
    "auth-provider": (None, {"name": "gcp"}, {"name": "oidc", "config": {"client-id": "c"}}),
    "exec": ("plugin", None, "broken"),
}
_NAMES: Final = (*["u"] * 8, "v", "", None, "2026-11-30", "1:2")
_FILES: Final[dict[str, Content]] = {
    "ca.crt": pem("ca.crt"),
    "alice.crt": pem("alice.crt"),
    "alice.key": pem("alice.key"),
    "token": "from-file\n",
    "empty": "",
}


def _some(fields: Fields, usual: tuple[str, ...], most: int) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a few fields beside the usual ones, each with one of its values; the usual fields mostly stay usual."""
    chosen = st.lists(st.sampled_from(sorted(fields)), max_size=most, unique=True)

    def drawn(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
        values = {name: st.sampled_from(fields[name]) for name in names}
        for name in usual:
            values.setdefault(name, st.just(fields[name][0]))
        return st.fixed_dictionaries(values)

    return chosen.flatmap(drawn)


@st.composite
def _clusters(draw: st.DrawFn) -> dict[str, Any]:
    server = draw(st.one_of(st.just(_SERVERS[0]), st.sampled_from(_SERVERS)))
    return {"server": server} | draw(_some(_CLUSTER, ("certificate-authority-data",), 2))


@st.composite
def _users(draw: st.DrawFn) -> dict[str, Any]:
    user = draw(_some(_USER, (), 4) if draw(st.booleans()) else _some(_USER, ("token",), 3))
    if user.get("exec") is not None:
        usual = ("command", "apiVersion", "interactiveMode")
        user["exec"] = draw(_some(_PLUGIN, usual if user["exec"] == "plugin" else (), 2))
    return user


@st.composite
def _entries(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the content of one file."""
    users = [
        {"name": draw(st.sampled_from(_NAMES)), "user": draw(st.one_of(_users(), st.none()))}
        for _ in range(draw(st.integers(0, 1)))
    ]
    content: dict[str, Any] = {
        "apiVersion": draw(st.sampled_from((*["v1"] * 8, None, "v2"))),
        "kind": draw(st.sampled_from((*["Config"] * 8, None, "config"))),
        "clusters": [{"name": "c", "cluster": draw(_clusters())}],
        "users": [{"name": "u", "user": draw(_users())}, *users],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": draw(st.sampled_from(_NAMES))}}],
        "current-context": draw(st.sampled_from((*["x"] * 12, "", None, "y"))),
    }
    for name in draw(st.lists(st.sampled_from(sorted(content)), max_size=1)):
        if draw(st.booleans()):
            del content[name]
    return content


@st.composite
def _kubeconfigs(draw: st.DrawFn) -> tuple[dict[str, str], dict[str, str]]:
    """Draw one or two files, and the environment."""
    contents = draw(st.lists(_entries(), min_size=1, max_size=2))
    names = ("one", "two")[: len(contents)]
    files = {
        name: _text(content, draw(st.sampled_from((None, True)))) for name, content in zip(names, contents, strict=True)
    }
    environ = {"HTTP_PROXY": "http://localhost:@proxy"}  # so that no name is looked up
    if len(names) > 1:
        environ["KUBECONFIG"] = "{dir}/one:{dir}/gone:{dir}/two"
    if draw(st.integers(0, 4)) == 0:
        environ["NO_PROXY"] = "localhost"
    return files, environ


def _text(content: dict[str, Any], flow: bool | None) -> str:
    """Return YAML; what looks like a date is left without quotes, as people write it."""
    return (
        yaml.safe_dump(content, default_flow_style=flow, width=10_000)
        .replace("'2026-11-30'", "2026-11-30")
        .replace("'1:2'", "1:2")
    )


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(_kubeconfigs())
def test_kdash_does_what_kubectl_does(kubeconfig: tuple[dict[str, str], dict[str, str]]) -> None:
    kubectl_result, kdash_result = asyncio.run(_compared(*kubeconfig))
    if _may_differ(kubectl_result):
        return
    errors = f"kubectl: {kubectl_result.error!r}\nkdash: {kdash_result.error!r}"
    assert bool(kdash_result.error) == bool(kubectl_result.error), errors
    assert [_comparable(seen) for seen in kdash_result.seen] == [_comparable(seen) for seen in kubectl_result.seen], (
        errors
    )


def _scalars(random: Random) -> Iterator[str]:
    """Yield unquoted scalars that may be read as something else than text; JSON has no infinity."""
    while True:
        match random.randrange(4):
            case 0:
                text = "".join(random.choices("0123456789+-._eExXoObB:TZ", k=random.randint(1, 8)))
            case 1:
                text = "".join(random.choices("yYnNoOfFtTrRuUeEsSaAlL~=<", k=random.randint(1, 5)))
            case 2:
                text = random.choice(("", "-", "+")) + random.choice(("0x", "0X", "0o", "0b", "0", ".", ""))
                text += "".join(random.choices("01234567_89ab", k=random.randint(0, 24)))
                text += random.choice(("", ".", ".5", "e5", "E+3", "e400", "e-400"))
            case _:
                text = f"{random.randint(1, 9999)}-{random.randint(0, 13):02}-{random.randint(0, 32)}"
                text += random.choice(("", " 10:00:00", "T10:00:00Z", "t1:2:3"))
        if text and not text.endswith(":") and not text.startswith(":") and text not in ("-", "="):
            yield text


@pytest.mark.parametrize("seed", range(5))
def test_unquoted_scalars_are_read_as_kubectl_reads_them(seed: int, tmp_path: Path) -> None:
    scalars = list(itertools.islice(_scalars(Random(seed)), 400))
    text = "extensions:\n- name: x\n  extension:\n" + "".join(f"  - {{ k: {scalar} }}\n" for scalar in scalars)
    path = tmp_path / "config"
    path.write_text(text)
    command = [find_kubectl(), "--kubeconfig", str(path), "config", "view", "--raw", "-o", "json"]
    done = subprocess.run(command, env={"HOME": str(tmp_path)}, capture_output=True, text=True, check=True)
    kubectl_result = [_as_json(item["k"]) for item in json.loads(done.stdout)["extensions"][0]["extension"]]
    kdash_result = [_as_json(item["k"]) for item in read_yaml(text.encode())["extensions"][0]["extension"]]
    assert [*zip(scalars, kdash_result, strict=True)] == [*zip(scalars, kubectl_result, strict=True)]


def _as_json(value: Any) -> Any:
    """Return a value with its kind: JSON has one kind of number, and True is not 1."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number", float(value)
    return type(value).__name__, value


async def _compared(files: dict[str, str], environ: dict[str, str]) -> tuple[ClientResult, ClientResult]:
    async with running() as servers:
        with tempfile.TemporaryDirectory() as directory:
            every: dict[str, Content] = {**files, **_FILES, "plugin": answering()}
            return await both(case(servers, every, **environ), Path(directory), servers)


def _may_differ(kubectl_result: ClientResult) -> bool:
    """Without credentials kubectl asks for a name and a password, and kdash connects without them."""
    return kubectl_result.wanted_to_ask


def _comparable(seen: SeenRequest) -> tuple[object, ...]:
    """Return a request without the escaping of header names."""
    return (
        seen.path,
        seen.tls,
        seen.sni,
        seen.client,
        seen.proxy,
        [(unquote(name), value) for name, value in seen.headers],
    )
