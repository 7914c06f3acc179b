"""Tables of people and services: accounts, sessions, roles, what they saved and changed, and heartbeats."""

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Text
from sqlalchemy import UniqueConstraint as Unique

from db_schema.base import Key, Name, Sha256, Short, Utc, index, key, table

user_account = table(
    "user_account",
    key(),
    Column("name", Name, nullable=False),
    Column("full_name", Name, nullable=False),
    Column("email", Name, nullable=False),
    Column("password_hash", Text),
    Column("disabled", Boolean(create_constraint=False), nullable=False),
    Column("created_at", Utc, nullable=False),
    Unique("name"),
    comment="People; without a password hash they come from the site's directory",
)

session = table(
    "session",
    key(),
    Column("token_hash", Sha256, nullable=False),
    Column("user_id", Key, ForeignKey("user_account.id"), nullable=False),
    Column("address", Name, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("last_seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("agent", Name),
    Column("groups", JSON(none_as_null=True)),
    Unique("token_hash"),
    index("expires_at", serves="housekeeping: sessions that ran out"),
    index("user_id", "expires_at", serves="admin: the sessions of somebody"),
    comment="Web sessions; only the token's hash is kept",
)

api_token = table(
    "api_token",
    key(),
    Column("name", Name, nullable=False),
    Column("token_hash", Sha256, nullable=False),
    Column("role", Short, nullable=False),
    Column("plot_types", JSON(none_as_null=True)),
    Column("created_by", Name, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc),
    Column("last_used_at", Utc),
    Column("revoked_at", Utc),
    Unique("token_hash"),
    comment="Keys of programs; only the token's hash is kept",
)

role_grant = table(
    "role_grant",
    key(),
    Column("user_id", Key, ForeignKey("user_account.id"), nullable=False),
    Column("role", Short, nullable=False),
    Column("plot_type_id", Key, ForeignKey("plot_type.id")),
    Column("granted_by", Name, nullable=False),
    Column("granted_at", Utc, nullable=False),
    Unique("user_id", "role", "plot_type_id"),
    comment="Who is viewer, labeler, expert, liaison or admin; of one plot type or (NULL) of all",
)

saved_view = table(
    "saved_view",
    key(),
    Column("user_id", Key, ForeignKey("user_account.id"), nullable=False),
    Column("name", Name, nullable=False),
    Column("settings", JSON(none_as_null=True), nullable=False),
    Column("created_at", Utc, nullable=False),
    Unique("user_id", "name"),
    comment="Filters and layouts that people keep",
)

news = table(
    "news",
    key(),
    Column("body", Text, nullable=False),
    Column("author", Name, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc),
    index("expires_at", serves="every page: the banners of now"),
    comment="Banners on all pages",
)

report_recipient = table(
    "report_recipient",
    key(),
    Column("who", Name, nullable=False),
    Column("email", Name, nullable=False),
    Column("since", Utc, nullable=False),
    Unique("who"),
    comment="Who asked for the daily shift report by mail",
)

audit_log = table(
    "audit_log",
    key(),
    Column("at", Utc, nullable=False),
    Column("who", Name, nullable=False),
    Column("what", Name, nullable=False),
    Column("target", Name, nullable=False),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Column("where_from", Name, nullable=False),
    index("target", "at", serves="admin: who changed this"),
    index("at", serves="admin: the latest changes"),
    index("who", "at", serves="admin: what somebody did"),
    index("what", "at", serves="admin: every change of a kind"),
    comment="Who changed what, before and after; never updated",
)

service_status = table(
    "service_status",
    Column("service", Short, primary_key=True),
    Column("host", Name, primary_key=True),
    Column("pid", Key, nullable=False),
    Column("state", Short, nullable=False),
    Column("detail", JSON(none_as_null=True), nullable=False),
    Column("at", Utc, nullable=False),
    comment="Heartbeat of each service",
)
