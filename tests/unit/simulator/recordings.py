"""The recorded exchanges of a real API server, for comparison."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

_WIRE = Path(__file__).parents[2] / "wire"
_LEFT_OUT = ("managedFields", "description")
_VOLATILE = ("uid", "resourceVersion", "creationTimestamp", "lastTransitionTime", "deletionTimestamp")
_WHOLE_OBJECT = re.compile(r'"\{.*\}"')  # in a message


@cache
def exchanges(name: str) -> list[dict[str, Any]]:
    """Return the exchanges of a file in order: request (method, path, headers, body) and response (status, body)."""
    read: list[dict[str, Any]] = json.loads((_WIRE / f"{name}.json").read_text())
    return read


def recorded_body(name: str, path: str) -> Any:
    """Return the body of the first response to a path.

    Raises:
        LookupError: nothing was recorded for it.
    """
    for exchange in exchanges(name):
        if exchange["request"]["path"] == path:
            return exchange["response"]["body"]
    raise LookupError(path)


def comparable(value: Any) -> Any:
    """Return a response without what differs between two servers: uids, times, revisions, the order of causes."""
    match value:
        case dict():
            kept = {key: comparable(item) for key, item in value.items() if key not in _LEFT_OUT}
            if value.get("status") == "Failure" and "message" in kept:
                kept["message"] = sorted(re.split(r"[ ,:\[\]]+", _WHOLE_OBJECT.sub("", value["message"])))
            if isinstance(kept.get("causes"), list):
                for cause in kept["causes"]:
                    cause["message"] = _WHOLE_OBJECT.sub("", cause["message"])
                kept["causes"] = sorted(kept["causes"], key=str)
            for field in ("items", "groups"):  # of a discovery of all groups: this one
                if value.get("kind") in ("APIGroupDiscoveryList", "APIGroupList") and field in kept:
                    kept[field] = [entry for entry in kept[field] if "shop.example.com" in str(entry)]
            if isinstance(kept.get("cells"), list):
                kept["cells"] = [_without_age(cell) for cell in kept["cells"]]
            if kept.get("continue") == "":
                del kept["continue"]
            return {key: "*" if key in _VOLATILE else item for key, item in kept.items()}
        case list():
            return [comparable(item) for item in value]
        case _:
            return value


def _without_age(cell: Any) -> Any:
    return "*" if isinstance(cell, str) and re.fullmatch(r"(\d+[smhdy])+|\d{4}-.*Z", cell) else cell
