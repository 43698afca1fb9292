"""The difference of whole objects: what a new one is called, and where in a changed one a line is."""

from __future__ import annotations

from typing import Any

from k9py.operations.object_diff import object_diff


def config(data: dict[str, str], **metadata: Any) -> dict[str, Any]:
    named = {"name": "web-config", "namespace": "shop", "uid": "u", "resourceVersion": "1", **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named, "data": data}


def text(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [f"{line.sign} {line.text}" for line in object_diff(before, after)]


def test_a_new_object_is_shown_with_its_name_in_the_order_of_a_manifest() -> None:
    assert text({}, config({"a": "1", "b": "x\ny"}, labels={"app": "web"})) == [
        "+ apiVersion: v1",
        "+ kind: ConfigMap",
        "+ metadata:",
        "+   labels:",
        "+     app: web",
        "+   name: web-config",
        "+   namespace: shop",
        "+ data:",
        '+   a: "1"',
        "+   b: |",
        "+     x",
        "+     y",
    ]


def test_the_values_of_a_new_secret_are_hidden() -> None:
    secret = {**config({"password": "aHVudGVyMg=="}), "kind": "Secret"}
    lines = text({}, secret)
    assert "+   name: web-config" in lines
    assert not any("aHVudGVyMg" in line for line in lines)


def test_a_hunk_says_where_in_the_object_it_is() -> None:
    before = config({"mode": "slow", "zone": "a"})
    assert text(before, config({"mode": "fast", "zone": "a"})) == [
        "@ data",
        "- mode: slow",
        "+ mode: fast",
        "  zone: a",
    ]
    both = text(before, config({"mode": "fast", "zone": "a"}, labels={"app": "web"}))
    assert both[0] == "@ ConfigMap web-config"
    assert "- " + "  mode: slow" in both


def test_nothing_is_shown_where_nothing_differs() -> None:
    assert not object_diff(config({"a": "1"}), config({"a": "1"}, resourceVersion="2"))
