"""Unusual JSON that real servers send, and JSON that nobody should send: it decodes, or is refused with DecodeError."""

from __future__ import annotations

import msgspec
import pytest

from k9py.api.kinds import CONTROLLER_REVISION, ENDPOINT_SLICE, POD, REPLICA_SET
from k9py.api.workloads import REVISION


@pytest.mark.parametrize(
    "data",
    [
        b'{"metadata":{"name":"\xff"}}',
        b'{"metadata":{"name":"a","labels":{"\xfe":"b"}}}',
        b'{"metadata":{"name":"\\ud800"}}',
        b'{"metadata":{"name":"a"},"spec":{"unknown":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
    ],
    ids=["not UTF-8", "key not UTF-8", "half a surrogate pair", "nested without end"],
)
def test_undecodable_json_raises_only_a_decode_error(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        POD.decode(data)


@pytest.mark.parametrize("text", ["²", "٣", "9" * 5000, "1.5", "-1", " 1", "abc", ""])
def test_an_invalid_revision_annotation_is_no_revision(text: str) -> None:
    annotated = {"metadata": {"name": "a", "annotations": {REVISION: text}}}
    assert REPLICA_SET.decode(msgspec.json.encode(annotated)).revision is None


@pytest.mark.parametrize("data", [b"null", b"7", b'"x"', b'{"spec":7}', b'{"spec":{"template":"\xff"}}'])
def test_a_revision_of_a_foreign_controller_has_no_template(data: bytes) -> None:
    revision = CONTROLLER_REVISION.decode(b'{"metadata":{"name":"a"},"revision":1,"data":' + data + b"}")
    assert revision.data is None


def test_a_slice_without_endpoints_has_null_where_lists_are_expected() -> None:
    endpoint_slice = ENDPOINT_SLICE.decode(
        b'{"metadata":{"name":"a","labels":null,"ownerReferences":null},"addressType":"IPv4","endpoints":null,"ports":null}'
    )
    assert (endpoint_slice.endpoints, endpoint_slice.ports, endpoint_slice.service_name) == (None, None, "")


def test_exit_codes_may_be_negative_and_times_null() -> None:
    pod = POD.decode(
        b'{"metadata":{"name":"a","creationTimestamp":null},"spec":{"containers":null},"status":{"startTime":null,'
        b'"containerStatuses":[{"name":"c","state":{"terminated":{"exitCode":-1073741510,"startedAt":null,'
        b'"finishedAt":"0001-01-01T00:00:00Z"}},"lastState":{}}]}}'
    )
    ended = (pod.status.container_statuses or ())[0].state
    assert ended is not None
    assert ended.terminated is not None
    assert (ended.terminated.exit_code, ended.terminated.started_at) == (-1073741510, None)
