"""The texts with which the API server refuses pods, as controllers report them."""

from __future__ import annotations

import pytest

from k9py.diagnosis.creation import parse_creation_failure
from k9py.diagnosis.refusals import RefusalKind, parse_refusal

_POD = 'Error creating: pods "web-7f9-x2x" is forbidden: '


@pytest.mark.parametrize(
    ("message", "kind", "name", "text"),
    [
        (
            _POD + "exceeded quota: compute, requested: pods=1,requests.cpu=400m, used: pods=1, limited: pods=1",
            RefusalKind.QUOTA_EXCEEDED,
            "compute",
            "exceeded quota: compute, requested: pods=1,requests.cpu=400m, used: pods=1, limited: pods=1",
        ),
        (
            _POD + "failed quota: compute: must specify limits.cpu for: app; requests.memory for: app,log",
            RefusalKind.QUOTA_UNSPECIFIED,
            "compute",
            "must specify limits.cpu for: app; requests.memory for: app,log",
        ),
        (
            _POD + "status unknown for quota: compute, resources: pods",
            RefusalKind.QUOTA_UNKNOWN,
            "compute",
            "status unknown for quota: compute, resources: pods",
        ),
        (
            _POD + "insufficient quota to match these scopes: [{PriorityClass In [high]}]",
            RefusalKind.QUOTA_UNKNOWN,
            "",
            "insufficient quota to match these scopes: [{PriorityClass In [high]}]",
        ),
        (
            _POD + "maximum cpu usage per Container is 200m, but limit is 500m",
            RefusalKind.LIMIT_RANGE,
            "",
            "maximum cpu usage per Container is 200m, but limit is 500m",
        ),
        (
            _POD
            + "[minimum memory usage per Pod is 64Mi.  No request is specified, cpu max limit to request ratio per "
            "Container is 2, but provided ratio is 4.000000]",
            RefusalKind.LIMIT_RANGE,
            "",
            (
                "[minimum memory usage per Pod is 64Mi.  No request is specified, cpu max limit to request ratio per "
                "Container is 2, but provided ratio is 4.000000]"
            ),
        ),
        (
            _POD + "cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0",
            RefusalKind.LIMIT_RANGE,
            "",
            "cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0",
        ),
        (
            _POD + 'violates PodSecurity "baseline:v1.30": forbidden sysctls (kernel.msgmax)',
            RefusalKind.POD_SECURITY,
            "baseline:v1.30",
            "forbidden sysctls (kernel.msgmax)",
        ),
        (
            'Error creating: admission webhook "pods.example.com" denied the request: exceeded quota: of ours',
            RefusalKind.WEBHOOK_DENIED,
            "pods.example.com",
            "exceeded quota: of ours",
        ),
        (
            'Error creating: admission webhook "pods.example.com" denied the request without explanation',
            RefusalKind.WEBHOOK_DENIED,
            "pods.example.com",
            "without explanation",
        ),
        (
            (
                'Error creating: Internal error occurred: failed calling webhook "pods.example.com": failed to call '
                'webhook: Post "https://policy.sys.svc:443/v?timeout=2s": no endpoints available for service "policy"'
            ),
            RefusalKind.WEBHOOK_FAILED,
            "pods.example.com",
            (
                'failed to call webhook: Post "https://policy.sys.svc:443/v?timeout=2s": no endpoints available for '
                'service "policy"'
            ),
        ),
        (
            _POD + 'error looking up service account shop/bulder: serviceaccount "bulder" not found',
            RefusalKind.SERVICE_ACCOUNT,
            "bulder",
            'error looking up service account shop/bulder: serviceaccount "bulder" not found',
        ),
        (
            _POD + "no PriorityClass with name hihg was found",
            RefusalKind.PRIORITY_CLASS,
            "hihg",
            "no PriorityClass with name hihg was found",
        ),
        (
            _POD + 'pod rejected: RuntimeClass "gvisor" not found',
            RefusalKind.RUNTIME_CLASS,
            "gvisor",
            'pod rejected: RuntimeClass "gvisor" not found',
        ),
        (
            _POD + "ValidatingAdmissionPolicy 'no-latest' with binding 'all' denied request: tag latest is not allowed",
            RefusalKind.POLICY,
            "no-latest",
            "tag latest is not allowed",
        ),
        (
            _POD + "unable to create new content in namespace shop because it is being terminated",
            RefusalKind.NAMESPACE,
            "shop",
            "unable to create new content in namespace shop because it is being terminated",
        ),
        (
            (
                'Error creating: Pod "web-7f9-x2x" is invalid: spec.containers[0].resources.requests: Invalid value: '
                '"2": must be less than or equal to cpu limit of 1'
            ),
            RefusalKind.INVALID,
            "",
            'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
        ),
        (
            "(combined from similar events): " + _POD + "pod node label selector conflicts with its namespace "
            "node label selector",
            RefusalKind.OTHER,
            "",
            "pod node label selector conflicts with its namespace node label selector",
        ),
        (
            (
                'create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: exceeded quota: q, '
                "requested: pods=1, used: pods=3, limited: pods=3"
            ),
            RefusalKind.QUOTA_EXCEEDED,
            "q",
            "exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3",
        ),
        (
            'Create Pod db-0 in StatefulSet db failed error: pods "db-0" already exists',
            RefusalKind.OTHER,
            "",
            'pods "db-0" already exists',
        ),
        (
            (
                'Error creating job: jobs.batch "b-1" is forbidden: exceeded quota: q, requested: count/jobs.batch=1, '
                "used: count/jobs.batch=3, limited: count/jobs.batch=3"
            ),
            RefusalKind.QUOTA_EXCEEDED,
            "q",
            "exceeded quota: q, requested: count/jobs.batch=1, used: count/jobs.batch=3, limited: count/jobs.batch=3",
        ),
    ],
)
def test_a_refusal_names_what_refuses(message: str, kind: RefusalKind, name: str, text: str) -> None:
    refusal = parse_refusal(message)

    assert (refusal.kind, refusal.name, refusal.text) == (kind, name, text)


def test_a_refused_claim_is_not_a_refused_pod() -> None:
    refusal = parse_refusal(
        'Create Claim data-db-0 for Pod db-0 in StatefulSet db failed error: persistentvolumeclaims "data-db-0" is '
        "forbidden: exceeded quota: claims, requested: persistentvolumeclaims=1, used: persistentvolumeclaims=4, "
        "limited: persistentvolumeclaims=4"
    )

    assert refusal.resource == "persistentvolumeclaims"
    assert dict(refusal.used) == {"persistentvolumeclaims": "4"}


def test_a_webhook_that_cannot_be_called_is_named_with_the_reason_alone() -> None:
    cause = parse_creation_failure(
        'Internal error occurred: failed calling webhook "pods.example.com": failed to call webhook: Post '
        '"https://policy.sys.svc:443/v?timeout=2s": dial tcp 10.0.0.7:443: connect: connection refused',
        None,
    )

    assert cause.message == (
        "admission webhook pods.example.com cannot be called: dial tcp 10.0.0.7:443: connect: connection refused"
    )


def test_texts_of_the_server_are_printable() -> None:
    assert parse_refusal('admission webhook "a\x1b[2Jb" denied the request: no\x1b]0;x\x07').text == "no"


def test_the_names_of_a_certificate_do_not_hide_the_one_that_it_lacks() -> None:
    names = ", ".join(f"host-{number}.example.com" for number in range(40))
    cause = parse_creation_failure(
        'Internal error occurred: failed calling webhook "pods.example.com": failed to call webhook: Post '
        f'"https://policy.sys.svc:443/v": tls: failed to verify certificate: x509: certificate is valid for {names}, '
        "not policy.sys.svc",
        None,
    )

    assert cause.message == (
        "admission webhook pods.example.com cannot be called: tls: failed to verify certificate: x509: "
        "certificate is not valid for policy.sys.svc"
    )
