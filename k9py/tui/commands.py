"""What can be typed after `:` or found with Ctrl+P, as data; both faces read the same list.

Invariants: a command only calls an action of the screen it was typed on, so a command can do nothing a key cannot. The
first one is harmless: Ctrl+P Enter runs it.

To add one: a `Command` in `COMMANDS`; its `run` gets the screen and the argument as typed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from textual.command import DiscoveryHit, Hit, Hits, Provider

from k9py.api.errors import RefusedError

if TYPE_CHECKING:
    from k9py.tui.screens.aim import Aim
    from k9py.tui.screens.cluster_screen import ClusterScreen

Run = Callable[["ClusterScreen", str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command.

    Args:
        name: what is typed; `aliases` mean the same.
        title: what it does, for the lists.
        run: does it.
        argument: word for what may follow, "" when nothing may.
        required: the argument cannot be left out.
    """

    name: str
    title: str
    run: Run
    aliases: tuple[str, ...] = ()
    argument: str = ""
    required: bool = False

    @property
    def usage(self) -> str:
        """Return how it is typed."""
        if not self.argument:
            return self.name
        return f"{self.name} {self.argument}" if self.required else f"{self.name} [{self.argument}]"

    def answers_to(self, word: str) -> bool:
        """Say whether that word means this command."""
        return word == self.name or word in self.aliases


def _action(action: str) -> Run:
    async def run(screen: ClusterScreen, _argument: str) -> None:
        await screen.run_action(action)

    return run


async def _namespace(screen: ClusterScreen, argument: str) -> None:
    if argument in ("", "?"):
        await screen.run_action("namespaces")
    else:
        screen.kdash.show_namespaces(() if argument in ("all", "0", "*") else tuple(argument.replace(",", " ").split()))


async def _context(screen: ClusterScreen, argument: str) -> None:
    if argument:
        screen.kdash.show_context(argument)
    else:
        await screen.run_action("contexts")


async def _scale(screen: ClusterScreen, argument: str) -> None:
    if argument and not argument.isdigit():
        raise RefusedError(f"{argument!r} is not a number of replicas", "for example: scale 3")
    screen.begin_scale(int(argument) if argument else None)


async def _undo(screen: ClusterScreen, argument: str) -> None:
    if argument and not argument.isdigit():
        raise RefusedError(f"{argument!r} is not a revision", "for example: undo 4, or undo to choose from a list")
    screen.begin_undo(int(argument) if argument else None)


async def _diff(screen: ClusterScreen, argument: str) -> None:
    words = argument.replace("..", " ").split()
    if len(words) > 2 or not all(word.isdigit() for word in words):
        raise RefusedError(
            f"{argument!r} names no revisions", "for example: diff 3 5, or diff 3 to compare it with now"
        )
    screen.begin_difference(*map(int, words))


async def _set_image(screen: ClusterScreen, argument: str) -> None:
    images: dict[str, str] = {}
    for word in argument.replace(",", " ").split():
        container, equals, image = word.partition("=")
        images[container if equals else ""] = image if equals else word
    screen.begin_set_image(images or None)


async def _pause(screen: ClusterScreen, _argument: str) -> None:
    screen.begin_pause(True)


async def _resume(screen: ClusterScreen, _argument: str) -> None:
    screen.begin_pause(False)


async def _theme(screen: ClusterScreen, argument: str) -> None:
    screen.kdash.show_theme(argument)


COMMANDS: Final = (
    Command("help", "All keys", _action("help"), aliases=("?", "h")),
    Command("ns", "Show a namespace, or choose one", _namespace, ("namespace", "namespaces"), argument="name"),
    Command("all", "Show all namespaces", _action("all_namespaces"), aliases=("0",)),
    Command("ctx", "Connect to another cluster, or choose one", _context, ("context", "contexts"), argument="name"),
    Command("scale", "Change the number of replicas", _scale, argument="replicas"),
    Command("restart", "Replace every pod", _action("restart")),
    Command("undo", "Roll back to an earlier revision", _undo, ("rollback",), argument="revision"),
    Command("diff", "What changed between two revisions, or one and now", _diff, argument="revision [revision]"),
    Command("set-image", "Set the image of a container", _set_image, ("image",), argument="[container=]image"),
    Command("pause", "Pause a Deployment's rollout", _pause),
    Command("resume", "Let a paused rollout go on", _resume),
    Command("zero", "Scale to zero, and back to as many as before", _action("zero")),
    Command("delete", "Delete the pod under the cursor", _action("delete_pod")),
    Command("evict", "Evict the pod under the cursor", _action("evict")),
    Command("stop", "Of several: begin no further one", _action("stop")),
    Command("logs", "Logs of everything behind it", _action("logs")),
    Command("previous", "Logs of the containers that ran before", _action("previous_logs")),
    Command("describe", "Facts, findings and events", _action("describe"), aliases=("desc",)),
    Command("yaml", "The whole object as the server has it", _action("yaml")),
    Command("theme", "Choose the colours", _theme, argument="dark|light|colour-blind|colour-blind-light"),
    Command("redraw", "Draw the whole screen anew", _action("app.redraw")),
    Command("q", "Quit", _action("app.quit"), aliases=("quit", "q!", "exit", "x")),
)


def matching(commands: Sequence[Command], line: str) -> tuple[Command, ...]:
    """Return the commands whose name or alias begins with the first word typed; all of them for an empty line."""
    words = line.split(maxsplit=1)
    if not words:
        return tuple(commands)
    word = words[0].lower()
    if len(words) > 1 or line[-1].isspace():
        return tuple(command for command in commands if command.answers_to(word))
    return tuple(
        command for command in commands if any(name.startswith(word) for name in (command.name, *command.aliases))
    )


def parse(line: str, commands: Sequence[Command] = COMMANDS) -> tuple[Command, str]:
    """Return the command a line names and its argument ("" when none was given).

    A beginning that fits one command alone is enough.

    Raises:
        RefusedError: no such command, an argument too many or too few.
    """
    word, _, argument = line.strip().removeprefix(":").strip().partition(" ")
    argument = argument.strip()
    found = [command for command in commands if command.answers_to(word.lower())]
    found = found or list(matching(commands, word.lower()) if word else ())
    if len(found) != 1:
        names = ", ".join(command.name for command in found or commands)
        raise RefusedError(
            f"no command {word!r}" if not found else f"{word!r} may mean several commands", f"there is: {names}"
        )
    command = found[0]
    if argument and not command.argument:
        raise RefusedError(f"{command.name} takes no argument", f"type: {command.usage}")
    if command.required and not argument:
        raise RefusedError(f"{command.name} needs an argument", f"type: {command.usage}")
    return command, argument


class CommandProvider(Provider):
    """Finds the commands for Textual's command palette (Ctrl+P)."""

    _aim: Aim | None = None

    @property
    def _cluster_screen(self) -> ClusterScreen | None:
        from k9py.tui.screens.cluster_screen import ClusterScreen

        return self.screen if isinstance(self.screen, ClusterScreen) else None

    async def startup(self) -> None:
        """Keep what is under the cursor as the palette opens: that is what a command found in it is meant for."""
        screen = self._cluster_screen
        self._aim = None if screen is None else screen.present_aim()

    def _runner(self, screen: ClusterScreen, command: Command, argument: str) -> Callable[[], None]:
        return partial(screen.run_command, command, argument, self._aim)

    async def discover(self) -> Hits:
        screen = self._cluster_screen
        if screen is not None:
            for command in COMMANDS:
                yield DiscoveryHit(command.name, self._runner(screen, command, ""), help=command.title)

    async def search(self, query: str) -> Hits:
        screen = self._cluster_screen
        if screen is None:
            return
        word, _, argument = query.lstrip(":").partition(" ")
        matcher = self.matcher(word)
        for command in COMMANDS:
            exact = command.answers_to(word.lower())
            score = 1.0 if exact else max(matcher.match(command.name), matcher.match(command.title))
            if score > 0 and (exact or not argument):
                shown = matcher.highlight(command.name)
                yield Hit(score, shown, self._runner(screen, command, argument.strip()), help=command.title)
