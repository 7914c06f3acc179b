"""Tables of the running experiment: plot types, plots, models, what they said, and what the operators were told."""

from sqlalchemy import JSON, Boolean, Column, Double, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Text
from sqlalchemy import UniqueConstraint as Unique

from db_schema.base import Hash64, Key, Name, Sha256, Short, Uid, Utc, index, key, table

plot_type = table(
    "plot_type",
    key(),
    Column("name", Name, nullable=False),
    Column("title", Name, nullable=False),
    Column("group_name", Name, nullable=False),
    Column("pv", Short, nullable=False),
    Column("contact", Text, nullable=False),
    Column("guidance", Text, nullable=False),
    Column("active", Boolean(create_constraint=False), nullable=False),
    Column("collect_percent", Double, nullable=False),
    # No foreign key: plot refers to plot_type, and SQLite cannot add the other direction later.
    Column("reference_plot_id", Key),
    Column("policy", JSON(none_as_null=True), nullable=False),
    Unique("name"),
    comment="Kinds of plots that this hall watches; inactive ones are no longer configured",
)

label_class = table(
    "label_class",
    key(),
    Column("plot_type_id", Key, ForeignKey("plot_type.id"), nullable=False),
    Column("name", Short, nullable=False),
    Column("position", SmallInteger, nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("colour", Short, nullable=False),
    Column("hotkey", Short, nullable=False),
    Column("retired", Boolean(create_constraint=False), nullable=False),
    Unique("plot_type_id", "name"),
    Unique("plot_type_id", "position"),
    comment="Classes of a plot type; position is the enum state, append only",
)

image = table(
    "image",
    key(),
    Column("sha256", Sha256, nullable=False),
    Column("media_type", Short, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("dhash", Hash64),
    Column("stored_at", Utc, nullable=False),
    Column("purged_at", Utc),
    Unique("sha256"),
    index("dhash", serves="hydra audit duplicates: pictures with the same hash"),
    comment="Picture bytes in the archive, each once",
)

plot = table(
    "plot",
    key(),
    Column("uid", Uid, nullable=False),
    Column("plot_type_id", Key, ForeignKey("plot_type.id"), nullable=False),
    Column("image_id", Key, ForeignKey("image.id"), nullable=False),
    Column("run", Integer, nullable=False),
    Column("chunk", Integer, nullable=False),
    Column("taken_at", Utc, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("source", Text, nullable=False),
    Column("run_period", Short),
    Unique("uid"),
    index("plot_type_id", "id", serves="label queue: the newest of a type first"),
    index("plot_type_id", "uid", serves="label queue: the plots of a type in random order"),
    index("plot_type_id", "run", "chunk", serves="run page, trend: the plots of a type by run and chunk"),
    index("image_id", serves="purge: is this picture still in use"),
    index("received_at", serves="start of the IOC: which plots are known already"),
    index("taken_at", serves="start of the IOC: which plots are known already; log by time"),
    comment="One picture of one plot type; uid identifies the arrival",
)

model = table(
    "model",
    key(),
    Column("plot_type_id", Key, ForeignKey("plot_type.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("sha256", Sha256, nullable=False),
    Column("path", Text, nullable=False),
    Column("parent_id", Key, ForeignKey("model.id")),
    Column("classes", JSON(none_as_null=True), nullable=False),
    Column("metrics", JSON(none_as_null=True), nullable=False),
    Column("dataset_id", Key, ForeignKey("dataset.id")),
    Column("state", Short, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("created_by", Name, nullable=False),
    Column("activated_at", Utc),
    Unique("plot_type_id", "version", "sha256"),
    index("plot_type_id", "state", serves="start of the IOC: the active model of a type"),
    comment="Model bundles; a row with an empty path was only seen in a result, never entered in the library",
)

threshold = table(
    "threshold",
    key(),
    Column("model_id", Key, ForeignKey("model.id"), nullable=False),
    Column("class_name", Short, nullable=False),
    Column("set_at", Utc, nullable=False),
    Column("value", Double, nullable=False),
    Column("method", Short, nullable=False),
    Column("set_by", Name, nullable=False),
    index("model_id", "class_name", "set_at", serves="library: thresholds in force and their history"),
    comment="Every threshold ever set; the newest of a class is in force",
)

inference = table(
    "inference",
    key(),
    Column("plot_id", Key, ForeignKey("plot.id"), nullable=False),
    Column("model_id", Key, ForeignKey("model.id"), nullable=False),
    Column("plot_type_id", Key, ForeignKey("plot_type.id"), nullable=False),
    Column("top_class", Short, nullable=False),
    Column("top_score", Double, nullable=False),
    Column("margin", Double, nullable=False),
    Column("novelty", Double, nullable=False),
    Column("scores", JSON(none_as_null=True), nullable=False),
    Column("cam", LargeBinary),
    Column("cam_height", Integer),
    Column("cam_width", Integer),
    Column("status", SmallInteger),
    Column("condition", SmallInteger),
    Column("confirmed", Boolean(create_constraint=False)),
    Column("shadow", Boolean(create_constraint=False), nullable=False),
    Column("took_ms", Double, nullable=False),
    Column("created_at", Utc, nullable=False),
    Unique("plot_id", "model_id"),
    # All that a trend asks for, so that a million judgements are counted without touching their rows.
    Index(
        "ix_inference_trend",
        *("plot_type_id", "created_at", "shadow", "top_class", "top_score", "novelty"),
        info={"serves": "trend: what was said of a type over time"},
    ),
    index("plot_type_id", "status", "created_at", serves="log: the plots of a type that were bad"),
    index("status", "created_at", serves="log: the unconfirmed plots of all types by time"),
    index("model_id", "margin", "plot_id", serves="label queue: where the model is least sure"),
    index("model_id", "top_class", "margin", "plot_id", serves="label queue: of those that it takes for one class"),
    index("model_id", "created_at", serves="library: what a model did lately"),
    comment="What a model said of a plot; scores is a list of [class, score] in enum order",
)

embedding = table(
    "embedding",
    Column("inference_id", Key, ForeignKey("inference.id"), primary_key=True, autoincrement=False),
    Column("model_id", Key, ForeignKey("model.id"), nullable=False),
    Column("plot_id", Key, ForeignKey("plot.id"), nullable=False),
    Column("vector", LargeBinary, nullable=False),
    index(
        "model_id", "inference_id", serves="plot page: the plots that a model finds most alike; oldest first to forget"
    ),
    index("plot_id", serves="labelling: what is known of a plot; purge"),
    comment="How a model sees a plot, little-endian float16; kept for its last plots and for labelled ones",
)

episode = table(
    "episode",
    key(),
    Column("uid", Name, nullable=False),
    Column("plot_type_id", Key, ForeignKey("plot_type.id"), nullable=False),
    Column("class_name", Short, nullable=False),
    Column("first_inference_id", Key, ForeignKey("inference.id")),
    Column("started_at", Utc, nullable=False),
    Column("confirmed_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("worst_score", Double, nullable=False),
    Column("acked_by", Name),
    Column("acked_at", Utc),
    Column("feedback", Short),
    Column("note", Text),
    Column("logbook_url", Text),
    # No foreign key: SQLite cannot add one to a table that is there.
    Column("worst_inference_id", Key),
    Column("feedback_by", Name),
    Column("feedback_at", Utc),
    Unique("uid"),
    index("plot_type_id", "started_at", serves="log: the incidents of a type"),
    index("started_at", serves="log, shift report: incidents of all types by time"),
    comment="One incident, from the first wrong plot until the type was confirmed right again",
)

current_status = table(
    "current_status",
    Column("plot_type_id", Key, ForeignKey("plot_type.id"), primary_key=True, autoincrement=False),
    Column("plot_id", Key, ForeignKey("plot.id")),
    Column("inference_id", Key, ForeignKey("inference.id")),
    Column("status", SmallInteger, nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("condition", SmallInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Utc),
    Column("episode_id", Key, ForeignKey("episode.id")),
    Column("muted_until", Utc),
    Column("muted_by", Name, nullable=False),
    Column("state", JSON(none_as_null=True), nullable=False),
    Column("verdict", JSON(none_as_null=True)),
    Column("updated_at", Utc, nullable=False),
    comment="What the operators see now, one row a plot type; state is all that decide() remembers",
)

change = table(
    "change",
    key(),
    Column("uid", Uid, nullable=False),
    Column("kind", Short, nullable=False),
    Column("plot_type_id", Key, ForeignKey("plot_type.id")),
    Column("ref_id", Key),
    Column("payload", JSON(none_as_null=True), nullable=False),
    Column("at", Utc, nullable=False),
    Column("recorded_at", Utc, nullable=False),
    Unique("uid"),
    index("plot_type_id", "id", serves="hydra replay: the history of a type in the order it was recorded"),
    comment="What happened, in order: the cursor of live pages and the history for replay",
)
