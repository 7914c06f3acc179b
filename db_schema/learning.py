"""Tables of teaching: who labelled what, the sets that models were trained on, and what should be looked at."""

from sqlalchemy import JSON, Column, Double, ForeignKey, Text
from sqlalchemy import UniqueConstraint as Unique

from db_schema.base import Key, Name, Sha256, Short, Utc, index, key, table

label_batch = table(
    "label_batch",
    key(),
    Column("labelled_by", Name, nullable=False),
    Column("source", Name, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("undone_at", Utc),
    # No foreign key: SQLite cannot add one to a table that is there already.
    Column("plot_type_id", Key),
    Column("summary", JSON(none_as_null=True)),
    index("labelled_by", "created_at", serves="labelling: undo my last batch; leader board"),
    index("plot_type_id", "id", serves="labelling: the last batches of a type, to undo any of them"),
    comment="Labels given in one go; undone as a whole",
)

label = table(
    "label",
    key(),
    Column("batch_id", Key, ForeignKey("label_batch.id"), nullable=False),
    Column("plot_id", Key, ForeignKey("plot.id"), nullable=False),
    Column("label_class_id", Key, ForeignKey("label_class.id"), nullable=False),
    Unique("batch_id", "plot_id"),
    index("plot_id", serves="plot page: every vote on a plot"),
    comment="Every vote, never overwritten",
)

truth = table(
    "truth",
    Column("plot_id", Key, ForeignKey("plot.id"), primary_key=True, autoincrement=False),
    Column("label_class_id", Key, ForeignKey("label_class.id"), nullable=False),
    Column("batch_id", Key, ForeignKey("label_batch.id"), nullable=False),
    Column("split", Short),
    Column("group_name", Name),
    Column("updated_at", Utc, nullable=False),
    index("label_class_id", serves="labelling: the plots of a class; training reads by class"),
    comment="The label that training reads, one a plot",
)

standing = table(
    "standing",
    Column("plot_id", Key, ForeignKey("plot.id"), primary_key=True, autoincrement=False),
    Column("plot_type_id", Key, ForeignKey("plot_type.id"), nullable=False),
    Column("state", Short, nullable=False),
    Column("dissent", Double, nullable=False),
    Column("label_class_id", Key, ForeignKey("label_class.id")),
    Column("batch_id", Key, ForeignKey("label_batch.id")),
    Column("after_batch", Key, nullable=False),
    Column("split", Short),
    Column("group_name", Name),
    Column("updated_at", Utc, nullable=False),
    index("plot_type_id", "dissent", "plot_id", serves="labelling: the plots that people disagree on most"),
    index("batch_id", serves="labelling: undo what an expert decided"),
    comment="Plots whose label is not just what everybody said: disputed, decided, left out, asked again",
)

skipped = table(
    "skipped",
    Column("person", Name, primary_key=True),
    Column("plot_id", Key, ForeignKey("plot.id"), primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    index("plot_id", serves="labelling: has this person put the plot off"),
    comment="Plots that somebody put off while labelling; they come last",
)

dataset = table(
    "dataset",
    key(),
    Column("plot_type_id", Key, ForeignKey("plot_type.id"), nullable=False),
    Column("digest", Sha256, nullable=False),
    Column("created_at", Utc, nullable=False),
    Unique("plot_type_id", "digest"),
    comment="A frozen training set",
)

dataset_item = table(
    "dataset_item",
    Column("dataset_id", Key, ForeignKey("dataset.id"), primary_key=True, autoincrement=False),
    Column("plot_id", Key, ForeignKey("plot.id"), primary_key=True, autoincrement=False),
    Column("label_class_id", Key, ForeignKey("label_class.id"), nullable=False),
    Column("split", Short, nullable=False),
    index("plot_id", serves="purge: never remove a picture that a model was trained on"),
    comment="One plot of a frozen set, with the label it had then",
)

training_run = table(
    "training_run",
    key(),
    Column("plot_type_id", Key, ForeignKey("plot_type.id"), nullable=False),
    Column("dataset_id", Key, ForeignKey("dataset.id")),
    Column("model_id", Key, ForeignKey("model.id")),
    Column("state", Short, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Column("settings", JSON(none_as_null=True), nullable=False),
    Column("history", JSON(none_as_null=True), nullable=False),
    Column("created_by", Name, nullable=False),
    index("plot_type_id", "started_at", serves="library: the trainings of a type"),
    comment="A training, its settings and its curves",
)

review_item = table(
    "review_item",
    key(),
    Column("kind", Short, nullable=False),
    Column("plot_id", Key, ForeignKey("plot.id"), nullable=False),
    Column("model_id", Key, ForeignKey("model.id")),
    Column("score", Double, nullable=False),
    Column("state", Short, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("resolved_by", Name),
    Column("resolved_at", Utc),
    Column("note", Text),
    Column("asked_by", Name),
    # No foreign key, as above.
    Column("batch_id", Key),
    index("batch_id", serves="labelling: undoing a decision opens its review again"),
    index("state", "kind", "score", serves="review queue: open items of a kind, the most urgent first"),
    index("plot_id", serves="plot page: is this plot under review"),
    comment="Plots that an expert should look at",
)
