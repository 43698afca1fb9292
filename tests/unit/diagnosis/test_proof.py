"""Evidence states what was read, without what only machines need."""

from __future__ import annotations

from k9py.diagnosis.proof import event_evidence, field
from tests import factories as make


def test_the_uid_behind_the_name_of_a_pod_is_left_out() -> None:
    pod = make.pod("talk-1")
    uid = "c78b7c28-4c88-4032-a09a-908db5a2b7ca"
    event = make.event(pod, "BackOff", f"Back-off restarting failed container app in pod talk-1_shop({uid})")

    assert event_evidence(pod, event).text == "Back-off restarting failed container app in pod talk-1_shop"
    assert field(pod, "status", f"back-off 5m0s restarting pod=talk-1_shop({uid}): x").text.endswith("talk-1_shop: x")
    assert field(pod, "metadata.uid", uid).text == uid


def test_a_message_of_ordinary_length_is_whole() -> None:
    pod = make.pod("talk-1")
    text = "violates PodSecurity: " + ", ".join(f'container "c{n}" must set runAsNonRoot' for n in range(20))

    assert 500 < len(text) < 1000
    assert event_evidence(pod, make.event(pod, "FailedCreate", text)).text == text
