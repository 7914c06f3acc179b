"""The IOC's shell: the commands that people know from iocsh, as far as they mean something here."""

import inspect
import re
import shlex
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping

from hydra_core.acf import AccessRules, Group, Rule
from hydra_core.errors import HydraError
from hydra_ioc.access import AccessSecurity
from hydra_ioc.ca import CaServer, Record, field_names

PROMPT = "hydra> "
_ALWAYS = ("DESC", "VAL", "SEVR", "STAT", "SCAN", "ASG", "UDF")
"""The fields that dbpr shows at level 0."""
_SHOWN = 160
"""Characters of a value that dbpr shows."""

Lines = Iterable[str]
Command = Callable[..., Lines | Awaitable[Lines]]


class ShellUsage(HydraError):  # noqa: N818  (what is raised is how the command is used)
    """A command was called wrongly; the text says how it is used."""


class Shell:
    """Answers command lines about the records, the clients and the access rules."""

    def __init__(self, server: CaServer, access: AccessSecurity) -> None:
        self._server, self._access = server, access
        self._commands: dict[str, tuple[str, Command]] = {
            "dbl": ("[TYPE]: list the records, or those of one record type", self._dbl),
            "dbgrep": ("PATTERN: list the records whose names match, with * and ?", self._dbgrep),
            "dbpr": ("RECORD [LEVEL]: print a record's fields, at level 1 all of them", self._dbpr),
            "casr": ("[LEVEL]: tell who is connected, from level 1 on each client", self._casr),
            "asprules": ("[ASG]: print the access rules", self._asprules),
            "asdbdump": (": print access rules with their inputs' values, and the records of each group", self._dump),
            "asInit": (": read the access file anew", self._as_init),
            "help": (": list the commands", self._help),
            "exit": (": leave the shell; the IOC goes on", lambda: ()),
        }

    async def run(self, line: str) -> list[str]:
        """Return the answer to a command line, line by line; a wrong one is answered with what is wrong."""
        try:
            words = shlex.split(line, comments=True)
        except ValueError as error:
            return [f"{error}"]
        if not words:
            return []
        known = self._commands.get(words[0])
        if known is None:
            return [f"{words[0]}: no such command; help lists them"]
        usage, command = known
        try:
            inspect.signature(command).bind(*words[1:])
        except TypeError:
            return [f"usage: {words[0]} {usage}"]
        try:
            answer = command(*words[1:])
            return list(await answer if isinstance(answer, Awaitable) else answer)
        except HydraError as error:
            return [str(error)]

    def _help(self) -> Lines:
        return [f"{name} {usage}".replace(" :", ":") for name, (usage, _) in self._commands.items()]

    def _dbl(self, record_type: str = "") -> Lines:
        return [name for name, record in self._server.records.items() if record_type in ("", "*", record.record_type)]

    def _dbgrep(self, pattern: str) -> Lines:
        wanted = re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."))
        return [name for name in self._server.records if wanted.fullmatch(name)]

    def _dbpr(self, name: str, level: str = "0") -> Lines:
        record = self._server.records.get(name.partition(".")[0])
        if record is None:
            raise ShellUsage(f"{name}: no such record; dbgrep finds some")
        names = ("VAL", *field_names(record.spec)) if _level(level) else _ALWAYS
        return [f"{field}: {_shown(record, field)}" for field in sorted(set(names))]

    def _casr(self, level: str = "0") -> Lines:
        server = self._server
        yield (
            f"Channel Access server, port {server.port}: {server.clients} clients, {server.channels} channels, "
            f"{server.dropped_clients} clients dropped, {server.coalesced} updates coalesced"
        )
        if _level(level):
            for one in server.visitors():
                yield (
                    f"  TCP client at {one.address}: user {one.user!r}, host {one.host!r}, {one.channels} channels, "
                    f"{one.subscriptions} subscriptions, {one.coalesced} updates coalesced"
                )

    def _rules(self) -> AccessRules:
        rules = self._access.rules
        if rules is None:
            raise ShellUsage("there is no access file: everybody reads, and puts to what is writable")
        return rules

    def _asprules(self, group: str = "") -> Lines:
        rules = self._rules()
        return [line for g in rules.groups.values() if group in ("", g.name) for line in _group(g, {})]

    def _dump(self) -> Lines:
        rules = self._rules()
        for kind, members in (("UAG", rules.users), ("HAG", rules.hosts)):
            for name, names in members.items():
                yield f"{kind}({name}) {{{','.join(sorted(names))}}}"
        for group in rules.groups.values():
            yield from _group(group, self._access.values(group))
            found = [n for n, r in self._server.records.items() if rules.group(r.access_group).name == group.name]
            yield f"\t# {len(found)} records: {', '.join(found[:3])}{', …' if len(found) > 3 else ''}"

    async def _as_init(self) -> Lines:
        await self._access.reload()
        return ["access rules read"]


def _level(text: str) -> int:
    if not text.isdecimal():
        raise ShellUsage(f"{text}: a level is a number")
    return int(text)


def _shown(record: Record, name: str) -> str:
    field = record.get_field(name)
    if field is None:
        return ""
    states = getattr(field.shape, "names", ())
    value = field.value
    if states and isinstance(value, int):
        return states[value] if value < len(states) else str(value)
    text = str(value).replace("\n", " ")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"


def _group(group: Group, values: Mapping[str, float | None]) -> Iterator[str]:
    yield f"ASG({group.name}) {{"
    for letter, pv in group.inputs.items():
        value = values.get(letter)
        known = "" if letter not in values else f"  # {'INVALID' if value is None else f'{value:g}'}"
        yield f"\tINP{letter}({pv}){known}"
    yield from (_rule(rule) for rule in group.rules)
    yield "}"


def _rule(rule: Rule) -> str:
    parts = [f"{kind}({','.join(names)})" for kind, names in (("UAG", rule.users), ("HAG", rule.hosts)) if names]
    parts += [f'CALC("{rule.calc}")'] if rule.calc else []
    trapped = ",TRAPWRITE" if rule.trapped else ""
    return f"\tRULE({rule.asl},{rule.level.name}{trapped})" + (f" {{ {' '.join(parts)} }}" if parts else "")
