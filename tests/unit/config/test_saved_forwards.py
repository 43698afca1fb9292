"""The forwards of the config file as one context sees them."""

from __future__ import annotations

from k9py.config.saved_forwards import saved_forwards
from k9py.config.settings import parse_settings

SOURCE = """\
[forwards.web]
target = "svc/web"
ports = ["8080:80"]
key = "f13"

[forwards.db]
target = "sts/db"
ports = 5432

[forwards.far]
target = "svc/far"
ports = ["80"]
context = "prod-*"
"""


def test_each_that_the_file_names_is_usable_or_has_a_reason() -> None:
    saved = saved_forwards(parse_settings(SOURCE), "demo")
    assert list(saved.usable) == ["web"]
    assert saved.faults["web"] == 'line 4: forwards.web.key "f13" is no function key from f2 to f12'
    assert saved.broken == {"db": 'line 8: forwards.db.ports must be a list, such as ["8080:80"]'}
    assert saved.why_unknown("far") == "saved forward far is for contexts prod-*"
    assert saved.why_unknown("nosuch\x1b") == "no saved forward nosuch�"
    assert saved.listed() == "saved forwards: web, db (not valid)"


def test_a_free_name_is_that_of_no_table_of_the_file() -> None:
    saved = saved_forwards(parse_settings(f'{SOURCE}[forwards.web-2]\ntarget = "svc/web"\nports = ["81"]\n'), "demo")
    assert [saved.free_name(name) for name in ("web", "db", "far", "new")] == ["web-3", "db-2", "far-2", "new"]


def test_a_file_that_cannot_be_read_is_not_called_empty() -> None:
    assert saved_forwards(parse_settings("[forwards"), "demo").listed().startswith("config file, line 1: ")
    assert saved_forwards(parse_settings(""), "demo").listed() == "the config file has no forward for this context"
    assert "no forward" in saved_forwards(parse_settings("[triag]\n"), "demo").listed(), "a fault elsewhere"
