"""What an access file says, and the pure question "what may this client do with this PV, now?"."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

DEFAULT = "DEFAULT"
"""The group of PVs whose own group the file does not have."""
Inputs = Mapping[str, float | None]
"""Values of INPA … INPU by letter; None: not there, or INVALID."""


class Level(IntEnum):
    """What a rule gives; each includes those before it."""

    NONE = 0
    READ = 1
    WRITE = 2


@dataclass(frozen=True, slots=True)
class Grant:
    """What a client may do with a PV; `trapped`: its puts are to be logged."""

    level: Level = Level.NONE
    trapped: bool = False


NOTHING = Grant()


@dataclass(frozen=True, slots=True)
class Rule:
    """``RULE(asl, level[, TRAPWRITE]) { UAG(…) HAG(…) CALC("…") }``; no users or hosts: everybody, everywhere."""

    asl: int
    level: Level
    trapped: bool = False
    users: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    calc: str = ""
    when: Callable[[Inputs], bool] | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """``ASG(name) { INPA(pv) … RULE(…) … }``."""

    name: str
    inputs: Mapping[str, str]
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessRules:
    """One access file. `users` are the members of each UAG, `hosts` of each HAG, names and addresses in lower case."""

    users: Mapping[str, frozenset[str]]
    hosts: Mapping[str, frozenset[str]]
    groups: Mapping[str, Group]

    def group(self, name: str) -> Group:
        """Return a group, or DEFAULT where the file does not have it; without DEFAULT nobody may do anything."""
        return self.groups.get(name) or self.groups.get(DEFAULT) or Group(DEFAULT, {})

    def grant(self, group: Group, asl: int, user: str, address: str, inputs: Inputs) -> Grant:
        """Return what a user at an address may do with fields of access level `asl` of a group's PVs.

        The rule that gives most decides; among equals the first.
        """
        best = NOTHING
        for rule in group.rules:
            if asl > rule.asl or rule.level <= best.level:
                continue
            if rule.users and not any(user in self.users[name] for name in rule.users):
                continue
            if rule.hosts and not any(address in self.hosts[name] for name in rule.hosts):
                continue
            if rule.when is not None and not rule.when(inputs):
                continue
            best = Grant(rule.level, rule.trapped)
        return best

    def resolved(self, resolve: Callable[[str], Iterable[str]]) -> "AccessRules":
        """Return the same with each host's name replaced by its addresses, as `resolve` finds them."""
        hosts = {
            name: frozenset(address for host in members for address in resolve(host))
            for name, members in self.hosts.items()
        }
        return AccessRules(self.users, hosts, self.groups)

    def input_pvs(self) -> Iterable[tuple[str, str, str]]:
        """Yield group, letter and PV of each input."""
        for group in self.groups.values():
            for letter, pv in group.inputs.items():
                yield group.name, letter, pv
