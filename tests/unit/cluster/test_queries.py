"""The results that screens get."""

from __future__ import annotations

import msgspec
import pytest

from k9py.api.events import Event
from k9py.api.meta import ManagedFields, OwnedFields, OwnerReference
from k9py.api.pods import Container
from k9py.api.services import EndpointSlice, Service, ServicePort
from k9py.api.severity import Severity
from k9py.api.workloads import Deployment
from k9py.cluster.log_targets import ALL_ROLES
from k9py.cluster.views import ServiceMode, short_image_tag
from k9py.rollouts.status import RolloutState
from tests import factories as make
from tests.factories import NOW, key
from tests.unit.cluster.world import World, checkout

DEPLOYMENT, REPLICA_SET, PODS = checkout()
SERVICE = make.service("checkout")
SHOP = (DEPLOYMENT, REPLICA_SET, SERVICE, make.endpoint_slice(SERVICE, PODS), *PODS)


def test_a_service_shows_its_ready_endpoints_and_its_backends() -> None:
    pods = [*PODS, make.pod("checkout-aaa-9", owner=REPLICA_SET, ready=False, labels={"app": "checkout"})]
    world = World(*SHOP, pods[-1], make.endpoint_slice(SERVICE, pods))
    view = world.queries.service_view(SERVICE.key, NOW)
    assert view is not None
    assert (view.ready, view.total) == (2, 3)
    assert (view.serving, view.desired) == (2, 2), "the workload wants two, and two serve"
    assert view.workloads == (DEPLOYMENT.key,)
    assert view.ports_text == "80"


def test_a_pod_in_two_slices_counts_once() -> None:
    world = World(*SHOP, make.endpoint_slice(SERVICE, PODS, suffix="ipv6"))
    view = world.queries.service_view(SERVICE.key, NOW)
    assert view is not None
    assert (view.ready, view.total) == (2, 2)


def test_unreadable_endpoints_are_unknown_not_zero() -> None:
    world = World(*SHOP, unknown=[EndpointSlice.KIND])
    view = world.queries.service_view(SERVICE.key, NOW)
    assert view is not None
    assert (view.ready, view.total) == (None, None)
    assert not view.is_known
    assert view.severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("service", "mode"),
    [
        (make.service("a"), ServiceMode.SELECTOR),
        (make.service("a", cluster_ip="None"), ServiceMode.HEADLESS),
        (make.service("a", selector={}), ServiceMode.NO_SELECTOR),
        (make.service("a", type_="ExternalName", selector={}), ServiceMode.EXTERNAL_NAME),
    ],
)
def test_services_of_every_mode_are_distinguished(service: Service, mode: ServiceMode) -> None:
    view = World(service).queries.service_view(service.key, NOW)
    assert view is not None
    assert view.mode is mode


def test_a_service_names_the_findings_of_its_backend_pods() -> None:
    broken = make.pod(
        "checkout-aaa-1",
        owner=REPLICA_SET,
        ready=False,
        labels={"app": "checkout"},
        statuses=[make.container_status(ready=False, state=make.waiting("ImagePullBackOff"))],
    )
    degraded = make.deployment(replicas=2, ready=1, available=1)
    world = World(*SHOP, degraded, broken, make.endpoint_slice(SERVICE, [PODS[0], broken]))
    view = world.queries.service_view(SERVICE.key, NOW)
    assert view is not None
    assert view.severity is Severity.DEGRADED
    assert "checkout:1.0.0" in " ".join(finding.message for finding in view.findings)


def test_ports_are_printed_as_kubectl_does() -> None:
    ports = [ServicePort(port=80, node_port=30080), ServicePort(port=53, protocol="UDP")]
    view = World(make.service("a", ports=ports)).queries.service_view(key("Service", "a"), NOW)
    assert view is not None
    assert view.ports_text == "80:30080,53/UDP"


def test_a_rollout_has_its_status_and_image_tag() -> None:
    view = World(*SHOP).queries.rollout_view(DEPLOYMENT.key, NOW)
    assert view is not None
    assert view.status.state is RolloutState.COMPLETE
    assert view.image_tag == "1.0.0"
    assert view.has_synced_pods


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("nginx", "latest"),
        ("nginx:1.27", "1.27"),
        ("registry.example.com:5000/team/app", "latest"),
        ("registry.example.com:5000/team/app:v2", "v2"),
        ("app@sha256:0123456789abcdef0123", "0123456789ab"),
        ("app:v3@sha256:0123456789abcdef0123", "v3"),
    ],
)
def test_an_image_is_known_by_its_tag(image: str, tag: str) -> None:
    assert short_image_tag(image) == tag


def test_when_the_template_changed_is_not_moved_by_what_the_same_manager_writes_later() -> None:
    def undone(wrote: float) -> Deployment:
        owned: dict[str, object] = {"f:spec": {"f:template": {}, "f:replicas": {}}}
        entry = ManagedFields(manager="kubectl", time=make.before(wrote), fields=msgspec.convert(owned, OwnedFields))
        plain = make.deployment(revision=3)
        return msgspec.structs.replace(
            plain, metadata=msgspec.structs.replace(plain.metadata, managed_fields=(entry,), generation=3)
        )

    old = make.replica_set(revision=3, created=make.before(9000))
    bad = make.replica_set(pod_hash="bbb", revision=2, replicas=0, created=make.before(600))
    world = World(undone(300), old, bad)
    for wrote in (300, 10):  # the second time to scale
        world.put(undone(wrote))
        view = world.queries.rollout_view(DEPLOYMENT.key, NOW)
        assert view is not None
        assert (view.changed_at, view.changed_by) == (make.before(300), "kubectl")


def test_pods_of_a_deployment_are_those_of_its_replica_sets() -> None:
    old = make.replica_set(DEPLOYMENT, "bbb", revision=0, replicas=1)
    old_pod = make.pod("checkout-bbb-1", owner=old, labels={"app": "checkout"})
    stranger = make.pod("checkout-x", labels={"app": "checkout"})
    world = World(*SHOP, old, old_pod, stranger)
    assert [pod.name for pod in world.queries.pods_of(DEPLOYMENT.key)] == [
        "checkout-aaa-0",
        "checkout-aaa-1",
        "checkout-bbb-1",
    ]
    assert "checkout-x" in [pod.name for pod in world.queries.pods_of(SERVICE.key)]
    assert [pod.name for pod in world.queries.pods_of(old.key)] == ["checkout-bbb-1"]
    assert [pod.name for pod in world.queries.pods_of(stranger.key)] == ["checkout-x"]


def test_old_and_new_pods_are_grouped_in_cohorts() -> None:
    old = make.replica_set(DEPLOYMENT, "bbb", revision=0, replicas=1)
    old_pod = make.pod("checkout-bbb-1", owner=old, labels={"app": "checkout"})
    world = World(*SHOP, old, old_pod)
    cohorts = world.queries.cohorts_of(DEPLOYMENT.key)
    assert [(cohort.is_current, len(cohort.pods)) for cohort in cohorts] == [(True, 2), (False, 1)]


def test_a_selector_of_a_revision_label_alone_still_selects() -> None:
    canary = make.service("canary", selector={"pod-template-hash": "aaa"})
    world = World(*SHOP, canary)
    assert len(world.queries.pods_of(canary.key)) == 2
    world.put(PODS[0])
    assert "canary" in world.dirty[0]


def test_services_and_rollouts_find_each_other_within_their_namespace() -> None:
    stranger = make.deployment("checkout", "other")
    world = World(*SHOP, stranger)
    assert world.queries.backends_of(SERVICE.key) == (DEPLOYMENT.key,)
    assert world.queries.services_of(DEPLOYMENT.key) == (SERVICE.key,)
    assert world.queries.services_of(stranger.key) == ()
    assert world.queries.workload_of(PODS[0].key) == DEPLOYMENT.key


@pytest.mark.parametrize(
    ("selector", "missed"),
    [
        ({"app": "crat"}, "labelled app=cart"),
        ({"app": "cart", "tier": "web"}, "without tier"),
        ({"app": "crat", "tier": "web", "role": "x"}, "labelled app=cart, without role,tier"),
        ({"app": "cart"}, ""),
        ({}, ""),
    ],
)
def test_a_selector_mismatch_names_the_workload_of_the_services_name(selector: dict[str, str], missed: str) -> None:
    service, workload = make.service("cart", selector=selector), make.deployment("cart")
    queries = World(service, workload, make.deployment("other")).queries
    assert queries.selector_mismatch_of(service.key) == ((workload.key, missed) if missed else None)
    assert queries.selector_mismatch_of(key("Service", "absent")) is None


def test_events_about_a_workload_include_its_replica_sets_and_pods_newest_first() -> None:
    events: list[Event] = [
        make.event(DEPLOYMENT, "ScalingReplicaSet", since=90),
        make.event(REPLICA_SET, "FailedCreate", since=60),
        make.event(PODS[0], "BackOff", since=30),
        make.event(SERVICE, "Other", since=10),
    ]
    world = World(*SHOP, *events)
    reasons = [event.reason for event in world.queries.events_about(DEPLOYMENT.key)]
    assert reasons == ["BackOff", "FailedCreate", "ScalingReplicaSet"]
    assert [event.reason for event in world.queries.events_about(PODS[0].key)] == ["BackOff"]
    assert [event.reason for event in world.queries.events_about(SERVICE.key)] == ["Other"]


def test_autoscalers_and_budgets_are_found() -> None:
    world = World(*SHOP, make.autoscaler(DEPLOYMENT), make.budget("checkout"), make.budget("search"))
    autoscaler = world.queries.autoscaler_of(DEPLOYMENT.key)
    assert autoscaler is not None
    assert autoscaler.name == "checkout"
    assert [budget.name for budget in world.queries.budgets_of(DEPLOYMENT.key)] == ["checkout"]


def test_log_targets_are_all_main_containers_and_sidecars_newest_pod_first() -> None:
    young = make.pod("checkout-aaa-7", owner=REPLICA_SET, labels={"app": "checkout"}, created=5)
    spec = msgspec.structs.replace(
        young.spec,
        containers=(Container(name="app"), Container(name="proxy")),
        init_containers=(Container(name="migrate"), Container(name="agent", restart_policy="Always")),
    )
    world = World(*SHOP, msgspec.structs.replace(young, spec=spec))
    targets = world.queries.log_targets(SERVICE.key)
    assert [(target.pod, target.container) for target in targets][:3] == [
        ("checkout-aaa-7", "agent"),
        ("checkout-aaa-7", "app"),
        ("checkout-aaa-7", "proxy"),
    ]
    assert len(targets) == 5
    assert "migrate" in [target.container for target in world.queries.log_targets(young.key, roles=ALL_ROLES)]


@pytest.mark.parametrize("kind", ["Service", "Deployment", "StatefulSet", "DaemonSet", "Pod", "Job"])
def test_a_missing_object_has_no_view_and_nothing_belongs_to_it(kind: str) -> None:
    queries = World().queries
    gone = key(kind, "gone")
    assert queries.service_view(gone, NOW) is None
    assert queries.rollout_view(gone, NOW) is None
    assert queries.pods_of(gone) == ()
    assert queries.events_about(gone) == ()
    assert queries.log_targets(gone) == ()
    assert queries.revisions_of(gone) == ()


def test_a_view_is_cached_until_something_it_reads_changes() -> None:
    world = World(*SHOP)
    first = world.queries.service_view(SERVICE.key, NOW)
    computed = world.queries.views.computed
    assert world.queries.service_view(SERVICE.key, NOW) is first
    assert world.queries.views.computed == computed
    world.remove(PODS[0].key)
    assert world.queries.service_view(SERVICE.key, NOW) is not first


def test_one_pod_among_twenty_thousand_costs_its_own_rollout_and_services_only() -> None:
    world = World()
    shops = [checkout(name=f"app-{number}", replicas=20) for number in range(1_000)]
    services = [make.service(f"app-{number}") for number in range(1_000)]
    second = make.service("app-7-canary", selector={"app": "app-7", "pod-template-hash": "aaa"})
    for deployment, replica_set, pods in shops:
        world.put(deployment, replica_set)
        world.put_together("Pod", pods)
    world.put(*services, second)
    queries = world.queries
    for view_key in list(queries.service_keys()):
        queries.service_view(view_key, NOW)
    for view_key in list(queries.rollout_keys()):
        queries.rollout_view(view_key, NOW)
    assert queries.views.computed == 2_001
    world.affected.clear()

    changed = make.pod("app-7-aaa-3", owner=shops[7][1], ready=False, labels={"app": "app-7"})
    world.put(changed)

    assert world.dirty == ({"app-7", "app-7-canary"}, {"app-7"}, {"app-7-aaa-3"})
    for view_key in list(queries.service_keys()):
        queries.service_view(view_key, NOW)
    for view_key in list(queries.rollout_keys()):
        queries.rollout_view(view_key, NOW)
    assert queries.views.computed == 2_001 + 3


def test_a_pod_of_a_deployment_of_another_group_is_not_one_of_the_deployment_of_that_name() -> None:
    for api_version, workload in (("apps/v1", DEPLOYMENT.key), ("reviewer.example.com/v1", None)):
        pod = make.pod("checkout-other-1")
        owner = OwnerReference("Deployment", "checkout", "uid", controller=True, api_version=api_version)
        metadata = msgspec.structs.replace(pod.metadata, owner_references=(owner,))
        world = World(*SHOP, msgspec.structs.replace(pod, metadata=metadata))
        assert world.queries.workload_of(pod.key) == workload


def test_the_selector_of_a_deployment_chooses_its_pods_while_replica_sets_may_not_be_read() -> None:
    owner = make.replica_set(DEPLOYMENT, "aaa", revision=1, replicas=1)
    own = make.pod("checkout-aaa-0", owner=owner, labels={"app": "checkout", "pod-template-hash": "aaa"})
    bare, other = (
        make.pod("checkout-x", labels={"app": "checkout"}),
        make.pod("cart-0", owner=owner, labels={"app": "c"}),
    )
    unread = World(DEPLOYMENT, own, bare, other, unknown=["ReplicaSet"]).queries
    assert [pod.name for pod in unread.pods_of(DEPLOYMENT.key)] == ["checkout-aaa-0"]
    assert [target.pod for target in unread.log_targets(DEPLOYMENT.key)] == ["checkout-aaa-0"]
    assert unread.workload_of(own.key) == DEPLOYMENT.key
    assert unread.workload_of(bare.key) is None
    assert unread.workload_of(other.key) is None
    read = World(DEPLOYMENT, own, bare, other).queries
    assert read.pods_of(DEPLOYMENT.key) == ()
    assert read.workload_of(own.key) is None
