"""What looks like a secret, in every place of an object, and what only looks like one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from k9py.api.redaction import redact, redact_pair, redact_text
from k9py.rollouts.semantic_diff import semantic_diff
from k9py.rollouts.template_diff import template_diff

WORD = "hunter2"
B64 = "aHVudGVyMg=="


def container(**fields: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "app", "image": "shop/app:1", **fields}]}}


def env(name: str, value: str) -> dict[str, Any]:
    return container(env=[{"name": name, "value": value}])


HOLDING: dict[str, Any] = {
    "variable": env("DB_PASSWORD", WORD),
    "variable that is a path": env("API_TOKEN", f"/{WORD}"),
    "URL in a variable": env("DATABASE_URL", f"postgres://shop:{WORD}@db:5432/shop"),
    "URL without a user": env("REDIS", f"redis://:{WORD}@redis:6379"),
    "JSON in a variable": env("CONFIG", json.dumps({"db": {"password": WORD}})),
    "flag": container(args=[f"--password={WORD}"]),
    "flag and its value": container(args=["--db-password", WORD]),
    "flag in a script": container(command=["sh", "-c", f"app --password {WORD} --port 80"]),
    "assignment in a script": container(command=["sh", "-c", f"export PGPASSWORD={WORD}; exec app"]),
    "quoted assignment in a script": container(command=["sh", "-c", f"TOKEN='{WORD} x' app"]),
    "header in a script": container(args=["-c", f"curl -H 'Authorization: Bearer {WORD}' http://x/"]),
    "URL in arguments": container(args=["--url", f"https://u:{WORD}@x/"]),
    "header of a probe": container(
        livenessProbe={"httpGet": {"path": "/", "httpHeaders": [{"name": "Authorization", "value": f"Basic {WORD}"}]}}
    ),
    "header of a lifecycle hook": container(
        lifecycle={"preStop": {"httpGet": {"httpHeaders": [{"name": "X-Api-Key", "value": WORD}]}}}
    ),
    "command of a probe": container(readinessProbe={"exec": {"command": ["redis-cli", "--pass", WORD, "ping"]}}),
    "last applied": {
        "metadata": {
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(env("TOKEN", WORD))}
        }
    },
    "Secret": {"kind": "Secret", "data": {"url": B64}, "stringData": {"anything": WORD}},
    "Secret in a list": {"kind": "List", "items": [{"kind": "Secret", "data": {"a": B64}}]},
    "last applied Secret": {
        "kind": "Secret",
        "metadata": {
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"kind": "Secret", "data": {"a": B64}})
            }
        },
    },
    "ConfigMap": {"kind": "ConfigMap", "data": {"db-password": WORD}},
    "file in a ConfigMap": {"kind": "ConfigMap", "data": {"app.properties": f"db.user=shop\ndb.password={WORD}\n"}},
    "YAML in a ConfigMap": {"kind": "ConfigMap", "data": {"app.yaml": f"db:\n  password: {WORD}\n"}},
    "custom resource": {"kind": "Database", "spec": {"adminPassword": WORD, "auth": {"token": WORD}}},
    "condition": {"status": {"conditions": [{"message": f"cannot reach amqp://u:{WORD}@mq"}]}},
}

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


def script(text: str) -> dict[str, Any]:
    return container(command=["sh", "-c", text])


def config(text: str) -> dict[str, Any]:
    return {"kind": "ConfigMap", "data": {"file": text}}


HOLDING |= {
    **{
        f"variable {name}": env(name, WORD)
        for name in ("DBPASS", "dbPass", "DB_CREDS", "JWT", "AUTH", "BASIC_AUTH", "DB_PW", "GITHUB_PAT", "HMAC", "SALT")
    },
    "variable that is a number": {"spec": {"env": [{"name": "PIN_TOKEN", "value": 4711}, {"name": "T", "value": "x"}]}},
    "variable with more fields": {"spec": {"env": [{"name": "TOKEN", "value": WORD, "x": 1}]}},
    "variables as a mapping": {"spec": {"env": {"DB_PASSWORD": WORD}}},
    "URL with a slash in the password": env("X", f"postgres://u:a/{WORD}@h/db"),
    "URL with an at sign in the password": env("X", f"postgres://u:a@{WORD}@h/db"),
    "URL with a token for a user": env("X", f"https://{WORD}-{WORD}@github.com/x.git"),
    "token in a URL": env("X", f"https://h/x?access_token={WORD}&a=b"),
    "signature in a URL": env("X", f"https://h/x?sv=1&sig={WORD}"),
    "JDBC": env("X", f"jdbc:mysql://h/db?user=a&password={WORD}"),
    "ADO.NET": env("X", f"Server=h;Database=d;User Id=u;Password={WORD};"),
    "storage account": env("X", f"DefaultEndpointsProtocol=https;AccountName=a;AccountKey={WORD}==;EndpointSuffix=x"),
    "service bus": env("X", f"Endpoint=sb://x/;SharedAccessKeyName=n;SharedAccessKey={WORD}="),
    "libpq": env("X", f"host=h user=u password={WORD} dbname=d"),
    "DSN of Go": env("X", f"user:{WORD}@tcp(h:3306)/db"),
    "JSON list in a variable": env("X", json.dumps([{"password": WORD}])),
    "registries": env("X", json.dumps({"auths": {"r": {"auth": WORD, "username": "u", "password": WORD}}})),
    "service account": env("X", json.dumps({"private_key": f"-----BEGIN PRIVATE KEY-----\n{WORD}"})),
    "YAML in a variable": env("X", f'db:\n  password: "{WORD} x"\n'),
    "private key": env("X", f"-----BEGIN RSA PRIVATE KEY-----\nMII{WORD}\n-----END RSA PRIVATE KEY-----"),
    "webhook": env("X", f"https://hooks.slack.com/services/T0/B0/{WORD}"),
    "user and password": container(args=["-u", f"admin:{WORD}"]),
    "short flag of a program": container(command=["redis-cli", "-a", WORD, "ping"]),
    "password at its flag": container(command=["/usr/bin/mysqladmin", f"-p{WORD}", "ping"]),
    "arguments of a program": container(command=["mysqldump"], args=["-h", "db", f"-p{WORD}"]),
    "short flag in a script": script(f"mysql -u root -p{WORD} -h db"),
    "redis-cli in a script": script(f"redis-cli -h r -a {WORD} ping"),
    "curl in a script": script(f"curl -u admin:{WORD} http://x"),
    "pipe in a script": script(f"echo {WORD} | docker login --password-stdin"),
    "another header in a script": script(f"curl -H 'Authorization: Token {WORD}' x"),
    "path of a probe": container(livenessProbe={"httpGet": {"path": f"/h?token={WORD}"}}),
    "annotations": {"metadata": {"annotations": {"x/password": WORD, "x/api-key": WORD}}},
    "annotation that is YAML": {"metadata": {"annotations": {"x/values": f"a: b\npassword: {WORD}"}}},
    "change-cause": {"metadata": {"annotations": {"kubernetes.io/change-cause": f"set env d/x DB_PASS={WORD}"}}},
    "list of Secrets": {"kind": "SecretList", "items": [{"data": {"x": B64}}]},
    "JSON in a ConfigMap": config(json.dumps({"password": WORD})),
    "XML in a ConfigMap": config(f"<settings>\n<password>{WORD}</password></settings>\n"),
    "htpasswd in a ConfigMap": config(f"admin:$2y$10${WORD}\n"),
    "variable in a ConfigMap": config(f"env:\n- name: DB_PASSWORD\n  value: {WORD}\n"),
    "block in a ConfigMap": config(f"a: 1\npassword: |\n  {WORD}\nb: 2\n"),
    "snake case": {"kind": "Database", "spec": {"auth_token": WORD, "secret_key": WORD, "PASSWORD": WORD}},
    "status": {"status": {"conditions": [{"message": f"failed with password={WORD}"}]}},
}

SHAPED = (
    JWT,
    "AKIA" + "IOSFODNN7EXAMPLE",
    "ghp_" + "a1B2" * 9,
    "glpat-" + "a1B2" * 5,
    "sk-" + "a1B2" * 10,
    "sk_" + "live_" + "a1B2" * 6,
    "xoxb-" + "1234567890-abcdef",
)


@pytest.mark.parametrize("token", SHAPED, ids=[token[:4] for token in SHAPED])
def test_a_token_is_hidden_wherever_it_stands(token: str) -> None:
    for value in (env("X", token), container(args=[token]), script(f"login {token}"), {"status": {"message": token}}):
        assert token not in json.dumps(redact(value))


@pytest.mark.parametrize("value", HOLDING.values(), ids=HOLDING.keys())
def test_what_looks_like_a_secret_is_hidden(value: Any) -> None:
    shown = json.dumps(redact(value), ensure_ascii=False)
    assert WORD not in shown
    assert B64 not in shown
    assert "••••••" in shown


PLAIN: dict[str, Any] = {
    "reference": container(
        env=[{"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]
    ),
    "volume": {"spec": {"volumes": [{"name": "token", "secret": {"secretName": "tls"}}]}},
    "projected token": {
        "spec": {"volumes": [{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]}
    },
    "toleration": {"spec": {"tolerations": [{"key": "dedicated", "operator": "Equal", "value": "shop"}]}},
    "flag that refers": container(args=["--password=$(DB_PASSWORD)"]),
    "assignment that refers": container(command=["sh", "-c", "PGPASSWORD=$DB_PASSWORD psql"]),
    "empty variable": env("DB_PASSWORD", ""),
    "variable": env("LOG_LEVEL", "debug"),
    "pull secrets": {"spec": {"imagePullSecrets": [{"name": "registry"}], "automountServiceAccountToken": False}},
    "variable named like nothing": env("KEYBOARD", "de"),
    "URL": env("URL", "https://example.com/a@b"),
    "URL with a port": env("URL", "http://example.com:8080/a@b"),
    "variable named like no secret": env("BYPASS", "on"),
    "image": {"spec": {"containers": [{"image": "registry/token:1.2"}]}},
    "what is missing": {"status": {"message": "references non-existent secret key: tls.crt"}},
    "port": container(args=["-p", "8080"]),
    "switch": env("AUTH", "true"),
    "list in a variable": env("X", "[1, 2]"),
}


@pytest.mark.parametrize("value", PLAIN.values(), ids=PLAIN.keys())
def test_ordinary_values_are_not_redacted(value: Any) -> None:
    assert redact(value) == value


def test_the_object_itself_is_left_as_it_was() -> None:
    value = env("DB_PASSWORD", WORD)
    redact(value)
    assert value == env("DB_PASSWORD", WORD)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (env("DB_PASSWORD", "one"), env("DB_PASSWORD", "two")),
        (env("URL", "redis://:one@x"), env("URL", "redis://:two@x")),
        (container(args=["--token=one"]), container(args=["--token=two"])),
        (container(args=["--token", "one"]), container(args=["--token", "two"])),
        (
            container(env=[{"name": "TOKEN", "value": "one"}, {"name": "TOKEN", "value": "two"}]),
            container(env=[{"name": "TOKEN", "value": "two"}, {"name": "TOKEN", "value": "one"}]),
        ),
    ],
)
def test_a_difference_between_secrets_is_shown_and_the_secrets_are_not(old: Any, new: Any) -> None:
    lines = [line.text for line in template_diff(old, new)]
    assert lines
    assert not any("one" in line or "two" in line for line in lines)
    assert any("another" in line or "hidden" in line for line in lines)
    assert any("two" in line.text for line in template_diff(old, new, shows_secrets=True))


def test_equal_secrets_are_shown_as_equal() -> None:
    old, new = redact_pair(env("DB_PASSWORD", WORD), env("DB_PASSWORD", WORD))
    assert old == new


def test_summary_hides_annotations() -> None:
    old, new = (
        {"metadata": {"annotations": {"x/password": word, "x/y": f"a=b token={word}"}}} for word in ("a1", "b2")
    )
    texts = [f"{change.field}: {change.before} -> {change.after}" for change in semantic_diff(old, new)]
    assert texts == [
        "x/password: •••••• (hidden) -> •••••• (hidden, another value)",
        "x/y: a=b token=•••••• -> a=b token=••••••(another)",
    ]


def test_summary_and_yaml_hide_the_same() -> None:
    for value in HOLDING.values():
        if "spec" in value and "containers" in value["spec"]:
            bare = {"spec": {"containers": [{"name": "app"}]}}
            for change in semantic_diff(bare, value):
                assert WORD not in f"{change.before} {change.after}", change
            assert not any(WORD in line.text for line in template_diff(bare, value))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("cannot open postgres://u:hunter2@db", "cannot open postgres://u:••••••@db"),
        ("env: DB_PASSWORD=hunter2 is wrong", "env: DB_PASSWORD=•••••• is wrong"),
        ("kubectl set env deploy/x API_TOKEN=hunter2 --record", "kubectl set env deploy/x API_TOKEN=•••••• --record"),
        ("Back-off restarting failed container", "Back-off restarting failed container"),
        ("references non-existent secret key: tls.crt", "references non-existent secret key: tls.crt"),
        ('secret "db" not found', 'secret "db" not found'),
        ("token is expired", "token is expired"),
    ],
)
def test_texts_of_people_and_programs_are_masked(text: str, shown: str) -> None:
    assert redact_text(text) == shown
