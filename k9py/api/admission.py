"""Webhook configurations (admissionregistration.k8s.io/v1): who is asked before the API server writes an object."""

from __future__ import annotations

from typing import ClassVar

from k9py.api.meta import KubeObject, KubeStruct
from k9py.api.selectors import LabelSelector


class WebhookService(KubeStruct, frozen=True):
    """admissionregistration/v1 ServiceReference."""

    namespace: str = ""
    name: str = ""
    port: int | None = None
    path: str | None = None


class WebhookClient(KubeStruct, frozen=True):
    """admissionregistration/v1 WebhookClientConfig: a Service or a URL."""

    url: str | None = None
    service: WebhookService | None = None


class WebhookRule(KubeStruct, frozen=True):
    """admissionregistration/v1 RuleWithOperations; `*` means all."""

    operations: tuple[str, ...] | None = None
    api_groups: tuple[str, ...] | None = None
    api_versions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None

    def __str__(self) -> str:
        """Return what it applies to: `CREATE,UPDATE of pods, deployments.apps`."""
        groups = self.api_groups or ()
        suffix = f".{groups[0]}" if len(groups) == 1 and groups[0] not in ("", "*") else ""
        resources = ", ".join(f"{name}{suffix}" for name in self.resources or ())
        return f"{','.join(self.operations or ())} of {resources}"


class Webhook(KubeStruct, frozen=True):
    """admissionregistration/v1 ValidatingWebhook or MutatingWebhook; `failure_policy` is Fail or Ignore."""

    name: str = ""
    client_config: WebhookClient = WebhookClient()
    rules: tuple[WebhookRule, ...] | None = None
    failure_policy: str = "Fail"
    namespace_selector: LabelSelector | None = None
    object_selector: LabelSelector | None = None
    timeout_seconds: int | None = None

    @property
    def must_answer(self) -> bool:
        """Whether requests are refused as long as it does not answer."""
        return self.failure_policy != "Ignore"


class ValidatingWebhookConfiguration(KubeObject, frozen=True):
    """A ValidatingWebhookConfiguration."""

    KIND: ClassVar[str] = "ValidatingWebhookConfiguration"

    webhooks: tuple[Webhook, ...] | None = None


class MutatingWebhookConfiguration(KubeObject, frozen=True):
    """A MutatingWebhookConfiguration."""

    KIND: ClassVar[str] = "MutatingWebhookConfiguration"

    webhooks: tuple[Webhook, ...] | None = None


WebhookConfiguration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration
