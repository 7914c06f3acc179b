"""`/api/v1/tokens`: keys of programs."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from hydra_core.passwords import TOKEN_PREFIX, new_secret, secret_hash
from hydra_core.store.tokens import NewToken, TokenRecord
from hydra_web.admin.bodies import Body, RoleName, RowId, known_plot_type, told
from hydra_web.parts import PartsOf
from hydra_web.people.rights import Admin

router = APIRouter(prefix="/api/v1", tags=["people"])


class TokenOut(BaseModel):
    """What is known of a token; the token itself is not."""

    id: int
    name: str
    role: str
    plot_types: list[str] | None = Field(description="Null: all.")
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenIn(Body):
    """A token to be made."""

    name: str = Field(min_length=1, max_length=64, pattern=r"^[\w .:@/+-]+$", description="What the program is called.")
    role: RoleName = "labeler"
    plot_types: list[str] | None = Field(None, min_length=1, max_length=500, description="Null: all.")
    expires_at: AwareDatetime | None = None


class TokenMade(BaseModel):
    """A new token, which is shown this once."""

    id: int
    token: str


class Revoked(BaseModel):
    """Whether the token opened anything until now."""

    revoked: bool


def token_out(record: TokenRecord) -> TokenOut:
    """Return a token as the API tells it."""
    return TokenOut(**{name: getattr(record, name) for name in TokenOut.model_fields})


@router.get("/tokens")
def tokens(parts: PartsOf, person: Admin) -> list[TokenOut]:
    """Return every token that ever was, the newest first."""
    return [token_out(record) for record in parts.store.tokens()]


@router.post("/tokens", status_code=201)
def add(new: TokenIn, parts: PartsOf, person: Admin) -> TokenMade:
    """Make a token. Send it as `Authorization: Bearer TOKEN`."""
    for name in new.plot_types or ():
        known_plot_type(parts.config, name)
    token = TOKEN_PREFIX + new_secret()
    plot_types = None if new.plot_types is None else tuple(new.plot_types)
    with told():
        kept = NewToken(new.name, secret_hash(token), new.role, plot_types, new.expires_at)
        return TokenMade(id=parts.store.add_token(kept, person.name, person.where), token=token)


@router.delete("/tokens/{token_id}")
def revoke(token_id: RowId, parts: PartsOf, person: Admin) -> Revoked:
    """Make a token open nothing from now on."""
    with told():
        return Revoked(revoked=parts.store.revoke_token(token_id, person.name, person.where))
