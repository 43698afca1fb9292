"""managedFields: which manager wrote which field last."""

import pytest

from k9py.simulator.server import Simulator
from tests.unit.simulator.client import RawClient
from tests.unit.simulator.objects import Object, add_deployment, add_namespace

PATH = "/apis/apps/v1/namespaces/shop/deployments/checkout"


@pytest.fixture(autouse=True)
def shop(simulator: Simulator) -> None:
    simulator.call(add_namespace)
    simulator.call(add_deployment)


def _managers(obj: Object) -> dict[str, Object]:
    return {entry["manager"]: entry for entry in obj["metadata"].get("managedFields", ())}


async def test_a_write_records_manager_time_and_fields(client: RawClient) -> None:
    image = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "new:1"}]}}}}
    reply = await client.patch(f"{PATH}?fieldManager=kubectl-set", image, kind="strategic-merge")
    entry = _managers(reply.body)["kubectl-set"]
    assert (entry["operation"], entry["apiVersion"], entry["time"]) == ("Update", "apps/v1", "2026-01-15T12:00:00Z")
    assert entry["fieldsV1"] == {
        "f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"app"}': {"f:image": {}}}}}}
    }


async def test_a_field_belongs_to_the_manager_that_changed_it_last(client: RawClient) -> None:
    await client.patch(f"{PATH}?fieldManager=first", {"spec": {"replicas": 5, "minReadySeconds": 1}})
    reply = await client.patch(f"{PATH}/scale?fieldManager=second", {"spec": {"replicas": 6}})
    assert reply.status == 200
    managers = _managers((await client.get(PATH)).body)
    assert managers["first"]["fieldsV1"] == {"f:spec": {"f:minReadySeconds": {}}}
    assert managers["second"]["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    assert managers["second"]["subresource"] == "scale"


async def test_a_write_that_changes_nothing_is_not_recorded(client: RawClient) -> None:
    first = await client.patch(f"{PATH}?fieldManager=first", {"spec": {"replicas": 5}})
    second = await client.patch(f"{PATH}?fieldManager=second", {"spec": {"replicas": 5}})
    assert second.body == first.body


async def test_what_a_client_sends_of_it_is_ignored(client: RawClient) -> None:
    reply = await client.patch(PATH, {"metadata": {"managedFields": [{"manager": "forged"}]}})
    assert "forged" not in _managers(reply.body)


async def test_without_a_field_manager_the_user_agent_is_the_manager(client: RawClient) -> None:
    reply = await client.patch(PATH, {"metadata": {"labels": {"a": "b"}}})
    assert list(_managers(reply.body)) == ["Python"]
