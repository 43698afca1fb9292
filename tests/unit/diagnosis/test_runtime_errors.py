# ruff: noqa: E501 (messages as they are reported)
"""Errors of runtimes, hooks, probes and pulls, in the words of containerd, cri-o and the kubelet."""

from __future__ import annotations

import pytest

from k9py.api.container_spec import HTTPGetAction, Probe
from k9py.diagnosis.hooks import hook_error
from k9py.diagnosis.images import pull_failure
from k9py.diagnosis.probes import probe_text
from k9py.diagnosis.runtime_errors import concise_error, start_remedy

RUNC = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: error during container init: "
)
CRI = "rpc error: code = Unknown desc = "
ID = "0" * 64
UID = "a8f4d72e-59ff-41a6-ad7d-2a53e1e1525b"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            f'{RUNC}exec: "gunicorn": executable file not found in $PATH: unknown',
            'exec: "gunicorn": executable file not found in $PATH',
        ),
        (
            f'{RUNC}exec: "/app/start.sh": stat /app/start.sh: no such file or directory',
            'exec: "/app/start.sh": stat /app/start.sh: no such file or directory',
        ),
        (f'{RUNC}exec: "/app/run": permission denied: unknown', 'exec: "/app/run": permission denied'),
        (f"{RUNC}exec /app/run: exec format error: unknown", "exec /app/run: exec format error"),
        (
            f'{RUNC}error mounting "/v/a" to rootfs at "/etc/a": not a directory: unknown: Are you trying to mount?',
            'error mounting "/v/a" to rootfs at "/etc/a": not a directory: unknown: Are you trying to mount?',
        ),
        (
            (
                "Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process "
                'caused: exec: "/x": permission denied: unknown'
            ),
            'exec: "/x": permission denied',
        ),
        (
            (
                'container create failed: time="2026-11-30T12:00:00Z" level=error msg="runc create failed: unable to start '
                'container process: exec: \\"nginx\\": executable file not found in $PATH"'
            ),
            'exec: \\"nginx\\": executable file not found in $PATH',
        ),
        (
            "container create failed: crun: executable file `gunicorn` not found in $PATH: No such file or directory",
            "executable file `gunicorn` not found in $PATH: No such file or directory",
        ),
        (
            f'failed to generate container "{ID}" spec: failed to generate spec: no command specified',
            "no command specified",
        ),
        (
            (
                f'Failed to create pod sandbox: {CRI}failed to setup network for sandbox "{ID}": plugin type="calico" failed '
                "(add): error getting ClusterInformation: connection is unauthorized: Unauthorized"
            ),
            (
                'failed to setup network for sandbox: plugin type="calico" failed (add): error getting ClusterInformation: '
                "connection is unauthorized: Unauthorized"
            ),
        ),
        (
            f'container has runAsNonRoot and image will run as root (pod: "web-1_shop({UID})", container: app)',
            "container has runAsNonRoot and image will run as root",
        ),
        (
            f'failed to reserve container name "app_web-1_shop_{UID}_0": name "app_web-1_shop_{UID}_0" is reserved for "{ID}"',
            'failed to reserve container name "app": name "app" is reserved for',
        ),
        ('failed to prepare subPath for volumeMount "data" of container "app"',) * 2,
        ("context deadline exceeded", "context deadline exceeded"),
        ("", ""),
    ],
)
def test_the_layers_around_an_error_are_left_out(message: str, text: str) -> None:
    assert concise_error(message) == text


def test_a_long_error_keeps_its_end() -> None:
    text = concise_error(f"failed to mount: {'x' * 2000}: the real reason")
    assert text.startswith("failed to mount")
    assert text.endswith("the real reason")
    assert len(text) <= 1000


@pytest.mark.parametrize(
    ("message", "part"),
    [
        ("exec: not found: executable file not found in $PATH", "command"),
        ("exec /x: exec format error", "architecture"),
        ("not a directory: Are you trying to mount a directory onto a file", "subPath"),
        ("container has runAsNonRoot and image will run as root", "runAsUser"),
        ("Moonstruck", ""),
    ],
)
def test_what_helps_is_named(message: str, part: str) -> None:
    assert part in start_remedy(message)


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            (
                f'Exec lifecycle hook ([/warmup.sh --fast]) for Container "app" in Pod "web-1_shop({UID})" failed - error: '
                "command '/warmup.sh --fast' exited with 1: , message: \"sh: consul: not found\""
            ),
            "sh: consul: not found (/warmup.sh --fast exited with 1)",
        ),
        (
            (
                f'Exec lifecycle hook ([/warmup.sh]) for Container "app" in Pod "web-1_shop({UID})" failed - error: '
                "command '/warmup.sh' exited with 2: no\\n, message: \"\""
            ),
            "no\\n (/warmup.sh exited with 2)",
        ),
        (
            f'HTTP lifecycle hook (/ready) for Container "app" in Pod "web-1_shop({UID})" failed - error: connection refused',
            "/ready connection refused",
        ),
        ("PostStartHook failed", ""),
        ("", ""),
        ("PostStart handler: something new", "something new"),
    ],
)
def test_the_output_of_a_hook_comes_before_its_exit_code(message: str, text: str) -> None:
    assert hook_error(message) == text


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (
            'Get "http://10.0.0.65:8080/live": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers) (GET :8080/live)",
        ),
        (
            'Get "http://10.0.0.65:8081/": dial tcp 10.0.0.65:8081: connect: connection refused',
            "connection refused (GET :8081/)",
        ),
        ('Get "https://[fd00::1]:8443/x": dial tcp [fd00::1]:8443: i/o timeout', "i/o timeout (GET :8443/x)"),
        ("dial tcp 10.0.0.65:5432: connect: connection refused", "connection refused (TCP :5432)"),
        (
            'timeout: failed to connect service "10.0.0.65:9090" within 1s: context deadline exceeded',
            'timeout: failed to connect service ":9090" within 1s: context deadline exceeded',
        ),
        ("HTTP probe failed with statuscode: 404", "HTTP probe failed with statuscode: 404 (GET :http/healthz)"),
        ("pg_isready: no response", "pg_isready: no response"),
        ("", ""),
    ],
)
def test_the_output_of_a_probe_has_no_address_of_a_pod(output: str, text: str) -> None:
    probe = Probe(http_get=HTTPGetAction(port="http", path="/healthz"))
    assert probe_text(output, probe) == text


UNPACK = 'failed to pull and unpack image "reg.test/denied/web-429:timeout": '
RESOLVE = f'{CRI}{UNPACK}failed to resolve reference "reg.test/denied/web-429:timeout": '


@pytest.mark.parametrize(
    ("message", "failure"),
    [
        (f"{RESOLVE}reg.test/denied/web-429:timeout: not found", "not found"),
        (f"{CRI}reading manifest v9 in quay.io/team/web: manifest unknown", "not found"),
        (
            (
                f"{RESOLVE}failed to authorize: failed to fetch anonymous token: unexpected status from GET request to "
                "https://reg.test/token?scope=repository%3Adenied%3Apull: 401 Unauthorized"
            ),
            "access denied",
        ),
        (
            f"{RESOLVE}unexpected status from HEAD request to https://reg.test/v2/x/manifests/1: 403 Forbidden",
            "access denied",
        ),
        (
            (
                f"{RESOLVE}pull access denied, repository does not exist or may require authorization: server message: "
                "insufficient_scope: authorization failed"
            ),
            "not found, or access denied",
        ),
        (
            (
                f"{CRI}{UNPACK}failed to copy: httpReadSeeker: failed open: unexpected status code "
                "https://reg.test/v2/web/manifests/4.0: 429 Too Many Requests - Server message: toomanyrequests: You have "
                "reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"
            ),
            "rate limited by the registry",
        ),
        (
            (
                f'{RESOLVE}failed to do request: Head "https://reg.test/v2/web/manifests/1": dial tcp: lookup reg.test on '
                "10.0.0.10:53: no such host"
            ),
            "registry host not found",
        ),
        (
            f'{RESOLVE}failed to do request: Head "https://reg.test/v2/web/manifests/1": dial tcp 10.1.1.1:443: i/o timeout',
            "registry unreachable: timeout",
        ),
        (
            f'{RESOLVE}failed to do request: Head "https://reg.test/v2/": dial tcp 10.1.1.1:443: connect: connection refused',
            "registry unreachable",
        ),
        (
            (
                f'{RESOLVE}failed to do request: Head "https://reg.test/v2/": tls: failed to verify certificate: x509: '
                "certificate signed by unknown authority"
            ),
            "registry certificate not trusted",
        ),
        (
            f'{RESOLVE}failed to do request: Head "https://reg.test/v2/": http: server gave HTTP response to HTTPS client',
            "registry speaks HTTP, not HTTPS",
        ),
        (f"{CRI}{UNPACK}no match for platform in manifest: not found", "no image for this node's platform"),
        (
            f"{CRI}choosing image instance: no image found in manifest list for architecture arm64, OS linux",
            "no image for this node's platform",
        ),
        (f"{CRI}Source image rejected: A signature was required, but no signature exists", "signature not accepted"),
        (f"{CRI}{UNPACK}write /var/lib/x: no space left on device", "no space left on the node"),
        ("pull QPS exceeded", "too many pulls at once on the node"),
        (
            f"{RESOLVE}unexpected status from HEAD request to https://reg.test/v2/x: 503 Service Unavailable",
            "registry failed",
        ),
        ('Back-off pulling image "reg.test/denied/web-429:timeout"', ""),
        ("", ""),
    ],
)
def test_a_pull_failure_is_named_whatever_the_image_is_called(message: str, failure: str) -> None:
    assert pull_failure(message) == failure
