"""All tables of Hydra, in one place to import from."""

from db_schema.base import metadata
from db_schema.learning import (
    dataset,
    dataset_item,
    label,
    label_batch,
    review_item,
    skipped,
    standing,
    training_run,
    truth,
)
from db_schema.live import (
    change,
    current_status,
    embedding,
    episode,
    image,
    inference,
    label_class,
    model,
    plot,
    plot_type,
    threshold,
)
from db_schema.people import api_token, audit_log, news, role_grant, saved_view, service_status, session, user_account
from db_schema.rules import policy, setting

__all__ = [
    "api_token",
    "audit_log",
    "change",
    "current_status",
    "dataset",
    "dataset_item",
    "embedding",
    "episode",
    "image",
    "inference",
    "label",
    "label_batch",
    "label_class",
    "metadata",
    "model",
    "news",
    "plot",
    "plot_type",
    "policy",
    "review_item",
    "role_grant",
    "saved_view",
    "service_status",
    "session",
    "setting",
    "skipped",
    "standing",
    "threshold",
    "training_run",
    "truth",
    "user_account",
]
