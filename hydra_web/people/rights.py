"""What people may do: a ladder of roles, each held for one plot type or for all, and the routes' guards."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from fastapi import Depends, HTTPException, Request


class Role(IntEnum):
    """The ladder: whoever has a role may do all that the roles below it may."""

    VIEWER = 0
    """Looks."""
    LABELER = 1
    """Labels and flags plots, acknowledges, mutes, says whether an alarm was true."""
    EXPERT = 2
    """Decides reviews, sets thresholds and rules, trains and promotes models."""
    LIAISON = 3
    """Speaks for a detector: news, guidance, who may label its plots."""
    ADMIN = 4
    """Accounts, roles, tokens."""


PROGRAM = "token "
"""Begins the name under which a program acts; no account may be called so."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role for one plot type, by name, or for all (None)."""

    role: Role
    plot_type: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at a browser or behind a token; `name` is empty for one who has not signed in.

    `where` is the address they ask from, for the audit log.
    """

    name: str
    grants: frozenset[Grant] = frozenset()
    where: str = ""

    @property
    def is_known(self) -> bool:
        """Whether they have signed in."""
        return bool(self.name)

    @property
    def is_somebody(self) -> bool:
        """Whether it is a human being who has signed in, and not a program with a token."""
        return self.is_known and not self.name.startswith(PROGRAM)

    @property
    def looks_after(self) -> bool:
        """Whether the pages of the administration have something for them."""
        return self.may_somewhere(Role.LIAISON)

    def may(self, role: Role, plot_type: str | None = None) -> bool:
        """Return whether they have the role, or one above it, for this plot type; None asks for all plot types."""
        return any(grant.role >= role and grant.plot_type in (None, plot_type) for grant in self.grants)

    def may_somewhere(self, role: Role) -> bool:
        """Return whether they have the role, or one above it, for at least one plot type."""
        return any(grant.role >= role for grant in self.grants)

    def must(self, role: Role, plot_type: str | None = None) -> None:
        """Raise HTTPException unless they may: 401 for somebody not signed in, 403 for one who has no such role."""
        if self.may(role, plot_type):
            return
        what = f"the role {role.name.lower()} for {plot_type or 'all plot types'}"
        if not self.is_known:
            raise HTTPException(401, f"Sign in: this takes {what}.")
        raise HTTPException(403, f"{self.name} has not {what}; an admin of Hydra can grant it.")


ANYBODY = Person("", frozenset({Grant(Role.VIEWER)}))
"""Somebody who has not signed in, where reading needs no name."""


def person_of(request: Request) -> Person:
    """Return who sent a request, as the middleware found out."""
    person: Person = request.state.person
    return person


@dataclass(frozen=True, slots=True)
class Needs:
    """A route's guard: it lets through whoever has the role for the plot type in the path, or for any when none is.

    `in_person`: only people who have signed in, no programs.
    """

    role: Role
    in_person: bool = False

    def __call__(self, request: Request) -> Person:
        """Return who asks. Raises HTTPException (401, 403) when they may not."""
        person = person_of(request)
        plot_type = request.path_params.get("plot_type")
        if plot_type is not None or not person.may_somewhere(self.role):
            person.must(self.role, plot_type)
        if self.in_person and not person.is_somebody:
            raise HTTPException(403 if person.is_known else 401, "Sign in: this is kept under your name.")
        return person


Reader = Annotated[Person, Depends(Needs(Role.VIEWER))]
Labeler = Annotated[Person, Depends(Needs(Role.LABELER))]
Expert = Annotated[Person, Depends(Needs(Role.EXPERT))]
Liaison = Annotated[Person, Depends(Needs(Role.LIAISON))]
Admin = Annotated[Person, Depends(Needs(Role.ADMIN))]
Myself = Annotated[Person, Depends(Needs(Role.VIEWER, in_person=True))]
"""Annotations of a route's argument: whoever asks, refused (401, 403) without the role. A path parameter named
`plot_type` is looked at; a route whose plot type comes otherwise calls `Person.must` once it is known."""
