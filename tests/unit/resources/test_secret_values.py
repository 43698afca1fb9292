"""A Secret with its values masked: nothing of them is left in any place, and one can be shown decoded."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from k9py.api.meta import ObjectRef
from k9py.resources.secret_values import is_secret, masked_secret, revealed_text, secret_sizes

VALUE = "hunter2-hunter2!"


def encoded(data: bytes) -> str:
    return b64encode(data).decode()


def secret() -> dict[str, Any]:
    data = {"password": encoded(VALUE.encode()), "key": encoded(b"\xff\x00"), "odd": "***", "empty": ""}
    applied = json.dumps({"kind": "Secret", "data": data, "stringData": {"password": VALUE}})
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": applied}
    return {"kind": "Secret", "metadata": {"name": "a", "annotations": annotations}, "data": data}


def test_values_are_masked_to_their_sizes_also_where_an_annotation_repeats_them() -> None:
    masked = masked_secret(secret())
    assert masked["data"] == {
        "password": "•••• 16 bytes",
        "key": "•••• 2 bytes",
        "odd": "•••• not base64",
        "empty": "•••• 0 bytes",
    }
    assert VALUE not in str(masked)
    assert encoded(VALUE.encode()) not in str(masked)


def test_one_value_is_shown_decoded_and_the_others_stay_masked() -> None:
    masked = masked_secret(secret(), "password")
    assert masked["data"]["password"] == VALUE
    assert masked["data"]["key"] == "•••• 2 bytes"
    assert secret()["data"]["password"] != VALUE  # the object itself is not changed


@pytest.mark.parametrize("revealed", ["", "not a key"])
def test_a_key_that_is_not_there_reveals_nothing(revealed: str) -> None:
    assert VALUE not in str(masked_secret(secret(), revealed))


def test_binary_data_is_said_to_be_binary() -> None:
    assert revealed_text(encoded(b"\xff\x00")) == "binary, 2 bytes: /wA="
    assert revealed_text(encoded("ä\n".encode())) == "ä\n"


def test_sizes_are_listed_by_key() -> None:
    assert secret_sizes(secret())["password"] == "16 bytes"


def test_only_the_secret_of_kubernetes_is_masked_as_one() -> None:
    assert is_secret(ObjectRef("Secret", "shop", "a"))
    assert not is_secret(ObjectRef("Secret", "shop", "a", "vault.example.com"))
