"""`kdash checks`: every check, what it looks at, its rule and what helps; its id mutes it."""

from __future__ import annotations

from k9py.cli.console import Console
from k9py.cli.objects.text_table import TextTable, print_table
from k9py.diagnosis.check import Check
from k9py.diagnosis.registry import CheckRegistry, built_in_checks
from k9py.views.exit_codes import ExitCode
from k9py.views.values import Cell, Column


def list_checks(console: Console, *, json: bool, checks: CheckRegistry | None = None) -> ExitCode:
    """Print all checks, by id."""
    known = sorted(built_in_checks() if checks is None else checks, key=lambda each: each.id)
    if json:
        console.print_json([check_values(each) for each in known])
        return ExitCode.DONE
    columns = (Column("check", "CHECK"), Column("looks_at", "LOOKS AT"), Column("finds", "FINDS"))
    rows: list[tuple[Cell, ...]] = [(Cell(each.id), Cell(subjects_text(each)), Cell(each.title)) for each in known]
    print_table(console, TextTable(columns, rows), headers=True)
    return ExitCode.DONE


def check_values(check: Check) -> dict[str, object]:
    """Return a check as JSON values."""
    return {
        "id": check.id,
        "title": check.title,
        "subjects": [kind.name for kind in check.subjects],
        "reads": list(check.reads),
        "source": check.source,
        "remedy": check.remedy,
    }


def subjects_text(check: Check) -> str:
    """Return the kinds that a check looks at: `Deployment, StatefulSet`."""
    return ", ".join(kind.name for kind in check.subjects)
