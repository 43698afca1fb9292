"""Choose which ports to forward, and from which local ports.

The declared ports are listed, the usual one checked; each has a local port that can be typed over. Invariants: it
listens nowhere itself; what is returned had free local ports a moment ago; a port in use is never silently replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Input, Static

from k9py.actions.action import ActionScope
from k9py.api.errors import KdashError
from k9py.forwarding.declared_ports import DeclaredPort
from k9py.forwarding.local_ports import next_free, port_problem
from k9py.forwarding.ports import ANY_PORT, LAST_PORT, PortPair, parse_port_text
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.theme import palette_for
from k9py.tui.tones import styled_text
from k9py.views.values import StyledLine, Tone

ROWS_AROUND: Final = 12
"""Lines of the screen that the list cannot use."""
_OTHER: Final = "other"


class LocalPortInput(Input):
    """The local port of a row. No port has a blank: Space is left to the dialog."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key != "space" and super().check_consume_key(key, character)


class PortRow(Horizontal):
    """A declared port, whether it is checked, and its local port.

    Args:
        port: what can be forwarded.
        local: the local port that is proposed.
    """

    DEFAULT_CSS = """
    PortRow { height: 1; width: 1fr; }
    PortRow Static { width: auto; }
    PortRow .what { width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, port: DeclaredPort, local: int, *, is_checked: bool) -> None:
        super().__init__()
        self.port = port
        self.is_checked = is_checked
        self.local = LocalPortInput(str(local), type="integer", max_length=5, compact=True, select_on_focus=True)
        self._mark = Static("", markup=False)

    def compose(self) -> ComposeResult:
        yield self._mark
        yield self.local
        palette = palette_for(self.app)
        name = f" {self.port.name}" if self.port.name else ""
        detail = f"  {self.port.detail}" if self.port.detail else ""
        pieces = ((" → ", Tone.MUTED), (f"{self.port.number}", Tone.PLAIN), (name, Tone.ACCENT), (detail, Tone.MUTED))
        yield Static(styled_text([pieces], palette), markup=False, classes="what")

    def on_mount(self) -> None:
        """Show the mark."""
        self.check(self.is_checked)

    def check(self, is_checked: bool) -> None:
        """Check it, or uncheck it."""
        self.is_checked = is_checked
        mark, tone = ("[✓] ", Tone.ACCENT) if is_checked else ("[ ] ", Tone.MUTED)
        self._mark.update(Text(mark, palette_for(self.app).tone(tone)))

    @property
    def local_port(self) -> int | None:
        """The local port, `ANY_PORT` when nothing is typed, None when it is none."""
        if not self.local.value:
            return ANY_PORT
        number = int(self.local.value) if self.local.value.isascii() and self.local.value.isdigit() else -1
        return number if 0 <= number <= LAST_PORT else None


class ForwardDialog(Dialog[tuple[PortPair, ...]]):
    """Returns the ports to forward, at least one.

    Args:
        name: of the object.
        place: namespace and context.
        ports: that it declares, the usual one first.
        note: what there is to know besides.
        warning: why connections would fail or wait now, "" when they would not.
        address: that is listened on.
        problem: returns why a local port cannot be used, "" when it can.
        check: raises KdashError for a port that the object does not have.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.PORTS)
    DEFAULT_CSS = """
    ForwardDialog > .box { width: 76; }
    ForwardDialog #ports { height: auto; margin: 0 0 1 0; scrollbar-size-vertical: 1; }
    ForwardDialog PortRow Input { width: 7; margin: 0; padding: 0 0 0 1; }
    ForwardDialog #other { margin: 0 0 0 4; width: 1fr; }
    ForwardDialog #other-row { height: 1; margin: 0 0 1 0; }
    ForwardDialog #status { margin: 0 0 1 0; }
    """
    HINT = "{ports.check} check · {ports.down}{ports.up} move · Enter forward · {dialog.cancel} cancel"
    HINT_WITHOUT_ROWS = "Enter forward · {dialog.cancel} cancel"

    def __init__(
        self,
        name: str,
        place: str,
        ports: Sequence[DeclaredPort],
        *,
        note: str = "",
        warning: str = "",
        address: str = "127.0.0.1",
        problem: Callable[[int], str] = port_problem,
        check: Callable[[int | str], None] = lambda remote: None,
    ) -> None:
        super().__init__(f"Forward {name}")
        self._place = place
        self._note = note
        self._warning = warning
        self._address = address
        self._problem = problem
        self._check = check
        self.replaced: dict[int, int] = {}
        """Ports that were in use when the dialog opened, and what is proposed instead."""
        self.rows = self._rows(ports)
        placeholder = "another port: 9000, 8081:9000 or a name" if ports else "port: 8080, 8081:80 or a name"
        self.other = Input(placeholder=placeholder, id=_OTHER, compact=True)

    def _rows(self, ports: Sequence[DeclaredPort]) -> list[PortRow]:
        rows: list[PortRow] = []
        taken: set[int] = set()
        for port in ports:
            local = port.local
            if local in taken or self._problem(local):
                local = next_free(local + 1, taken, self._problem)
                self.replaced[port.local] = local
            taken.add(local)
            rows.append(PortRow(port, local, is_checked=not rows))
        return rows

    def compose_body(self) -> ComposeResult:
        yield self.place_paragraph(self._place, ())
        if self.rows:
            yield VerticalScroll(*self.rows, id="ports", can_focus=False)
        with Horizontal(id="other-row"):
            yield self.other
        yield Static("", id="status", markup=False, classes="part")

    def on_mount(self) -> None:
        """Begin at the first local port."""
        self.set_initial_focus(self.rows[0].local if self.rows else self.other)
        if not self.rows:
            self.query_one(".box").border_subtitle = f" {self.with_keys(self.HINT_WITHOUT_ROWS)} "
        self._show_status()

    def on_resize(self, event: events.Resize) -> None:
        """Make the list as tall as the screen allows."""
        for listing in self.query("#ports"):
            listing.styles.max_height = max(3, event.size.height - ROWS_AROUND)

    # -- what is wrong ------------------------------------------------------------------------------------------------

    @property
    def checked(self) -> list[PortRow]:
        """The checked rows."""
        return [row for row in self.rows if row.is_checked]

    def typed(self) -> tuple[PortPair, ...]:
        """Return what is typed below the rows. Raises KdashError: it is no port, or none of the object."""
        pairs = parse_port_text(self.other.value)
        for pair in pairs:
            self._check(pair.remote)
        return pairs

    def pairs(self) -> tuple[PortPair, ...]:
        """Return what is chosen. Raises KdashError: what is typed is no port."""
        return (*(PortPair(row.port.number, row.local_port) for row in self.checked), *self.typed())

    def missing(self) -> str:
        """Return what has still to be chosen, "" when something is."""
        if self.checked or self.other.value.strip():
            return ""
        return self.with_keys("check a port with {ports.check}, or type one") if self.rows else "type a port"

    def fault(self) -> str:
        """Return what is wrong with what is typed, "" when nothing is."""
        for row in self.checked:
            if row.local_port is None:
                return f'"{row.local.value}" is no port: use 1 to {LAST_PORT}, or nothing for any'
        try:
            pairs = self.pairs()
        except KdashError as error:
            return ": ".join(filter(None, (error.message, error.hint)))
        locals_ = [pair.local for pair in pairs if pair.local]
        twice = next((port for port in locals_ if locals_.count(port) > 1), None)
        return f"local port {twice} is named twice" if twice is not None else ""

    def _unusable(self) -> tuple[PortRow | None, int, str] | None:
        """Return the first local port that cannot be used, where there is no fault.

        Returns:
            Its row (None: typed), the port, and why.
        """
        for row in self.checked:
            if (port := row.local_port) and (why := self._problem(port)):
                return row, port, why
        return next(
            ((None, port, why) for pair in self.typed() if (port := pair.local) and (why := self._problem(port))), None
        )

    def _show_status(self) -> None:
        missing, fault = self.missing(), self.fault()
        unusable = None if fault else self._unusable()
        lines: list[StyledLine] = []
        if fault:
            lines.append(((f"{Tone.FAIL.symbol} ", Tone.FAIL), (fault, Tone.PLAIN)))
        elif missing:
            lines.append(((f"{Tone.WARN.symbol} ", Tone.WARN), (missing, Tone.PLAIN)))
        elif unusable is not None:
            row, port, why = unusable
            offer = f": Enter takes {self._free_instead(port)}" if row is not None else ""
            lines.append(((f"{Tone.FAIL.symbol} ", Tone.FAIL), (f"{port} is {why}{offer}", Tone.PLAIN)))
        else:
            replaced = [f"{port} is in use" for row in self.checked for port in self._replaced_by(row)]
            text = f"listens on {self._address} only" + (f" · {', '.join(replaced)}" if replaced else "")
            lines.append(((f"{Tone.OK.symbol} ", Tone.OK), (text, Tone.MUTED)))
        if self._warning:
            lines.append(((f"{Tone.WARN.symbol} ", Tone.WARN), (self._warning, Tone.PLAIN)))
        if self._note and not fault:
            lines.append(((f"  {self._note}", Tone.MUTED),))
        self.query_one("#status", Static).update(styled_text(lines, palette_for(self.app), wrap=True))

    def _replaced_by(self, row: PortRow) -> list[int]:
        wanted = row.port.local
        return [wanted] if self.replaced.get(wanted) is not None and self.replaced[wanted] == row.local_port else []

    def _free_instead(self, port: int) -> int:
        return next_free(port + 1, {row.local_port or 0 for row in self.rows}, self._problem)

    # -- keys ---------------------------------------------------------------------------------------------------------

    @property
    def _row(self) -> PortRow | None:
        """The row with the focus."""
        return next((row for row in self.rows if row.local is self.focused), None)

    def action_check(self) -> None:
        """Check the row with the focus, or uncheck it."""
        row = self._row
        if row is None:
            self.other.insert_text_at_cursor(" ")
        else:
            row.check(not row.is_checked)
            self._show_status()

    def action_move(self, rows: int) -> None:
        """Move to another row."""
        inputs: list[Input] = [*(row.local for row in self.rows), self.other]
        at = next((at for at, each in enumerate(inputs) if each is self.focused), 0)
        inputs[max(0, min(len(inputs) - 1, at + rows))].focus()

    def action_to_confirm(self) -> None:
        """Move to the next row, after the last to the first: Enter confirms in every one of them."""
        inputs: list[Input] = [*(row.local for row in self.rows), self.other]
        at = next((at for at, each in enumerate(inputs) if each is self.focused), -1)
        inputs[(at + 1) % len(inputs)].focus()

    @on(Input.Changed)
    def _edited(self, event: Input.Changed) -> None:
        row = next((row for row in self.rows if row.local is event.input), None)
        if row is not None and row.local.has_focus and not row.is_checked:
            row.check(True)
        self._show_status()

    @on(Input.Submitted)
    def _submit(self) -> None:
        if fault := self.fault() or self.missing():
            self.warn(fault)
            return
        unusable = self._unusable()
        if unusable is None:
            self.dismiss(self.pairs())
            return
        row, port, why = unusable
        if row is None:
            self.warn(f"{port} is {why}: type another local port")
            return
        free = self._free_instead(port)
        row.local.value = str(free)
        self.warn(f"{port} is {why}: {free} is free, Enter forwards it")
