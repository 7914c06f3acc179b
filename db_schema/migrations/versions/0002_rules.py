"""Rules set at run time, and the policies that were in force.

Every step asks first whether its work is done, as in 0001.
"""

import sqlalchemy as sa
from alembic import context, op

from db_schema import base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _index(name: str, table: str, columns: list[str]) -> None:
    if not context.is_offline_mode():
        present = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}
        if name in present:
            return
    op.create_index(op.f(name), table, columns)


def upgrade() -> None:
    op.create_table(
        "policy",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_policy_plot_type_id_plot_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy")),
        sa.UniqueConstraint("uid", name=op.f("uq_policy_uid")),
        comment="Every policy that was ever in force, whoever or whatever changed it",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    op.create_table(
        "setting",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=True),
        sa.Column("set_at", base.Utc(), nullable=False),
        sa.Column("set_by", sa.String(190), nullable=False),
        sa.Column("set_from", sa.String(190), nullable=False),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_setting_plot_type_id_plot_type")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting")),
        comment="Rules set by hand over the configuration, for one plot type or (NULL) all; the newest of a name holds",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_policy_plot_type_id_at", "policy", ["plot_type_id", "at"])
    _index("ix_setting_plot_type_id_name_id", "setting", ["plot_type_id", "name", "id"])


def downgrade() -> None:
    op.drop_table("setting")
    op.drop_table("policy")
