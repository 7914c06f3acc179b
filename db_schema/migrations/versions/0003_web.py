"""What the web's pages need: API tokens, the browser of a session, and indexes of what the pages ask for.

Every step asks first whether its work is done, as in 0001.
"""

from typing import Any

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


def _column(table: str, column: sa.Column[Any]) -> None:
    if not context.is_offline_mode():
        present = {one["name"] for one in sa.inspect(op.get_bind()).get_columns(table)}
        if column.name in present:
            return
    op.add_column(table, column)


def upgrade() -> None:
    _people()
    _labelling()
    _plots_and_trends()
    _log()


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
    _column("session", sa.Column("groups", sa.JSON(), nullable=True))
    _index("ix_audit_log_who_at", "audit_log", ["who", "at"])
    _index("ix_audit_log_what_at", "audit_log", ["what", "at"])
    _index("ix_session_user_id_expires_at", "session", ["user_id", "expires_at"])


def _plots_and_trends() -> None:
    op.create_table(
        "embedding",
        sa.Column("inference_id", base.Key, autoincrement=False, nullable=False),
        sa.Column("model_id", base.Key, nullable=False),
        sa.Column("plot_id", base.Key, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["inference_id"], ["inference.id"], name=op.f("fk_embedding_inference_id_inference")),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_embedding_model_id_model")),
        sa.ForeignKeyConstraint(["plot_id"], ["plot.id"], name=op.f("fk_embedding_plot_id_plot")),
        sa.PrimaryKeyConstraint("inference_id", name=op.f("pk_embedding")),
        comment="How a model sees a plot, little-endian float16; kept for its last plots and for labelled ones",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_embedding_model_id_inference_id", "embedding", ["model_id", "inference_id"])
    _index("ix_embedding_plot_id", "embedding", ["plot_id"])
    covering = ["plot_type_id", "created_at", "shadow", "top_class", "top_score", "novelty"]
    _index("ix_inference_trend", "inference", covering)
    _drop_index("ix_inference_plot_type_id_created_at", "inference")


def _drop_index(name: str, table: str) -> None:
    if not context.is_offline_mode():
        present = {index["name"] for index in sa.inspect(op.get_bind()).get_indexes(table)}
        if name not in present:
            return
    op.drop_index(op.f(name), table)


def _log() -> None:
    _column("episode", sa.Column("worst_inference_id", base.Key, nullable=True))
    _column("episode", sa.Column("feedback_by", sa.String(190), nullable=True))
    _column("episode", sa.Column("feedback_at", base.Utc(), nullable=True))
    _index("ix_inference_status_created_at", "inference", ["status", "created_at"])
    op.create_table(
        "report_recipient",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("who", sa.String(190), nullable=False),
        sa.Column("email", sa.String(190), nullable=False),
        sa.Column("since", base.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_recipient")),
        sa.UniqueConstraint("who", name=op.f("uq_report_recipient_who")),
        comment="Who asked for the daily shift report by mail",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )


def _labelling() -> None:
    op.create_table(
        "standing",
        sa.Column("plot_id", base.Key, autoincrement=False, nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("dissent", sa.Double(), nullable=False),
        sa.Column("label_class_id", base.Key, nullable=True),
        sa.Column("batch_id", base.Key, nullable=True),
        sa.Column("after_batch", base.Key, nullable=False),
        sa.Column("split", sa.String(64), nullable=True),
        sa.Column("group_name", sa.String(190), nullable=True),
        sa.Column("updated_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["label_batch.id"], name=op.f("fk_standing_batch_id_label_batch")),
        sa.ForeignKeyConstraint(
            ["label_class_id"], ["label_class.id"], name=op.f("fk_standing_label_class_id_label_class")
        ),
        sa.ForeignKeyConstraint(["plot_id"], ["plot.id"], name=op.f("fk_standing_plot_id_plot")),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_standing_plot_type_id_plot_type")),
        sa.PrimaryKeyConstraint("plot_id", name=op.f("pk_standing")),
        comment="Plots whose label is not just what everybody said: disputed, decided, left out, asked again",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    op.create_table(
        "skipped",
        sa.Column("person", sa.String(190), nullable=False),
        sa.Column("plot_id", base.Key, autoincrement=False, nullable=False),
        sa.Column("at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["plot_id"], ["plot.id"], name=op.f("fk_skipped_plot_id_plot")),
        sa.PrimaryKeyConstraint("person", "plot_id", name=op.f("pk_skipped")),
        comment="Plots that somebody put off while labelling; they come last",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _column("label_batch", sa.Column("plot_type_id", base.Key, nullable=True))
    _column("label_batch", sa.Column("summary", sa.JSON(), nullable=True))
    _column("review_item", sa.Column("note", sa.Text(), nullable=True))
    _column("review_item", sa.Column("asked_by", sa.String(190), nullable=True))
    _column("review_item", sa.Column("batch_id", base.Key, nullable=True))
    for table, columns in _LABELLING_INDEXES:
        _index(f"ix_{table}_{'_'.join(columns)}", table, columns)
    _drop_index("ix_inference_plot_type_id_margin", "inference")


_LABELLING_INDEXES = (
    ("standing", ["plot_type_id", "dissent", "plot_id"]),
    ("standing", ["batch_id"]),
    ("skipped", ["plot_id"]),
    ("label_batch", ["plot_type_id", "id"]),
    ("review_item", ["batch_id"]),
    ("plot", ["plot_type_id", "id"]),
    ("plot", ["plot_type_id", "uid"]),
    ("inference", ["model_id", "margin", "plot_id"]),
    ("inference", ["model_id", "top_class", "margin", "plot_id"]),
)


def downgrade() -> None:
    op.create_index(op.f("ix_inference_plot_type_id_margin"), "inference", ["plot_type_id", "margin"])
    op.drop_table("skipped")
    op.drop_table("standing")
    for table, columns in _LABELLING_INDEXES:
        if table not in ("skipped", "standing"):
            op.drop_index(f"ix_{table}_{'_'.join(columns)}", table)
    for column in ("batch_id", "asked_by", "note"):
        op.drop_column("review_item", column)
    for column in ("summary", "plot_type_id"):
        op.drop_column("label_batch", column)
    op.drop_table("report_recipient")
    op.drop_index("ix_inference_status_created_at", "inference")
    op.drop_column("episode", "feedback_at")
    op.drop_column("episode", "feedback_by")
    op.drop_column("episode", "worst_inference_id")
    op.create_index(op.f("ix_inference_plot_type_id_created_at"), "inference", ["plot_type_id", "created_at"])
    op.drop_index("ix_inference_trend", "inference")
    op.drop_table("embedding")
    op.drop_index("ix_session_user_id_expires_at", "session")
    op.drop_index("ix_audit_log_what_at", "audit_log")
    op.drop_index("ix_audit_log_who_at", "audit_log")
    op.drop_column("session", "groups")
    op.drop_column("session", "agent")
    op.drop_table("api_token")
