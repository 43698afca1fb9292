"""The shop's applications and their releases.

Pure data. To add an application, add a row; `seeder.py` makes the objects.
"""

from dataclasses import dataclass
from typing import Literal

REGISTRY = "registry.example.com/shop"


@dataclass(frozen=True, slots=True)
class Release:
    """One revision: image tag, change-cause (None: none) and age in hours."""

    tag: str
    cause: str | None
    hours_ago: float


@dataclass(frozen=True, slots=True)
class App:
    """A Deployment and, where it has a port, its Service.

    `releases` come oldest first and are its revisions from 1; `deadline` is progressDeadlineSeconds, `min_ready`
    minReadySeconds; `settings` gives it a ConfigMap and a Secret that its containers need.
    """

    name: str
    releases: tuple[Release, ...]
    replicas: int = 2
    namespace: str = "shop"
    port: int | None = 8080
    image: str = ""
    cpu: str = "100m"
    memory: str = "128Mi"
    sidecar: str | None = None
    tier: str = "backend"
    strategy: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"
    deadline: int = 600
    min_ready: int = 0
    settings: bool = False

    def image_of(self, tag: str) -> str:
        return f"{self.image or f'{REGISTRY}/{self.name}'}:{tag}"


def _releases(*rows: tuple[str, str | None, float]) -> tuple[Release, ...]:
    return tuple(Release(*row) for row in rows)


SHOP: tuple[App, ...] = (
    App(
        "gateway",
        _releases(("4.8.1", "TLS 1.3 only", 910), ("4.9.0", "route /v2", 402), ("4.9.3", "fix header limit", 75)),
        replicas=3, tier="edge", cpu="250m", memory="256Mi",
    ),
    App(
        "frontend",
        _releases(
            ("12.3.0", "autumn theme", 620), ("12.4.0", "faster product page", 290), ("12.4.1", None, 288),
            ("12.5.0", "winter theme", 49),
        ),
        replicas=4, tier="edge", cpu="200m", memory="256Mi",
    ),
    App(
        "checkout",
        _releases(
            ("2.5.3", "guest checkout", 1010), ("2.6.0", "split shipments", 505), ("2.6.1", "fix rounding of VAT", 411),
            ("2.7.0", "gift cards", 122), ("2.7.1", "retry payments once", 26),
        ),
        replicas=3, sidecar="registry.example.com/mesh/proxy:1.24", deadline=60, settings=True,
    ),
    App(
        "cart",
        _releases(("3.1.0", None, 800), ("3.2.0", "merge carts at sign-in", 333), ("3.2.2", "cache totals", 98)),
        replicas=3,
    ),
    App(
        "payments",
        _releases(("1.18.0", "3-D Secure 2.3", 700), ("1.19.0", "new bank gateway", 310), ("1.19.2", "timeouts", 190)),
        settings=True, sidecar="registry.example.com/mesh/proxy:1.24", deadline=120,
    ),
    App("catalog", _releases(("7.0.4", None, 640), ("7.1.0", "bundles", 230), ("7.1.1", "paging", 224)), replicas=3),
    App(
        "search",
        _releases(("5.5.0", "synonyms", 512), ("5.6.0", "typo tolerance", 170), ("5.6.2", "index warm-up", 64)),
        cpu="500m", memory="512Mi",
    ),
    App("recommendations", _releases(("0.41.0", "October model", 560), ("0.42.0", "new model", 140)), memory="512Mi"),
    App("shipping", _releases(("2.2.0", "parcel lockers", 450), ("2.3.0", "carrier rates", 260), ("2.3.1", None, 255))),
    App("email", _releases(("1.9.0", None, 900), ("1.10.0", "receipts as PDF", 370)), replicas=1, strategy="Recreate"),
    App("currency", _releases(("3.0.0", "daily rates", 1200), ("3.0.1", None, 600)), replicas=1),
    App("ads", _releases(("0.9.7", "slots", 350), ("0.9.8", "slots by region", 150)), replicas=2),
    App(
        "coredns", _releases(("v1.13.1", None, 2200),), namespace="kube-system", port=53,
        image="registry.example.com/system/coredns", tier="system",
    ),
    App(
        "metrics", _releases(("v3.8.0", None, 1500), ("v3.9.0", "longer retention", 530)), namespace="monitoring",
        replicas=1, port=9090, image="registry.example.com/system/prometheus", memory="1Gi", tier="system",
    ),
)  # fmt: skip

BAD_RELEASE = Release("2.8.0", "release 2.8: instalments", 0.2)
"""The bad release of `checkout`: its image does not exist (see `kubelet/behaviours.py`)."""
