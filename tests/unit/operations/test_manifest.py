"""Manifests: read as Kubernetes reads YAML, refused with file and line, written without managed fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from k9py.operations import manifest
from k9py.operations.manifest import ManifestError, read_documents, write_yaml
from k9py.operations.manifest_files import read_path
from k9py.operations.merge_patch import merge_patch, merged

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\n"


def data_of(text: str) -> Any:
    [document] = read_documents(f"{CONFIG_MAP}data:\n{text}", "app.yaml")
    return document.body["data"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-01-02", "2026-01-02"),
        ("12:30", "12:30"),
        ("0644", 420),
        ("yes", True),
        ("'yes'", "yes"),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("~", None),
        ("5m", "5m"),
    ],
)
def test_scalars_are_those_of_json(text: str, value: Any) -> None:
    assert data_of(f"  key: {text}") == {"key": value}


def test_keys_become_text() -> None:
    assert data_of("  1: a\n  true: b") == {"1": "a", "true": "b"}


def test_documents_and_lists_are_taken_apart_with_their_lines() -> None:
    items = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: s}}\n"
    documents = read_documents(f"---\n{CONFIG_MAP}---\n# nothing\n---\n{items}", "all.yaml")
    assert [(document.body["kind"], document.place) for document in documents] == [
        ("ConfigMap", "all.yaml:2"),
        ("Secret", "all.yaml:8"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b: c", "app.yaml:1: mapping values are not allowed here"),
        (f"{CONFIG_MAP}data: {{a: 1}}\ndata: {{b: 2}}", "app.yaml:5: key 'data' is given twice, first in line 4"),
        ("- a", "app.yaml:1: a document has to be an object"),
        ("kind: ConfigMap", "app.yaml:1: apiVersion is missing"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {}", "app.yaml:1: metadata.name is missing"),
        ("a: !!python/object:os.system x", "app.yaml:1: could not determine a constructor"),
    ],
)
def test_an_error_names_file_and_line(text: str, message: str) -> None:
    with pytest.raises(ManifestError) as refused:
        read_documents(text, "app.yaml")
    assert refused.value.message.startswith(message)


def test_aliases_count_as_what_they_stand_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest, "MOST_VALUES", 2000)
    bomb = "\n".join(f"  k{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9 if n else ['x'] * 9)}]" for n in range(6))
    with pytest.raises(ManifestError, match="more than 2000 values"):
        data_of(bomb)


def test_writing_and_reading_gives_the_same_object_without_managed_fields() -> None:
    metadata = {"name": "app", "managedFields": [{}]}
    obj = {
        "kind": "ConfigMap",
        "data": {"a": "1\n2\n", "b": "yes", "c": "12:30"},
        "apiVersion": "v1",
        "metadata": metadata,
    }
    text = write_yaml(obj)
    [document] = read_documents(text, "app.yaml")
    assert text.startswith("apiVersion: v1\nkind: ConfigMap\n")
    assert document.body == {**obj, "metadata": {"name": "app"}}


def test_a_directory_is_read_by_name_and_its_directories_on_request(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "c.txt", "below/d.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(CONFIG_MAP.replace("app", path.stem))
    names = [document.body["metadata"]["name"] for document in read_path(tmp_path, recursive=False)]
    assert names == ["a", "b"]
    assert len(read_path(tmp_path, recursive=True)) == 3
    with pytest.raises(ManifestError, match=r"none\.yaml: No such file"):
        read_path(tmp_path / "none.yaml", recursive=False)


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": True}, {"a": True}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, {"a": {"c": None}}),
        ({"a": {"b": 1}}, {"a": {"b": 1, "d": None}}, {}),
        ({"a": [1, 2]}, {"a": [1]}, {"a": [1]}),
        ({"a": {"b": 1}}, {}, {"a": None}),
        ({}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": "x"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
    ],
)
def test_a_merge_patch_leads_from_one_object_to_the_other(
    old: dict[str, Any], new: dict[str, Any], patch: dict[str, Any]
) -> None:
    assert merge_patch(old, new) == patch
    assert merge_patch(merged(old, patch), new) == {}
