"""The first schema: all tables.

Every step asks first whether its work is done: MySQL's DDL is not transactional, so a run that was killed half way
is completed by running it again.
"""

import sqlalchemy as sa
from alembic import context, op

from db_schema import base

revision = "0001"
down_revision = None
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
        "audit_log",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("at", base.Utc(), nullable=False),
        sa.Column("who", sa.String(190), nullable=False),
        sa.Column("what", sa.String(190), nullable=False),
        sa.Column("target", sa.String(190), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("where_from", sa.String(190), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        comment="Who changed what, before and after; never updated",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_audit_log_at", "audit_log", ["at"])
    _index("ix_audit_log_target_at", "audit_log", ["target", "at"])
    op.create_table(
        "image",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("dhash", base.Hash64(), nullable=True),
        sa.Column("stored_at", base.Utc(), nullable=False),
        sa.Column("purged_at", base.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image")),
        sa.UniqueConstraint("sha256", name=op.f("uq_image_sha256")),
        comment="Picture bytes in the archive, each once",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_image_dhash", "image", ["dhash"])
    op.create_table(
        "label_batch",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("labelled_by", sa.String(190), nullable=False),
        sa.Column("source", sa.String(190), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("undone_at", base.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_batch")),
        comment="Labels given in one go; undone as a whole",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_label_batch_labelled_by_created_at", "label_batch", ["labelled_by", "created_at"])
    op.create_table(
        "news",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("author", sa.String(190), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("expires_at", base.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_news")),
        comment="Banners on all pages",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_news_expires_at", "news", ["expires_at"])
    op.create_table(
        "plot_type",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(190), nullable=False),
        sa.Column("title", sa.String(190), nullable=False),
        sa.Column("group_name", sa.String(190), nullable=False),
        sa.Column("pv", sa.String(64), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("guidance", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("collect_percent", sa.Double(), nullable=False),
        sa.Column("reference_plot_id", base.Key, nullable=True),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plot_type")),
        sa.UniqueConstraint("name", name=op.f("uq_plot_type_name")),
        comment="Kinds of plots that this hall watches; inactive ones are no longer configured",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    op.create_table(
        "service_status",
        sa.Column("service", sa.String(64), nullable=False),
        sa.Column("host", sa.String(190), nullable=False),
        sa.Column("pid", base.Key, nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at", base.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("service", "host", name=op.f("pk_service_status")),
        comment="Heartbeat of each service",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    op.create_table(
        "user_account",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(190), nullable=False),
        sa.Column("full_name", sa.String(190), nullable=False),
        sa.Column("email", sa.String(190), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("disabled", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("name", name=op.f("uq_user_account_name")),
        comment="People; without a password hash they come from the site's directory",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    op.create_table(
        "change",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=True),
        sa.Column("ref_id", base.Key, nullable=True),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("at", base.Utc(), nullable=False),
        sa.Column("recorded_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_change_plot_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        sa.UniqueConstraint("uid", name=op.f("uq_change_uid")),
        comment="What happened, in order: the cursor of live pages and the history for replay",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_change_plot_type_id_id", "change", ["plot_type_id", "id"])
    op.create_table(
        "dataset",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_dataset_plot_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint("plot_type_id", "digest", name=op.f("uq_dataset_plot_type_id_digest")),
        comment="A frozen training set",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    op.create_table(
        "label_class",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("colour", sa.String(64), nullable=False),
        sa.Column("hotkey", sa.String(64), nullable=False),
        sa.Column("retired", sa.Boolean(create_constraint=False), nullable=False),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_label_class_plot_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_class")),
        sa.UniqueConstraint("plot_type_id", "name", name=op.f("uq_label_class_plot_type_id_name")),
        sa.UniqueConstraint("plot_type_id", "position", name=op.f("uq_label_class_plot_type_id_position")),
        comment="Classes of a plot type; position is the enum state, append only",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    op.create_table(
        "plot",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(32), nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=False),
        sa.Column("image_id", base.Key, nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("taken_at", base.Utc(), nullable=False),
        sa.Column("received_at", base.Utc(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("run_period", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(["image_id"], ["image.id"], name=op.f("fk_plot_image_id")),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_plot_plot_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plot")),
        sa.UniqueConstraint("uid", name=op.f("uq_plot_uid")),
        comment="One picture of one plot type; uid identifies the arrival",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_plot_image_id", "plot", ["image_id"])
    _index("ix_plot_plot_type_id_run_chunk", "plot", ["plot_type_id", "run", "chunk"])
    _index("ix_plot_received_at", "plot", ["received_at"])
    _index("ix_plot_taken_at", "plot", ["taken_at"])
    op.create_table(
        "role_grant",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("user_id", base.Key, nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=True),
        sa.Column("granted_by", sa.String(190), nullable=False),
        sa.Column("granted_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_role_grant_plot_type_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_role_grant_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
        sa.UniqueConstraint("user_id", "role", "plot_type_id", name=op.f("uq_role_grant_user_id_role_plot_type_id")),
        comment="Who is viewer, labeler, expert, liaison or admin; of one plot type or (NULL) of all",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    op.create_table(
        "saved_view",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("user_id", base.Key, nullable=False),
        sa.Column("name", sa.String(190), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_saved_view_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_saved_view_user_id_name")),
        comment="Filters and layouts that people keep",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    op.create_table(
        "session",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("user_id", base.Key, nullable=False),
        sa.Column("address", sa.String(190), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("last_seen_at", base.Utc(), nullable=False),
        sa.Column("expires_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_session_token_hash")),
        comment="Web sessions; only the token's hash is kept",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_session_expires_at", "session", ["expires_at"])
    op.create_table(
        "dataset_item",
        sa.Column("dataset_id", base.Key, autoincrement=False, nullable=False),
        sa.Column("plot_id", base.Key, autoincrement=False, nullable=False),
        sa.Column("label_class_id", base.Key, nullable=False),
        sa.Column("split", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_dataset_item_dataset_id")),
        sa.ForeignKeyConstraint(["label_class_id"], ["label_class.id"], name=op.f("fk_dataset_item_label_class_id")),
        sa.ForeignKeyConstraint(["plot_id"], ["plot.id"], name=op.f("fk_dataset_item_plot_id")),
        sa.PrimaryKeyConstraint("dataset_id", "plot_id", name=op.f("pk_dataset_item")),
        comment="One plot of a frozen set, with the label it had then",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_dataset_item_plot_id", "dataset_item", ["plot_id"])
    op.create_table(
        "label",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("batch_id", base.Key, nullable=False),
        sa.Column("plot_id", base.Key, nullable=False),
        sa.Column("label_class_id", base.Key, nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["label_batch.id"], name=op.f("fk_label_batch_id")),
        sa.ForeignKeyConstraint(["label_class_id"], ["label_class.id"], name=op.f("fk_label_label_class_id")),
        sa.ForeignKeyConstraint(["plot_id"], ["plot.id"], name=op.f("fk_label_plot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("batch_id", "plot_id", name=op.f("uq_label_batch_id_plot_id")),
        comment="Every vote, never overwritten",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_label_plot_id", "label", ["plot_id"])
    op.create_table(
        "model",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("parent_id", base.Key, nullable=True),
        sa.Column("classes", sa.JSON(), nullable=False),
        sa.Column("metrics", sa.JSON(), nullable=False),
        sa.Column("dataset_id", base.Key, nullable=True),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("created_by", sa.String(190), nullable=False),
        sa.Column("activated_at", base.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_model_dataset_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["model.id"], name=op.f("fk_model_parent_id")),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_model_plot_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model")),
        sa.UniqueConstraint("plot_type_id", "version", "sha256", name=op.f("uq_model_plot_type_id_version_sha256")),
        comment="Model bundles; a row with an empty path was only seen in a result, never entered in the library",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_model_plot_type_id_state", "model", ["plot_type_id", "state"])
    op.create_table(
        "truth",
        sa.Column("plot_id", base.Key, autoincrement=False, nullable=False),
        sa.Column("label_class_id", base.Key, nullable=False),
        sa.Column("batch_id", base.Key, nullable=False),
        sa.Column("split", sa.String(64), nullable=True),
        sa.Column("group_name", sa.String(190), nullable=True),
        sa.Column("updated_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["label_batch.id"], name=op.f("fk_truth_batch_id")),
        sa.ForeignKeyConstraint(["label_class_id"], ["label_class.id"], name=op.f("fk_truth_label_class_id")),
        sa.ForeignKeyConstraint(["plot_id"], ["plot.id"], name=op.f("fk_truth_plot_id")),
        sa.PrimaryKeyConstraint("plot_id", name=op.f("pk_truth")),
        comment="The label that training reads, one a plot",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_truth_label_class_id", "truth", ["label_class_id"])
    op.create_table(
        "inference",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("plot_id", base.Key, nullable=False),
        sa.Column("model_id", base.Key, nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=False),
        sa.Column("top_class", sa.String(64), nullable=False),
        sa.Column("top_score", sa.Double(), nullable=False),
        sa.Column("margin", sa.Double(), nullable=False),
        sa.Column("novelty", sa.Double(), nullable=False),
        sa.Column("scores", sa.JSON(), nullable=False),
        sa.Column("cam", sa.LargeBinary(), nullable=True),
        sa.Column("cam_height", sa.Integer(), nullable=True),
        sa.Column("cam_width", sa.Integer(), nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("condition", sa.SmallInteger(), nullable=True),
        sa.Column("confirmed", sa.Boolean(create_constraint=False), nullable=True),
        sa.Column("shadow", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("took_ms", sa.Double(), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_inference_model_id")),
        sa.ForeignKeyConstraint(["plot_id"], ["plot.id"], name=op.f("fk_inference_plot_id")),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_inference_plot_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inference")),
        sa.UniqueConstraint("plot_id", "model_id", name=op.f("uq_inference_plot_id_model_id")),
        comment="What a model said of a plot; scores is a list of [class, score] in enum order",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_inference_model_id_created_at", "inference", ["model_id", "created_at"])
    _index("ix_inference_plot_type_id_created_at", "inference", ["plot_type_id", "created_at"])
    _index("ix_inference_plot_type_id_margin", "inference", ["plot_type_id", "margin"])
    _index("ix_inference_plot_type_id_status_created_at", "inference", ["plot_type_id", "status", "created_at"])
    op.create_table(
        "review_item",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("plot_id", base.Key, nullable=False),
        sa.Column("model_id", base.Key, nullable=True),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("created_at", base.Utc(), nullable=False),
        sa.Column("resolved_by", sa.String(190), nullable=True),
        sa.Column("resolved_at", base.Utc(), nullable=True),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_review_item_model_id")),
        sa.ForeignKeyConstraint(["plot_id"], ["plot.id"], name=op.f("fk_review_item_plot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_item")),
        comment="Plots that an expert should look at",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_review_item_plot_id", "review_item", ["plot_id"])
    _index("ix_review_item_state_kind_score", "review_item", ["state", "kind", "score"])
    op.create_table(
        "threshold",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("model_id", base.Key, nullable=False),
        sa.Column("class_name", sa.String(64), nullable=False),
        sa.Column("set_at", base.Utc(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("method", sa.String(64), nullable=False),
        sa.Column("set_by", sa.String(190), nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_threshold_model_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_threshold")),
        comment="Every threshold ever set; the newest of a class is in force",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_threshold_model_id_class_name_set_at", "threshold", ["model_id", "class_name", "set_at"])
    op.create_table(
        "training_run",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=False),
        sa.Column("dataset_id", base.Key, nullable=True),
        sa.Column("model_id", base.Key, nullable=True),
        sa.Column("state", sa.String(64), nullable=False),
        sa.Column("started_at", base.Utc(), nullable=False),
        sa.Column("finished_at", base.Utc(), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("history", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(190), nullable=False),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_training_run_dataset_id")),
        sa.ForeignKeyConstraint(["model_id"], ["model.id"], name=op.f("fk_training_run_model_id")),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_training_run_plot_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_run")),
        comment="A training, its settings and its curves",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_training_run_plot_type_id_started_at", "training_run", ["plot_type_id", "started_at"])
    op.create_table(
        "episode",
        sa.Column("id", base.Key, autoincrement=True, nullable=False),
        sa.Column("uid", sa.String(190), nullable=False),
        sa.Column("plot_type_id", base.Key, nullable=False),
        sa.Column("class_name", sa.String(64), nullable=False),
        sa.Column("first_inference_id", base.Key, nullable=True),
        sa.Column("started_at", base.Utc(), nullable=False),
        sa.Column("confirmed_at", base.Utc(), nullable=False),
        sa.Column("ended_at", base.Utc(), nullable=True),
        sa.Column("worst_score", sa.Double(), nullable=False),
        sa.Column("acked_by", sa.String(190), nullable=True),
        sa.Column("acked_at", base.Utc(), nullable=True),
        sa.Column("feedback", sa.String(64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("logbook_url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["first_inference_id"], ["inference.id"], name=op.f("fk_episode_first_inference_id")),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_episode_plot_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_episode")),
        sa.UniqueConstraint("uid", name=op.f("uq_episode_uid")),
        comment="One incident, from the first wrong plot until the type was confirmed right again",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )
    _index("ix_episode_plot_type_id_started_at", "episode", ["plot_type_id", "started_at"])
    _index("ix_episode_started_at", "episode", ["started_at"])
    op.create_table(
        "current_status",
        sa.Column("plot_type_id", base.Key, autoincrement=False, nullable=False),
        sa.Column("plot_id", base.Key, nullable=True),
        sa.Column("inference_id", base.Key, nullable=True),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("condition", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", base.Utc(), nullable=True),
        sa.Column("episode_id", base.Key, nullable=True),
        sa.Column("muted_until", base.Utc(), nullable=True),
        sa.Column("muted_by", sa.String(190), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("verdict", sa.JSON(), nullable=True),
        sa.Column("updated_at", base.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["episode_id"], ["episode.id"], name=op.f("fk_current_status_episode_id")),
        sa.ForeignKeyConstraint(["inference_id"], ["inference.id"], name=op.f("fk_current_status_inference_id")),
        sa.ForeignKeyConstraint(["plot_id"], ["plot.id"], name=op.f("fk_current_status_plot_id")),
        sa.ForeignKeyConstraint(["plot_type_id"], ["plot_type.id"], name=op.f("fk_current_status_plot_type_id")),
        sa.PrimaryKeyConstraint("plot_type_id", name=op.f("pk_current_status")),
        comment="What the operators see now, one row a plot type; state is all that decide() remembers",
        if_not_exists=True,
        **base.TABLE_OPTIONS,
    )


def downgrade() -> None:
    for table in (
        "current_status",
        "episode",
        "training_run",
        "threshold",
        "review_item",
        "inference",
        "truth",
        "model",
        "label",
        "dataset_item",
        "session",
        "saved_view",
        "role_grant",
        "plot",
        "label_class",
        "dataset",
        "change",
        "user_account",
        "service_status",
        "plot_type",
        "news",
        "label_batch",
        "image",
        "audit_log",
    ):
        op.drop_table(table)
