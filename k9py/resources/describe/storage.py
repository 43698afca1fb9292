"""PersistentVolumeClaims, PersistentVolumes and StorageClasses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from k9py.api.standard_types import standard_type
from k9py.resources.describe.describer import PODS, DescribeContext, Describer, Description, RelatedRequest, Unread
from k9py.resources.describe.json_fields import (
    JsonObject,
    list_at,
    object_at,
    objects_at,
    scalar_text,
    text_at,
    texts_at,
)
from k9py.resources.describe.lines import requirement_text, unknown_line, value_line
from k9py.resources.describe.scheduling import node_term_text
from k9py.resources.describe.volumes import field_name, kind_name
from k9py.views.describe import DescribeLine, Section, line, pairs, section
from k9py.views.values import Tone

_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_CLASS = "volume.beta.kubernetes.io/storage-class"
_SETTINGS = ("capacity", "accessModes", "claimRef", "persistentVolumeReclaimPolicy", "storageClassName", "volumeMode",
             "mountOptions", "nodeAffinity", "volumeAttributesClassName")  # fmt: skip
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def modes_text(value: object) -> str:
    """Return access modes in kubectl's short form: `RWO`."""
    return ",".join(_MODES.get(scalar_text(mode), scalar_text(mode)) for mode in list_at(value))


def _class_name(body: JsonObject) -> str:
    return text_at(object_at(body, "metadata", "annotations"), _CLASS) or text_at(body, "spec", "storageClassName")


def _phase_line(body: JsonObject) -> DescribeLine:
    phase = text_at(body, "status", "phase") or "unknown"
    terminating = bool(object_at(body, "metadata").get("deletionTimestamp"))
    tones = {"Bound": Tone.OK, "Available": Tone.OK, "Pending": Tone.BUSY, "Lost": Tone.FAIL, "Failed": Tone.FAIL}
    text = f"Terminating ({phase})" if terminating else phase
    return line("status", text, Tone.BUSY if terminating else tones.get(phase, Tone.WARN))


# -- PersistentVolumeClaim --------------------------------------------------------------------------------------------


def _claim_requests(body: JsonObject) -> tuple[RelatedRequest, ...]:
    return (RelatedRequest(PODS, standard_type("", "Pod"), text_at(body, "metadata", "namespace")),)


def _claim(body: JsonObject, context: DescribeContext) -> Description:
    spec, status = object_at(body, "spec"), object_at(body, "status")
    head = (
        _phase_line(body),
        _used_by(body, context),
        value_line("capacity", status, "capacity", "storage"),
        value_line("requests", spec, "resources", "requests", "storage"),
        value_line("volume", spec, "volumeName"),
        line("storage class", _class_name(body) or "none"),
        line("access modes", modes_text(spec.get("accessModes"))),
        line("volume mode", text_at(spec, "volumeMode") or "Filesystem"),
        value_line("volume attributes class", spec, "volumeAttributesClassName"),
        line("resize", scalar_text(status.get("allocatedResourceStatuses"))),
    )
    source = object_at(spec, "dataSource") or object_at(spec, "dataSourceRef")
    data_source = section(
        "Data source",
        [
            value_line("kind", source, "kind"),
            value_line("name", source, "name"),
            value_line("API group", source, "apiGroup"),
            value_line("namespace", source, "namespace"),
        ],
    )
    return Description(head, details=(data_source,))


def _used_by(body: JsonObject, context: DescribeContext) -> DescribeLine:
    pods = context.objects(PODS)
    if isinstance(pods, Unread):
        return unknown_line("used by", pods)
    name = text_at(body, "metadata", "name")
    users = [text_at(pod, "metadata", "name") for pod in pods if any(claim == name for claim in _claim_names(pod))]
    return line("used by", ", ".join(users) or "no pod")


def _claim_names(pod: JsonObject) -> Iterator[str]:
    for volume in objects_at(pod, "spec", "volumes"):
        if "ephemeral" in volume:
            yield f"{text_at(pod, 'metadata', 'name')}-{text_at(volume, 'name')}"
        yield text_at(volume, "persistentVolumeClaim", "claimName")


# -- PersistentVolume -------------------------------------------------------------------------------------------------


def _volume(body: JsonObject, context: DescribeContext) -> Description:
    spec, status = object_at(body, "spec"), object_at(body, "status")
    claim = object_at(spec, "claimRef")
    head = (
        _phase_line(body),
        value_line("reason", status, "reason"),
        value_line("message", status, "message"),
        line("claim", f"{text_at(claim, 'namespace')}/{text_at(claim, 'name')}" if claim else "none"),
        value_line("capacity", spec, "capacity", "storage"),
        line("storage class", _class_name(body) or "none"),
        value_line("reclaim policy", spec, "persistentVolumeReclaimPolicy"),
        line("access modes", modes_text(spec.get("accessModes"))),
        line("volume mode", text_at(spec, "volumeMode") or "Filesystem"),
        value_line("volume attributes class", spec, "volumeAttributesClassName"),
        line("mount options", texts_at(spec, "mountOptions")),
    )
    return Description(head, details=(_source(spec), _node_affinity(spec)))


def _source(spec: JsonObject) -> Section:
    name = next((key for key, value in spec.items() if key not in _SETTINGS and isinstance(value, Mapping)), "")
    source = object_at(spec, name)
    fields = dict(source)
    if name == "csi":
        fields.setdefault("readOnly", False)
    shown = [line(field_name(field), scalar_text(value)) for field, value in fields.items()]
    return section("Source", [line("type", kind_name(name) if name else ""), *shown])


def _node_affinity(spec: JsonObject) -> Section:
    terms = objects_at(spec, "nodeAffinity", "required", "nodeSelectorTerms")
    return section(
        "Node affinity", [line(f"required term {number}", node_term_text(term)) for number, term in enumerate(terms)]
    )


# -- StorageClass -----------------------------------------------------------------------------------------------------


def _storage_class(body: JsonObject, context: DescribeContext) -> Description:
    annotations = object_at(body, "metadata", "annotations")
    default = any(text_at(annotations, name) == "true" for name in _DEFAULT_CLASS)
    topologies = objects_at(body, "allowedTopologies")
    head = (
        value_line("provisioner", body, "provisioner"),
        line("is default class", "yes" if default else "no"),
        line("parameters", pairs(object_at(body, "parameters"))),
        line("allow volume expansion", "true" if body.get("allowVolumeExpansion") is True else "false or unset"),
        line("reclaim policy", text_at(body, "reclaimPolicy") or "Delete"),
        line("volume binding mode", text_at(body, "volumeBindingMode") or "Immediate"),
        line("mount options", texts_at(body, "mountOptions")),
    )
    terms = (
        line(f"term {number}", " and ".join(_topology_texts(topology))) for number, topology in enumerate(topologies)
    )
    return Description(head, details=(section("Allowed topologies", terms),))


def _topology_texts(topology: JsonObject) -> Iterator[str]:
    for requirement in objects_at(topology, "matchLabelExpressions"):
        yield requirement_text({**requirement, "operator": "In"})


DESCRIBERS = (
    Describer("PersistentVolumeClaim", _claim, _claim_requests),
    Describer("PersistentVolume", _volume),
    Describer("StorageClass", _storage_class),
)
