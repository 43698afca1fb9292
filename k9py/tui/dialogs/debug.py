"""Ask how to debug: a debug container in the pod, a copy of the pod, or a shell on its node. Enter continues.

Owns: the fields of each way, filled in from the settings. Invariant: it only asks; what is created is confirmed in the
dialog that follows.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from k9py.actions.action import ActionScope
from k9py.api.errors import RefusedError
from k9py.api.text import printable
from k9py.operations.debugging.pods import check_image
from k9py.operations.debugging.profiles import PROFILES, DebugStyle, Level, profile_text
from k9py.operations.debugging.warnings import admitted_profile
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.continue_dialog import ContinueDialog
from k9py.tui.widgets.choice_field import ChoiceField
from k9py.tui.widgets.toned_text import text_line
from k9py.views.values import Tone

_ADDED: Final = "a container that is added"
_NONE: Final = "none"
_LABELS: Final = {
    DebugStyle.EPHEMERAL: "a debug container in this pod",
    DebugStyle.COPY: "a copy of the pod",
    DebugStyle.NODE: "a shell on node",
}
_FIELDS: Final[dict[DebugStyle, tuple[str, ...]]] = {
    DebugStyle.EPHEMERAL: ("image", "target", "profile", "command"),
    DebugStyle.COPY: ("name", "container", "image", "profile", "command"),
    DebugStyle.NODE: ("namespace", "image", "profile"),
}
_TITLES: Final = {
    "image": "Image",
    "target": "Target",
    "profile": "Profile",
    "command": "Command",
    "name": "Name of the copy",
    "container": "Work in",
    "namespace": "Namespace",
}


@dataclass(frozen=True, slots=True)
class DebugDefaults:
    """What a way of debugging starts with.

    Args:
        level: of PodSecurity that the namespace enforces, None when unknown.
    """

    image: str
    profile: str
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class DebugSubject:
    """What is debugged.

    Args:
        name: such as "Pod web-0".
        place: namespace and context.
        containers: the main ones of the pod; () of a Node.
        node: of the pod, or the Node; "" while the pod is not scheduled.
        copy_name: of a copy.
        namespace: where a pod on the node is created.
        notes: what to know before, such as what was left over.
    """

    name: str
    place: str
    containers: tuple[str, ...] = ()
    node: str = ""
    copy_name: str = ""
    namespace: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DebugChoice:
    """The answer.

    Args:
        image: "" keeps that of the existing container of a copy.
        target: container whose processes are seen, "" for none.
        container: existing container of a copy to change, "" adds one.
    """

    style: DebugStyle
    image: str
    profile: str
    command: tuple[str, ...] = ()
    target: str = ""
    container: str = ""
    copy_name: str = ""
    namespace: str = ""


class DebugDialog(ContinueDialog[DebugChoice]):
    """Returns how to debug.

    Args:
        defaults: by way; ways that are left out are not offered.
        target: container under the cursor, "" when there is none.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.FORM)
    HINT = "{form.next}{form.previous} field · {choice.next} change · Enter continue · {dialog.cancel} cancel"
    DEFAULT_CSS = """
    DebugDialog > .box { width: 84; }
    DebugDialog .field { height: 1; width: 100%; }
    DebugDialog .field Static.title { width: 18; color: $text-muted; }
    DebugDialog .field Input { width: 1fr; }
    DebugDialog #rights { margin: 1 0 0 0; height: auto; }
    """

    def __init__(self, subject: DebugSubject, defaults: dict[DebugStyle, DebugDefaults], *, target: str = "") -> None:
        super().__init__(f"Debug {subject.name}")
        self._subject = subject
        self._defaults = defaults
        self._target = target
        self._shown: DebugStyle | None = None

    def compose_body(self) -> ComposeResult:
        subject = self._subject
        notes = [text_line(((note, Tone.WARN),)) for note in subject.notes]
        yield self.place_paragraph(subject.place, notes)
        styles = list(self._defaults)
        labels = [
            f"{_LABELS[style]} {subject.node}" if style is DebugStyle.NODE else _LABELS[style] for style in styles
        ]
        yield self._row("style", "With", ChoiceField([style.name for style in styles], labels=labels, id="style"))
        for name, widget in self._fields():
            yield self._row(name, _TITLES[name], widget)
        yield Static("", id="rights", markup=False)
        yield Static("", id="wrong", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="cancel")
            yield Button("Continue", compact=True, id="confirm", variant="primary")

    def _fields(self) -> Sequence[tuple[str, Widget]]:
        subject = self._subject
        containers, changed = subject.containers, (self._target if self._target in subject.containers else "")
        targets, parts = ("", *containers), ("", *containers)
        profiles = list(PROFILES)
        return (
            ("namespace", Input(subject.namespace, compact=True, id="namespace")),
            ("name", Input(subject.copy_name, compact=True, id="name")),
            ("container", ChoiceField(parts, labels=(_ADDED, *containers), id="container")),
            ("image", Input(compact=True, id="image")),
            ("target", ChoiceField(targets, labels=(_NONE, *containers), value=changed, id="target")),
            ("profile", ChoiceField(profiles, id="profile")),
            ("command", Input(placeholder="empty: what the image starts", compact=True, id="command")),
        )

    def _row(self, name: str, title: str, widget: Widget) -> Horizontal:
        return Horizontal(Static(title, classes="title", markup=False), widget, classes="field", id=f"row-{name}")

    def on_mount(self) -> None:
        """Begin with the first way; Enter continues with what is filled in."""
        self._show_style()
        self.set_initial_focus(self.query_one("#style"))

    @property
    def style_(self) -> DebugStyle:
        """The way that is chosen."""
        return DebugStyle[self.query_one("#style", ChoiceField).value]

    # -- fields -------------------------------------------------------------------------------------------------------

    @on(ChoiceField.Changed, "#style")
    def _show_style(self) -> None:
        style, before = self.style_, self._shown
        self._shown = style
        for name in _TITLES:
            self.query_one(f"#row-{name}").display = name in _FIELDS[style]
        image, defaults = self.query_one("#image", Input), self._defaults[style]
        if before is None or image.value == self._defaults[before].image:  # not typed
            image.value = defaults.image
        self.query_one("#profile", ChoiceField).value = admitted_profile(defaults.level, defaults.profile, style)
        self._show_container()
        self._show_rights()

    @on(ChoiceField.Changed, "#container")
    def _show_container(self) -> None:
        is_changed = self.style_ is DebugStyle.COPY and bool(self.query_one("#container", ChoiceField).value)
        image, default = self.query_one("#image", Input), self._defaults[self.style_].image
        image.placeholder = "as it is" if is_changed else "an image with tools"
        if is_changed and image.value == default:
            image.value = ""
        elif not is_changed and not image.value:
            image.value = default

    @on(ChoiceField.Changed, "#profile")
    @on(ChoiceField.Changed, "#target")
    def _show_rights(self) -> None:
        profile, style = self.query_one("#profile", ChoiceField).value, self.style_
        lines = [((f"profile {profile}: ", Tone.MUTED), (profile_text(profile, style), Tone.PLAIN))]
        if style is DebugStyle.EPHEMERAL:
            target = self.query_one("#target", ChoiceField).value
            sees = "sees the processes of this container too" if target else "sees only its own processes"
            lines.insert(0, ((f"target {printable(target) or _NONE}: ", Tone.MUTED), (sees, Tone.PLAIN)))
        level = self._defaults[style].level
        if admitted_profile(level, profile, style) != profile:
            lines.append(
                (("▲ ", Tone.WARN), (f"the namespace enforces PodSecurity {level}, which refuses it", Tone.WARN))
            )
        shown = self.toned(*lines[0])
        for line in lines[1:]:
            shown = shown.append("\n").append_text(self.toned(*line))
        self.query_one("#rights", Static).update(shown)

    def action_walk(self, by: int) -> None:
        """Focus the next field, or the one before."""
        rows = ["style", *_FIELDS[self.style_]]
        focused = self.focused.id if self.focused is not None else None
        at = rows.index(focused) if focused in rows else 0
        self.query_one(f"#{rows[(at + by) % len(rows)]}").focus()

    # -- the answer ---------------------------------------------------------------------------------------------------

    @on(ChoiceField.Submitted)
    def _field_submitted(self) -> None:
        self.submit()

    def submit(self) -> None:
        try:
            self.dismiss(self._choice())
        except RefusedError as error:
            self._refuse(error.message)
        except ValueError as error:  # a quotation mark without its other one
            self._refuse(f"command: {error}")

    def _refuse(self, why: str) -> None:
        self.query_one("#wrong", Static).update(self.toned((f"{Tone.FAIL.symbol} ", Tone.FAIL), (why, Tone.PLAIN)))

    def _choice(self) -> DebugChoice:
        """Return the answer. Raises RefusedError or ValueError: a field is not valid."""
        style = self.style_
        image = self._typed("image")
        container = self._chosen("container") if style is DebugStyle.COPY else ""
        command = () if style is DebugStyle.NODE else tuple(shlex.split(self._typed("command")))
        check_image(image)
        if not image and not container:
            raise RefusedError("name an image")
        if container and not image and not command:
            raise RefusedError("the copy would not differ: name another image or a command")
        return DebugChoice(
            style,
            image,
            self._chosen("profile"),
            command,
            target=self._chosen("target") if style is DebugStyle.EPHEMERAL else "",
            container=container,
            copy_name=self._typed("name") if style is DebugStyle.COPY else "",
            namespace=self._typed("namespace") if style is DebugStyle.NODE else "",
        )

    def _typed(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _chosen(self, name: str) -> str:
        return self.query_one(f"#{name}", ChoiceField).value
