"""The parts of README that are made from the code: `python -m tests.readme` writes them, a test compares them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from k9py.diagnosis.registry import built_in_checks

README: Final = Path(__file__).parents[1] / "README.md"
BEGIN: Final = "<!-- checks: made by python -m tests.readme -->"
END: Final = "<!-- end of checks -->"


def checks_table() -> str:
    """Return the table of all checks, by id."""
    lines = ["| check | looks at | finds | what helps |", "| --- | --- | --- | --- |"]
    for check in sorted(built_in_checks(), key=lambda each: each.id):
        subjects = ", ".join(kind.name for kind in check.subjects)
        finds = f"{_cell(check.title)} ([rule]({check.source}))"
        lines.append(f"| `{check.id}` | {subjects} | {finds} | {_cell(check.remedy)} |")
    return "\n".join(lines)


def with_checks(readme: str) -> str:
    """Return README with the current table of checks."""
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{checks_table()}\n\n{END}{after}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    README.write_text(with_checks(README.read_text("utf-8")), "utf-8")
