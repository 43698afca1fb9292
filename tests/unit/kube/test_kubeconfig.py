"""Reading kubeconfigs: which files, how they merge, and the errors of an invalid one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from k9py.api.errors import ConfigError
from k9py.kube.authentication import credentials_for
from k9py.kube.kubeconfig import ContextEntry, list_contexts, read_kubeconfig
from k9py.kube.options import ConnectOptions
from k9py.kube.target import IN_CLUSTER, resolve_target
from k9py.runtime.clock import SystemClock
from tests.unit.kube.kubeconfigs import encoded, environ, kubeconfig, pem, write


def test_of_several_files_the_first_that_names_an_entry_wins(tmp_path: Path) -> None:
    first = kubeconfig(tmp_path, name="a", cluster={"server": "https://first"}, file="one")
    two = kubeconfig(tmp_path, name="a", cluster={"server": "https://second"}, file="two")
    three = kubeconfig(tmp_path, name="b", cluster={"server": "https://third"}, file="three")
    listed = os.pathsep.join(map(str, (first, tmp_path / "missing", two, three)))
    config = read_kubeconfig(environ=environ(tmp_path, KUBECONFIG=listed))
    assert config.clusters["a"].value.server == "https://first"
    assert sorted(config.contexts) == ["a", "b"]
    assert config.current_context == "a"
    assert config.paths == (first, two, three)


def test_the_first_file_that_sets_a_current_context_decides(tmp_path: Path) -> None:
    first = kubeconfig(tmp_path, name="a", current="", file="one")
    two = kubeconfig(tmp_path, name="b", file="two")
    config = read_kubeconfig(environ=environ(tmp_path, KUBECONFIG=f"{first}{os.pathsep}{two}"))
    assert config.current_context == "b"


def test_without_KUBECONFIG_the_home_directory_is_searched(tmp_path: Path) -> None:  # noqa: N802
    (tmp_path / ".kube").mkdir()
    kubeconfig(tmp_path / ".kube")
    assert read_kubeconfig(environ=environ(tmp_path)).current_context == "shop"


def test_contexts_are_listed_by_name_with_the_current_one_marked(tmp_path: Path) -> None:
    first = kubeconfig(tmp_path, name="b", namespace="web", file="one")
    two = kubeconfig(tmp_path, name="a", file="two")
    listed_contexts = list_contexts(environ=environ(tmp_path, KUBECONFIG=f"{first}{os.pathsep}{two}"))
    assert listed_contexts == (ContextEntry("a", "a", "a", "default", False), ContextEntry("b", "b", "b", "web", True))


def test_contexts_of_no_kubeconfig_are_none(tmp_path: Path) -> None:
    assert list_contexts(environ=environ(tmp_path)) == ()


def test_null_lists_and_an_empty_file_are_an_empty_kubeconfig(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("")
    nulls = write(tmp_path / "nulls", {"clusters": None, "users": None, "contexts": None})
    assert list_contexts(environ=environ(tmp_path, KUBECONFIG=f"{empty}{os.pathsep}{nulls}")) == ()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("clusters: [\n  - name: }", "not valid YAML: line 2"),
        ("users: [{name: a, user: {token: 12}}]", "wrong type"),
        ("[]", "wrong type"),
        ("clusters: nonsense", "clusters is text, and must be a list"),
        ("contexts: [{name: 12}]", r"contexts\[0\].name is a number, and must be text"),
        ("contexts: [{name: y}]", r"contexts\[0\].name is true or false \(as are yes"),
        ("clusters: [{name: c, cluster: {insecure-skip-tls-verify: 'true'}}]", "is text, and must be true or false"),
        ("users: [{name: a}, {name: a}]", "defines the user a more than once"),
        ("users: [{name: a, user: {client-key-data: '!'}}]", "client-key-data that is not base64, in the user a"),
        ("apiVersion: v1\nkind: Pod", "is not a kubeconfig: it is of kind Pod"),
        ("clusters: &a [*a]", "anchor contains itself"),
        ("[" * 20_000, "not valid YAML"),
    ],
)
def test_a_malformed_kubeconfig_says_where(tmp_path: Path, content: str, expected: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(ConfigError, match=expected) as caught:
        list_contexts(str(path))
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_malformed_kubeconfig_never_quotes_its_secrets(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("users: [{name: a, user: {token: s3cr3t, token: : }}]")
    with pytest.raises(ConfigError) as caught:
        list_contexts(str(path))
    assert "s3cr3t" not in caught.value.message


def test_a_kubeconfig_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Is a directory"):
        list_contexts(str(tmp_path))
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="UTF-8"):
        list_contexts(str(binary))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a: b".encode("utf-32"), "UTF-32"),
        ("a: b".encode("utf-16-le"), "without a byte order mark"),
        (b"a: \xff", "not UTF-8 text"),
        (b"a: \x01", "control characters"),
    ],
)
def test_text_in_another_encoding_is_refused_with_what_to_do(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "config"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=expected):
        list_contexts(str(path))


def test_a_KUBECONFIG_whose_files_are_all_missing_names_them(tmp_path: Path) -> None:  # noqa: N802
    listed = f"{tmp_path / 'one'}{os.pathsep}{tmp_path / 'two'}"
    with pytest.raises(ConfigError, match=r"KUBECONFIG names .*/one, .*/two, which do not exist"):
        resolve_target(ConnectOptions(), environ(tmp_path, KUBECONFIG=listed))


def test_a_file_of_KUBECONFIG_that_is_missing_is_named_when_the_context_is_not_found(tmp_path: Path) -> None:  # noqa: N802
    listed = f"{kubeconfig(tmp_path, name='a')}{os.pathsep}{tmp_path / 'two'}"
    with pytest.raises(ConfigError, match="no context named b") as caught:
        resolve_target(ConnectOptions(context="b"), environ(tmp_path, KUBECONFIG=listed))
    assert caught.value.hint.endswith(f"KUBECONFIG names {tmp_path / 'two'}, which does not exist.")


def test_a_KUBECONFIG_that_names_no_file_does_not_fall_back_to_the_home_directory(tmp_path: Path) -> None:  # noqa: N802
    (tmp_path / ".kube").mkdir()
    kubeconfig(tmp_path / ".kube")
    with pytest.raises(ConfigError, match="KUBECONFIG is set, but names no file"):
        resolve_target(ConnectOptions(), environ(tmp_path, KUBECONFIG=os.pathsep))


def test_no_kubeconfig_at_all_points_to_the_demo(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No kubeconfig") as caught:
        resolve_target(ConnectOptions(), environ(tmp_path))
    assert "kdash --demo" in caught.value.hint


def test_a_kubeconfig_given_by_hand_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist") as caught:
        resolve_target(ConnectOptions(kubeconfig=str(tmp_path / "nope")), environ(tmp_path))
    assert "kdash --demo" in caught.value.hint


def test_an_unknown_context_suggests_the_closest(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, name="production")
    with pytest.raises(ConfigError, match="no context named prodution") as caught:
        resolve_target(ConnectOptions(str(path), "prodution"), environ(tmp_path))
    assert caught.value.hint.startswith("Did you mean production?")


def test_no_current_context_lists_those_there_are(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, name="production", current="")
    with pytest.raises(ConfigError, match="no current context") as caught:
        resolve_target(ConnectOptions(str(path)), environ(tmp_path))
    assert "production" in caught.value.hint


def named_but_not_there(tmp_path: Path, missing: str) -> ConnectOptions:
    content = {
        "clusters": [{"name": "c", "cluster": {"server": "https://x"}}],
        "users": [{"name": "u", "user": {}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    return ConnectOptions(str(write(tmp_path / "config", content | {missing: []})))


def test_a_context_that_names_a_cluster_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="names the cluster c, which the kubeconfig does not define"):
        resolve_target(named_but_not_there(tmp_path, "clusters"), environ(tmp_path))


async def test_an_undefined_user_sends_no_credentials_and_is_named_in_a_401(tmp_path: Path) -> None:
    target = resolve_target(named_but_not_there(tmp_path, "users"), environ(tmp_path))
    credentials = credentials_for(target, environ(tmp_path), SystemClock())
    assert (await credentials.current()).headers() == []
    assert credentials.missing_reason == "the kubeconfig does not define the user u that the context names"


@pytest.mark.parametrize("server", ["", "ftp://x", "https://", "https://x:notaport"])
def test_a_server_that_is_no_url_is_refused(tmp_path: Path, server: str) -> None:
    path = kubeconfig(tmp_path, cluster={"server": server})
    with pytest.raises(ConfigError, match="server"):
        resolve_target(ConnectOptions(str(path)), environ(tmp_path))


@pytest.mark.parametrize(
    ("cluster", "server"),
    [
        ({"server": "https://x:6443/"}, "https://x:6443"),
        ({"server": "https://x/k8s/clusters/c-1"}, "https://x/k8s/clusters/c-1"),
        ({"server": "x:8080"}, "http://x:8080"),
        ({"server": "x:8443", "insecure-skip-tls-verify": True}, "http://x:8443"),
        ({"server": "HTTPS://X:6443/"}, "https://x:6443"),
        ({"server": "https://x/a//b/../c?watch=1"}, "https://x/a/c"),
        ({"server": "https://me:pw@x"}, "https://x"),
        ({"server": "https://x#f"}, "https://x"),
        ({"server": "https://x/a#f"}, "https://x/a%23f"),
    ],
)
def test_the_server_is_a_url_without_a_trailing_slash(tmp_path: Path, cluster: dict[str, object], server: str) -> None:
    target = resolve_target(ConnectOptions(str(kubeconfig(tmp_path, cluster=cluster))), environ(tmp_path))
    assert target.info.server == server


def test_the_authority_is_data_or_a_file_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_bytes(pem("ca.crt"))
    by_path = kubeconfig(tmp_path, cluster={"server": "https://x", "certificate-authority": "ca.crt"}, file="a")
    by_data = kubeconfig(
        tmp_path, cluster={"server": "https://x", "certificate-authority-data": encoded("ca.crt")}, file="b"
    )
    for path in (by_path, by_data):
        assert resolve_target(ConnectOptions(str(path)), environ(tmp_path)).endpoint.ca == pem("ca.crt")


def test_a_missing_authority_file_is_named(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, cluster={"server": "https://x", "certificate-authority": "gone.crt"})
    with pytest.raises(ConfigError, match=r"certificate-authority cannot be read: .*gone\.crt: No such file"):
        resolve_target(ConnectOptions(str(path)), environ(tmp_path))


def test_authority_data_that_is_no_base64_is_refused(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, cluster={"server": "https://x", "certificate-authority-data": "!!!"})
    with pytest.raises(ConfigError, match="not base64"):
        resolve_target(ConnectOptions(str(path)), environ(tmp_path))


def test_in_a_pod_the_service_account_is_used(tmp_path: Path) -> None:
    for name, content in (("token", "abc"), ("namespace", "shop\n"), ("ca.crt", "CA")):
        (tmp_path / name).write_text(content)
    inside = environ(tmp_path, KUBERNETES_SERVICE_HOST="fd00::1", KUBERNETES_SERVICE_PORT="443")
    target = resolve_target(ConnectOptions(), inside, service_account=tmp_path)
    assert (target.info.context, target.info.namespace) == (IN_CLUSTER, "shop")
    assert target.endpoint.server == "https://[fd00::1]:443"
    assert target.endpoint.ca == b"CA"
    assert target.user.value.token_file == str(tmp_path / "token")


def test_a_kubeconfig_goes_before_the_service_account(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc")
    path = kubeconfig(tmp_path)
    inside = environ(tmp_path, KUBERNETES_SERVICE_HOST="10.0.0.1", KUBECONFIG=str(path))
    assert resolve_target(ConnectOptions(), inside, service_account=tmp_path).info.context == "shop"


def _modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_contexts_options_and_connect_are_imported_without_the_client() -> None:
    loaded = _modules_after("import k9py.kube.kubeconfig, k9py.kube.options, k9py.kube.connect")
    assert not loaded & {"aiohttp", "kubernetes_asyncio", "textual"}


def test_the_lean_import_leaves_the_generated_modules_out() -> None:
    loaded = _modules_after("from k9py.kube.client_library import import_client; import_client()")
    assert "kubernetes_asyncio.client.rest" in loaded
    assert not [
        name
        for name in loaded
        if name.startswith(("kubernetes_asyncio.client.models", "kubernetes_asyncio.client.api"))
    ]


def test_the_lean_and_the_plain_import_give_the_same_client() -> None:
    code = """
import gc, inspect
from k9py.kube.client_library import import_client
client = import_client(lean={lean}).rest_client
assert gc.isenabled()
print("CLIENT", client.__module__, client.__qualname__, inspect.getsourcefile(client), *sorted(vars(client)))
"""
    expected = [
        subprocess.run(
            [sys.executable, "-c", code.format(lean=lean)], capture_output=True, text=True, check=True
        ).stdout
        for lean in (True, False)
    ]
    assert expected[0].startswith("CLIENT kubernetes_asyncio.client.rest RESTClientObject")
    assert expected[0] == expected[1]


def test_a_library_laid_out_otherwise_falls_back_to_the_plain_import(tmp_path: Path) -> None:
    package = tmp_path / "kubernetes_asyncio"
    (package / "client").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "client" / "__init__.py").write_text("import kubernetes_asyncio.client.exceptions_moved")
    (package / "client" / "exceptions_moved.py").write_text("")
    (package / "client" / "rest.py").write_text("class RESTClientObject: plain = True")
    code = "from k9py.kube.client_library import import_client; print(import_client().rest_client.plain)"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "True"
