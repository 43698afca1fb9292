"""Request bodies of writes: decode, call admission webhooks, check types with Go's error messages.

Invariant: a body is JSON or (from kubectl's typed clients) protobuf of the kinds in `protobuf.py`.
"""

from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.admission import call_webhooks
from k9py.simulator.apiserver.patch import parse_json
from k9py.simulator.apiserver.protobuf import CONTENT_TYPE, decode
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.encoding import encode
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusCause, StatusError

_COUNTS = (
    "replicas",
    "minReadySeconds",
    "revisionHistoryLimit",
    "progressDeadlineSeconds",
    "parallelism",
    "completions",
)


def decode_object(request: IncomingRequest) -> Object:
    """Decode a request's body as an object.

    Raises:
        StatusError: 400, 415.
    """
    media = request.content_type.partition(";")[0].strip().lower()
    if media == CONTENT_TYPE:
        return decode(request.body)
    if media not in ("", "application/json", "*/*"):
        raise status_errors.unsupported_media_type()
    value = parse_json(request.body, "couldn't get version/kind; json parse error")
    if not isinstance(value, dict):
        raise status_errors.bad_request(
            "couldn't get version/kind; json parse error: json: cannot unmarshal into object"
        )
    return value


def admit(state: SimulatorState, request: IncomingRequest, obj: Object) -> Object:
    """Return the object after the admission webhooks.

    Raises:
        StatusError: a webhook denies the request.
    """
    target, plural = request.info, request.resource.plural
    return call_webhooks(
        state.webhooks, obj, verb=target.verb, resource=plural, path=request.path, dry_run=request.dry_run
    )


def type_mismatch(patched: Object, value: Any, field: str, wanted: str) -> StatusError:
    """Return the error for a patch that leaves a value of the wrong JSON type in a typed field."""
    names = {str: "string", bool: "bool", dict: "object", list: "array", float: "number"}
    type_name = names.get(type(value), "value")
    json_text = encode(patched).decode().replace("\\", "\\\\").replace('"', '\\"')
    why = f"json: cannot unmarshal {type_name} into Go struct field {field} of type {wanted}"
    message = f'Invalid value: "{json_text}": {why}'
    return status_errors.invalid("", "", "", [StatusCause("FieldValueInvalid", message, "patch")])


def check_types(obj: Object, kind: str) -> None:
    """Refuse spec fields that must be integers and are not.

    Raises:
        StatusError: 422.
    """
    spec = obj.get("spec")
    if spec is None:
        return
    if not isinstance(spec, dict):
        raise type_mismatch(obj, spec, f"{kind}.spec", f"{kind}Spec")
    for field in _COUNTS:
        value = spec.get(field)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise type_mismatch(obj, value, f"{kind}Spec.spec.{field}", "int32")
