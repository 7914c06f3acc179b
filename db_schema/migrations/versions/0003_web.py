"""What the web's pages need: API tokens, the browser of a session, and indexes of what the pages ask for.

Every step asks first whether its work is done, as in 0001.
"""

import sqlalchemy as sa
from alembic import context, op

from db_schema import base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _index(name: str, table: str, columns: list[str]) -> None:
    if not context.is_offline_mode():
        present = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}
        if name in present:
            return
    op.create_index(op.f(name), table, columns)


def _column(table: str, column: sa.Column) -> None:
    if not context.is_offline_mode():
        present = {one["name"] for one in sa.inspect(op.get_bind()).get_columns(table)}
        if column.name in present:
            return
    op.add_column(table, column)


def upgrade() -> None:
    _people()


def _people() -> None:
    op.create_table(
        "api_token",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(190), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("plot_types", sa.JSON(), nullable=True),
        sa.Column("created_by", sa.String(190), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("expires_at", base.Utc(), nullable=True),
        sa.Column("last_used_at", base.Utc(), nullable=True),
        sa.Column("revoked_at", base.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_token_token_hash")),
        comment="Keys of programs; only the token's hash is kept",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _column("session", sa.Column("agent", sa.String(190), nullable=True))
    _index("ix_audit_log_who_at", "audit_log", ["who", "at"])
    _index("ix_audit_log_what_at", "audit_log", ["what", "at"])
    _index("ix_session_user_id_expires_at", "session", ["user_id", "expires_at"])


def downgrade() -> None:
    op.drop_index("ix_session_user_id_expires_at", "session")
    op.drop_index("ix_audit_log_what_at", "audit_log")
    op.drop_index("ix_audit_log_who_at", "audit_log")
    op.drop_column("session", "agent")
    op.drop_table("api_token")
