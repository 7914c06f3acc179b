"""What one client may do with its channels, asked once per group of PVs and told to the client when it changes."""

from hydra_ioc.ca.hooks import Access, PutContext, Rights
from hydra_ioc.ca.names import Target
from hydra_ioc.ca.record import Record


class Permits:
    """One client's rights. `who` is what it claims to be and where it comes from."""

    def __init__(self, access: Access, address: str) -> None:
        self._access = access
        self._known: dict[tuple[str, int], Rights] = {}
        self.who = PutContext("", "", address)

    def identify(self, *, user: str | None = None, host: str | None = None) -> bool:
        """Take what the client says of itself; tell whether that is new."""
        before = self.who
        self.who = PutContext(
            before.user if user is None else user[:64], before.host if host is None else host[:64], before.peer
        )
        if self.who == before:
            return False
        self._known.clear()
        return True

    def changed(self) -> None:
        """Ask anew from here on: the rules, or what they look at, have changed."""
        self._known.clear()

    def of(self, target: Target) -> Rights:
        """Return the rights that access security gives; what a record never allows is not in there."""
        key = (target.variable.access_group, target.variable.access_level)
        if key not in self._known:
            self._known[key] = self._access.rights(*key, self.who)
        return self._known[key]

    def shown(self, target: Target) -> int:
        """Return the rights as the protocol has them: 1 read, 2 write."""
        rights, variable = self.of(target), target.variable
        writable = variable.writable or (isinstance(variable, Record) and variable.acknowledgeable)
        return int(rights.read) | (2 if rights.write and writable else 0)
