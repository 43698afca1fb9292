"""`kdash get`: objects of any type as a table, as names, or as the server's JSON and YAML.

Invariants: a curated kind has the dashboard's columns, every other type those the server prints. Standard output has
the objects alone; "no pods in shop" goes to standard error. What can be read of several types is printed, and the exit
code is that of the first that failed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import msgspec

from k9py.api.dynamic import DynamicObject
from k9py.api.errors import KdashError, NotFoundError
from k9py.api.kinds import DynamicKind, Kind, MetadataKind, TableKind
from k9py.api.meta import KubeObject
from k9py.api.plural import count_noun
from k9py.api.resource_type import ResourceType
from k9py.api.text import printable
from k9py.cli.command_line import ScopeArguments
from k9py.cli.objects.listing import Scope, list_objects
from k9py.cli.objects.options import GetOptions
from k9py.cli.objects.raw_output import as_list, print_raw
from k9py.cli.objects.rows import RowSource, type_name
from k9py.cli.objects.text_table import TextTable, print_table
from k9py.cli.objects.types import types_named
from k9py.cli.objects.watch import Printer, Watched, print_changes
from k9py.cli.session import Invocation, open_session, report_error
from k9py.cluster.listing import Listing
from k9py.resources.query import QueryError
from k9py.resources.registry import ResourceRegistry, built_in_resources
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode, exit_code_of_error

_NAMED_TYPES: Final = 3
"""Types that are named where nothing is listed."""
_NAME: Final = re.compile(r"[^/%]{1,253}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Objects of one type.

    Args:
        names: of single objects; () for all.
    """

    type: ResourceType
    names: tuple[str, ...] = ()


async def get(
    invocation: Invocation, operands: Sequence[str], arguments: ScopeArguments, options: GetOptions
) -> ExitCode:
    """Print the objects; return the exit code. Raises KdashError."""
    async with open_session(invocation) as session:
        wanted = await parse_operands(session, operands)
        scope = Scope.of(
            session, arguments, label_selector=options.label_selector, field_selector=options.field_selector
        )
        _check(wanted, scope, options)
        return await _Get(invocation, session, wanted, scope, options).print()


async def parse_operands(session: ClusterSession, operands: Sequence[str]) -> tuple[Wanted, ...]:
    """Return what `TYPE[,TYPE] [NAME...]` or `TYPE/NAME...` names. Raises KdashError."""
    if "/" not in operands[0]:
        types = await types_named(session, operands[0])
        names = tuple(dict.fromkeys(operands[1:]))
        for name in names:
            if "/" in name:
                raise QueryError(f"{printable(name)!r} mixes two forms", "use TYPE NAME... or TYPE/NAME...")
            _check_name(name)
        return tuple(Wanted(resource_type, names) for resource_type in types)
    by_type: dict[ResourceType, list[str]] = {}
    for operand in operands:
        type_name, slash, name = operand.partition("/")
        if not slash:
            raise QueryError(f"{printable(operand)!r} mixes two forms", "use TYPE NAME... or TYPE/NAME...")
        _check_name(name)
        for resource_type in await types_named(session, type_name):
            names_of_type = by_type.setdefault(resource_type, [])
            if name not in names_of_type:
                names_of_type.append(name)
    return tuple(Wanted(resource_type, tuple(names)) for resource_type, names in by_type.items())


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name) or name in (".", ".."):
        raise QueryError(f"{printable(name)!r} is not a valid name of an object", "use TYPE NAME or TYPE/NAME")


def _check(wanted: Sequence[Wanted], scope: Scope, options: GetOptions) -> None:
    has_names = any(item.names for item in wanted)
    if has_names and (options.label_selector or options.field_selector):
        raise QueryError("names and selectors exclude each other", "leave out the names, or -l")
    if has_names and not scope.is_one_namespace and any(item.type.namespaced for item in wanted):
        raise QueryError("a name needs one namespace", "use -n once, and no -A")
    if options.watch and sum(len(item.names) for item in wanted) > 1:
        raise QueryError("-w follows one object, or all that a type and a selector name", "name one object")
    if options.output not in ("table", "wide"):
        for option, is_given in (
            ("--sort-by", options.sort_by),
            ("--reverse", options.reverse),
            ("-L", options.label_columns),
            ("--show-labels", options.shows_labels),
        ):
            if is_given:
                raise QueryError(f"{option} is for tables", "leave out -o, or use -o wide")


class _Get:
    """One run of the command."""

    def __init__(
        self,
        invocation: Invocation,
        session: ClusterSession,
        wanted: Sequence[Wanted],
        scope: Scope,
        options: GetOptions,
    ) -> None:
        self._invocation = invocation
        self._session = session
        self._console = invocation.console
        self._wanted = wanted
        self._scope = scope
        self._options = options
        self._registry: ResourceRegistry = built_in_resources()
        self._code = ExitCode.DONE

    async def print(self) -> ExitCode:
        match self._options.output:
            case "json" | "yaml" as form:
                await self._print_raw(form)
            case "name":
                await self._print_names()
            case _:
                await self._print_tables()
        return self._code

    def _failed(self, error: KdashError) -> None:
        report_error(self._console, error)
        if self._code is ExitCode.DONE:
            self._code = exit_code_of_error(error)

    def _report_nothing(self) -> None:
        if self._code is not ExitCode.DONE:
            return
        scope, wanted = self._scope, self._wanted
        names = ", ".join(item.type.plural for item in wanted)
        if len(wanted) > _NAMED_TYPES:
            names = f"objects of {len(wanted)} types"
        is_namespaced = any(item.type.namespaced for item in wanted)
        where = f" in {', '.join(map(printable, scope.namespaces))}" if is_namespaced and scope.namespaces[0] else ""
        which = " that match" if scope.label_selector or scope.field_selector else ""
        self._console.print_err(f"kdash: no {names}{which}{where}")

    async def _listing(self, kind: Kind[Any], names: tuple[str, ...]) -> Listing[Any]:
        """Read the objects of a kind; a missing one is reported."""
        if not names:
            listing: Listing[Any] = await list_objects(self._session, kind, self._scope)
        else:
            listing = Listing()
            for name in names:
                single = await self._single(kind, name)
                listing.objects += single.objects
                listing.skipped += single.skipped
                listing.skipped_reason = single.skipped_reason or listing.skipped_reason
                if not single.objects and not single.skipped:
                    self._failed(self._missing(kind.resource_type, name))
        if listing.skipped:
            what = count_noun(listing.skipped, f"unreadable {kind.name}")
            self._console.print_warnings([f"skipped {what}: {listing.skipped_reason}"])
        return listing

    async def _single(self, kind: Kind[Any], name: str) -> Listing[Any]:
        """Read one object; what the server prints or cuts comes as a list of one."""
        if isinstance(kind, TableKind | MetadataKind):
            return await list_objects(self._session, kind, replace(self._scope, field_selector=f"metadata.name={name}"))
        key = kind.resource_type.ref(self._scope.namespaces[0], name)
        try:
            body = await self._session.connection.get(key)
        except NotFoundError:
            return Listing()
        try:
            return Listing([kind.decode(msgspec.json.encode(body))])
        except msgspec.DecodeError as error:
            return Listing(skipped=1, skipped_reason=str(error))

    def _missing(self, resource_type: ResourceType, name: str) -> NotFoundError:
        where = f" in {printable(self._scope.namespaces[0])}" if resource_type.namespaced else ""
        hint = f"kdash get {resource_type.plural} lists them"
        hint += "; -n chooses the namespace" if resource_type.namespaced else ""
        return NotFoundError(f"{resource_type.kind} {printable(name)} not found{where}", hint, code=404)

    # -- tables -------------------------------------------------------------------------------------------------------

    async def _print_tables(self) -> None:
        is_several = len(self._wanted) > 1
        now, options = self._invocation.clock.now(), self._options
        watched: list[Watched] = []
        has_printed = False
        for item in self._wanted:
            source = RowSource(
                self._registry.of(item.type),
                item.type,
                wide=options.output == "wide",
                namespaced=not self._scope.is_one_namespace,
                prefixed=is_several,
                label_columns=options.label_columns,
                shows_labels=options.shows_labels,
            )
            try:
                listing = await self._listing(source.kind, item.names)
            except KdashError as error:
                if not is_several:
                    raise
                self._failed(error)
                continue
            table = source.table(
                listing.objects, now, sort_by=options.sort_by, reverse=options.reverse, room=self._console.width
            )
            if listing.objects:
                if has_printed and not options.no_headers:
                    self._console.print()
                print_table(self._console, table, headers=not options.no_headers)
                has_printed = True
            watched.append(Watched(source.new_kind, listing.objects, self._row_printer(source, table)))
        if not has_printed:
            self._report_nothing()
        await self._watch(watched)

    def _row_printer(self, source: RowSource, table: TextTable) -> Printer:
        def show(objects: Sequence[Any]) -> None:
            now = self._invocation.clock.now()
            is_first = not table.widths and not self._options.no_headers
            table.rows = [source.cells(value, now) for value in objects]
            print_table(self._console, table, headers=is_first)

        return show

    async def _watch(self, watched: Sequence[Watched]) -> None:
        is_missing = self._code is not ExitCode.DONE and any(item.names for item in self._wanted)
        if self._options.watch and watched and not is_missing:
            await print_changes(self._invocation, self._session, self._watched_scope(), watched)

    def _watched_scope(self) -> Scope:
        """Return what to watch: of named objects, the one."""
        names = [name for item in self._wanted for name in item.names]
        return replace(self._scope, field_selector=f"metadata.name={names[0]}") if names else self._scope

    # -- the server's objects -----------------------------------------------------------------------------------------

    async def _print_names(self) -> None:
        watched: list[Watched] = []
        for item in self._wanted:

            def show(values: Sequence[KubeObject], prefix: str = type_name(item.type)) -> None:
                for value in values:
                    self._console.print(f"{prefix}/{printable(value.name)}")
                self._console.out.flush()

            kind = MetadataKind(item.type)
            listing = await self._listing(kind, item.names)
            show(listing.objects)
            watched.append(Watched(partial(MetadataKind, item.type), listing.objects, show))
        if not any(item.listed for item in watched):
            self._report_nothing()
        await self._watch(watched)

    async def _print_raw(self, form: str) -> None:
        items: list[dict[str, Any]] = []
        watched: list[Watched] = []

        for item in self._wanted:
            kind = DynamicKind(item.type)
            listing = await self._listing(kind, item.names)
            items += [_complete(value.body, item.type) for value in listing.objects]
            watched.append(
                Watched(partial(DynamicKind, item.type), listing.objects, self._raw_printer(item.type, form))
            )
        is_single = len(self._wanted) == 1 and len(self._wanted[0].names) == 1
        if items or not is_single:
            print_raw(self._console, items[0] if is_single else as_list(items), form)
        await self._watch(watched)

    def _raw_printer(self, resource_type: ResourceType, form: str) -> Printer:
        def show(values: Sequence[DynamicObject]) -> None:
            for value in values:
                print_raw(self._console, _complete(value.body, resource_type), form, separated=True)

        return show


def _complete(body: Mapping[str, Any], resource_type: ResourceType) -> dict[str, Any]:
    """Return an object of a list with what the server leaves out there."""
    return {**body, "apiVersion": resource_type.api_version, "kind": resource_type.kind}
