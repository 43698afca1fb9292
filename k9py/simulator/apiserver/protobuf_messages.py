"""The protobuf messages of the bodies that kubectl's typed clients send.

Invariant: field numbers are those of the `.proto` files of k8s.io/api; fields that kubectl does not send are left out.
To decode another kind, add its messages.
"""

from collections.abc import Mapping

# message -> field number -> (name, type): a scalar ("string", "bool", "count", or "int" and "optional bool" where 0 and
# false differ from absent),
# another message, "map", "quantities", "bytes map", "quantity" or "intstr"; a leading "*" repeats, a leading "^" is
# embedded in its parent.
MESSAGES: Mapping[str, Mapping[int, tuple[str, str]]] = {
    "Unknown": {1: ("typeMeta", "TypeMeta"), 2: ("raw", "bytes")},
    "TypeMeta": {1: ("apiVersion", "string"), 2: ("kind", "string")},
    "ObjectMeta": {
        1: ("name", "string"), 2: ("generateName", "string"), 3: ("namespace", "string"), 5: ("uid", "string"),
        6: ("resourceVersion", "string"), 11: ("labels", "map"), 12: ("annotations", "map"),
        13: ("ownerReferences", "*OwnerReference"), 14: ("finalizers", "*string"),
    },
    "OwnerReference": {
        1: ("kind", "string"), 3: ("name", "string"), 4: ("uid", "string"), 5: ("apiVersion", "string"),
        6: ("controller", "bool"), 7: ("blockOwnerDeletion", "bool"),
    },
    "SelfSubjectAccessReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "SelfSubjectAccessReviewSpec")},
    "SelfSubjectAccessReviewSpec": {
        1: ("resourceAttributes", "ResourceAttributes"), 2: ("nonResourceAttributes", "NonResourceAttributes"),
    },
    "ResourceAttributes": {
        1: ("namespace", "string"), 2: ("verb", "string"), 3: ("group", "string"), 4: ("version", "string"),
        5: ("resource", "string"), 6: ("subresource", "string"), 7: ("name", "string"),
    },
    "NonResourceAttributes": {1: ("path", "string"), 2: ("verb", "string")},
    "SelfSubjectRulesReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "SelfSubjectRulesReviewSpec")},
    "SelfSubjectRulesReviewSpec": {1: ("namespace", "string")},
    "SelfSubjectReview": {1: ("metadata", "ObjectMeta")},
    "Eviction": {1: ("metadata", "ObjectMeta"), 2: ("deleteOptions", "DeleteOptions")},
    "DeleteOptions": {
        1: ("gracePeriodSeconds", "int"), 2: ("preconditions", "Preconditions"), 4: ("propagationPolicy", "string"),
        5: ("dryRun", "*string"),
    },
    "Preconditions": {1: ("uid", "string"), 2: ("resourceVersion", "string")},
    "Scale": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ScaleSpec")},
    "ScaleSpec": {1: ("replicas", "int")},
    "Namespace": {1: ("metadata", "ObjectMeta")},
    "ConfigMap": {1: ("metadata", "ObjectMeta"), 2: ("data", "map")},
    "ServiceAccount": {1: ("metadata", "ObjectMeta")},
    "ResourceQuota": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ResourceQuotaSpec")},
    "ResourceQuotaSpec": {1: ("hard", "quantities")},
    "Deployment": {1: ("metadata", "ObjectMeta"), 2: ("spec", "DeploymentSpec")},
    "DeploymentSpec": {
        1: ("replicas", "int"), 2: ("selector", "LabelSelector"), 3: ("template", "PodTemplateSpec"),
        5: ("minReadySeconds", "count"), 6: ("revisionHistoryLimit", "int"), 7: ("paused", "bool"),
        9: ("progressDeadlineSeconds", "int"),
    },
    "LabelSelector": {1: ("matchLabels", "map"), 2: ("matchExpressions", "*LabelSelectorRequirement")},
    "LabelSelectorRequirement": {1: ("key", "string"), 2: ("operator", "string"), 3: ("values", "*string")},
    "PodTemplateSpec": {1: ("metadata", "ObjectMeta"), 2: ("spec", "PodSpec")},
    "PodSpec": {
        1: ("volumes", "*Volume"), 2: ("containers", "*Container"), 3: ("restartPolicy", "string"),
        4: ("terminationGracePeriodSeconds", "int"), 5: ("activeDeadlineSeconds", "int"), 6: ("dnsPolicy", "string"),
        7: ("nodeSelector", "map"), 8: ("serviceAccountName", "string"), 9: ("serviceAccount", "string"),
        10: ("nodeName", "string"), 11: ("hostNetwork", "bool"), 12: ("hostPID", "bool"), 13: ("hostIPC", "bool"),
        14: ("securityContext", "PodSecurityContext"), 15: ("imagePullSecrets", "*LocalObjectReference"),
        16: ("hostname", "string"), 19: ("schedulerName", "string"), 20: ("initContainers", "*Container"),
        21: ("automountServiceAccountToken", "optional bool"), 22: ("tolerations", "*Toleration"),
        24: ("priorityClassName", "string"), 25: ("priority", "int"), 27: ("shareProcessNamespace", "optional bool"),
        30: ("enableServiceLinks", "optional bool"), 31: ("preemptionPolicy", "string"),
    },
    "Container": {
        1: ("name", "string"), 2: ("image", "string"), 3: ("command", "*string"), 4: ("args", "*string"),
        5: ("workingDir", "string"), 6: ("ports", "*ContainerPort"), 7: ("env", "*EnvVar"),
        8: ("resources", "ResourceRequirements"), 9: ("volumeMounts", "*VolumeMount"),
        13: ("terminationMessagePath", "string"), 14: ("imagePullPolicy", "string"),
        15: ("securityContext", "SecurityContext"), 16: ("stdin", "bool"), 17: ("stdinOnce", "bool"),
        18: ("tty", "bool"), 19: ("envFrom", "*EnvFromSource"), 20: ("terminationMessagePolicy", "string"),
        24: ("restartPolicy", "string"),
    },
    "SecurityContext": {
        1: ("capabilities", "Capabilities"), 2: ("privileged", "optional bool"), 4: ("runAsUser", "int"),
        5: ("runAsNonRoot", "optional bool"), 6: ("readOnlyRootFilesystem", "optional bool"),
        7: ("allowPrivilegeEscalation", "optional bool"), 8: ("runAsGroup", "int"),
        11: ("seccompProfile", "SeccompProfile"),
    },
    "PodSecurityContext": {
        2: ("runAsUser", "int"), 3: ("runAsNonRoot", "optional bool"), 5: ("fsGroup", "int"), 6: ("runAsGroup", "int"),
        10: ("seccompProfile", "SeccompProfile"),
    },
    "Capabilities": {1: ("add", "*string"), 2: ("drop", "*string")},
    "SeccompProfile": {1: ("type", "string"), 2: ("localhostProfile", "string")},
    "Toleration": {
        1: ("key", "string"), 2: ("operator", "string"), 3: ("value", "string"), 4: ("effect", "string"),
        5: ("tolerationSeconds", "int"),
    },
    "ResourceRequirements": {1: ("limits", "quantities"), 2: ("requests", "quantities")},
    "VolumeMount": {
        1: ("name", "string"), 2: ("readOnly", "bool"), 3: ("mountPath", "string"), 4: ("subPath", "string"),
    },
    "Volume": {1: ("name", "string"), 2: ("", "^VolumeSource")},
    "VolumeSource": {
        1: ("hostPath", "HostPathVolumeSource"), 2: ("emptyDir", "EmptyDirVolumeSource"),
        6: ("secret", "SecretVolumeSource"),
        10: ("persistentVolumeClaim", "PersistentVolumeClaimVolumeSource"), 19: ("configMap", "ConfigMapVolumeSource"),
    },
    "HostPathVolumeSource": {1: ("path", "string"), 2: ("type", "string")},
    "EmptyDirVolumeSource": {1: ("medium", "string")},
    "SecretVolumeSource": {1: ("secretName", "string"), 3: ("defaultMode", "int"), 4: ("optional", "bool")},
    "PersistentVolumeClaimVolumeSource": {1: ("claimName", "string"), 2: ("readOnly", "bool")},
    "ConfigMapVolumeSource": {1: ("", "^LocalObjectReference"), 3: ("defaultMode", "int"), 4: ("optional", "bool")},
    "LocalObjectReference": {1: ("name", "string")},
    "EnvFromSource": {
        1: ("prefix", "string"), 2: ("configMapRef", "OptionalReference"), 3: ("secretRef", "OptionalReference"),
    },
    "OptionalReference": {1: ("", "^LocalObjectReference"), 2: ("optional", "bool")},
    "EnvVarSource": {
        1: ("fieldRef", "ObjectFieldSelector"), 3: ("configMapKeyRef", "KeySelector"),
        4: ("secretKeyRef", "KeySelector"),
    },
    "ObjectFieldSelector": {1: ("apiVersion", "string"), 2: ("fieldPath", "string")},
    "KeySelector": {1: ("", "^LocalObjectReference"), 2: ("key", "string"), 3: ("optional", "bool")},
    "Job": {1: ("metadata", "ObjectMeta"), 2: ("spec", "JobSpec")},
    "JobSpec": {
        1: ("parallelism", "int"), 2: ("completions", "int"), 3: ("activeDeadlineSeconds", "int"),
        4: ("selector", "LabelSelector"), 5: ("manualSelector", "bool"), 6: ("template", "PodTemplateSpec"),
        7: ("backoffLimit", "int"), 8: ("ttlSecondsAfterFinished", "int"), 9: ("completionMode", "string"),
        10: ("suspend", "bool"),
    },
    "CronJob": {1: ("metadata", "ObjectMeta"), 2: ("spec", "CronJobSpec")},
    "CronJobSpec": {
        1: ("schedule", "string"), 2: ("startingDeadlineSeconds", "int"), 3: ("concurrencyPolicy", "string"),
        4: ("suspend", "bool"), 5: ("jobTemplate", "JobTemplateSpec"), 6: ("successfulJobsHistoryLimit", "int"),
        7: ("failedJobsHistoryLimit", "int"), 8: ("timeZone", "string"),
    },
    "JobTemplateSpec": {1: ("metadata", "ObjectMeta"), 2: ("spec", "JobSpec")},
    "ContainerPort": {
        1: ("name", "string"), 2: ("hostPort", "count"), 3: ("containerPort", "count"), 4: ("protocol", "string"),
    },
    "EnvVar": {1: ("name", "string"), 2: ("value", "string"), 3: ("valueFrom", "EnvVarSource")},
    "Service": {1: ("metadata", "ObjectMeta"), 2: ("spec", "ServiceSpec")},
    "ServiceSpec": {
        1: ("ports", "*ServicePort"), 2: ("selector", "map"), 3: ("clusterIP", "string"), 4: ("type", "string"),
    },
    "ServicePort": {
        1: ("name", "string"), 2: ("protocol", "string"), 3: ("port", "count"), 4: ("targetPort", "intstr"),
    },
    "IntOrString": {1: ("type", "int"), 2: ("intVal", "int"), 3: ("strVal", "string")},
    "Pod": {1: ("metadata", "ObjectMeta"), 2: ("spec", "PodSpec")},
    "Secret": {
        1: ("metadata", "ObjectMeta"), 2: ("data", "bytes map"), 3: ("type", "string"), 4: ("stringData", "map"),
        5: ("immutable", "bool"),
    },
    "Role": {1: ("metadata", "ObjectMeta"), 2: ("rules", "*PolicyRule")},
    "ClusterRole": {1: ("metadata", "ObjectMeta"), 2: ("rules", "*PolicyRule"), 3: ("aggregationRule", "Aggregation")},
    "Aggregation": {1: ("clusterRoleSelectors", "*LabelSelector")},
    "PolicyRule": {
        1: ("verbs", "*string"), 2: ("apiGroups", "*string"), 3: ("resources", "*string"),
        4: ("resourceNames", "*string"), 5: ("nonResourceURLs", "*string"),
    },
    "RoleBinding": {1: ("metadata", "ObjectMeta"), 2: ("subjects", "*Subject"), 3: ("roleRef", "RoleRef")},
    "ClusterRoleBinding": {1: ("metadata", "ObjectMeta"), 2: ("subjects", "*Subject"), 3: ("roleRef", "RoleRef")},
    "Subject": {1: ("kind", "string"), 2: ("apiGroup", "string"), 3: ("name", "string"), 4: ("namespace", "string")},
    "RoleRef": {1: ("apiGroup", "string"), 2: ("kind", "string"), 3: ("name", "string")},
    "PriorityClass": {
        1: ("metadata", "ObjectMeta"), 2: ("value", "int"), 3: ("globalDefault", "bool"), 4: ("description", "string"),
        5: ("preemptionPolicy", "string"),
    },
    "Ingress": {1: ("metadata", "ObjectMeta"), 2: ("spec", "IngressSpec")},
    "IngressSpec": {
        1: ("defaultBackend", "IngressBackend"), 2: ("tls", "*IngressTLS"), 3: ("rules", "*IngressRule"),
        4: ("ingressClassName", "string"),
    },
    "IngressTLS": {1: ("hosts", "*string"), 2: ("secretName", "string")},
    "IngressRule": {1: ("host", "string"), 2: ("", "^IngressRuleValue")},
    "IngressRuleValue": {1: ("http", "HTTPIngressRuleValue")},
    "HTTPIngressRuleValue": {1: ("paths", "*HTTPIngressPath")},
    "HTTPIngressPath": {1: ("path", "string"), 2: ("backend", "IngressBackend"), 3: ("pathType", "string")},
    "IngressBackend": {4: ("service", "IngressServiceBackend")},
    "IngressServiceBackend": {1: ("name", "string"), 2: ("port", "ServiceBackendPort")},
    "ServiceBackendPort": {1: ("name", "string"), 2: ("number", "count")},
    "PodDisruptionBudget": {1: ("metadata", "ObjectMeta"), 2: ("spec", "PodDisruptionBudgetSpec")},
    "PodDisruptionBudgetSpec": {
        1: ("minAvailable", "intstr"), 2: ("selector", "LabelSelector"), 3: ("maxUnavailable", "intstr"),
    },
    "HorizontalPodAutoscaler": {1: ("metadata", "ObjectMeta"), 2: ("spec", "HorizontalPodAutoscalerSpec")},
    "HorizontalPodAutoscalerSpec": {
        1: ("scaleTargetRef", "CrossVersionObjectReference"), 2: ("minReplicas", "int"), 3: ("maxReplicas", "int"),
        4: ("metrics", "*MetricSpec"),
    },
    "CrossVersionObjectReference": {1: ("kind", "string"), 2: ("name", "string"), 3: ("apiVersion", "string")},
    "MetricSpec": {1: ("type", "string"), 4: ("resource", "ResourceMetricSource")},
    "ResourceMetricSource": {1: ("name", "string"), 2: ("target", "MetricTarget")},
    "MetricTarget": {
        1: ("type", "string"), 2: ("value", "quantity"), 3: ("averageValue", "quantity"),
        4: ("averageUtilization", "int"),
    },
    "Quantity": {1: ("string", "string")},
}  # fmt: skip
