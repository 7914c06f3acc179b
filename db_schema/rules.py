"""Tables of the rules in force: what people set over the configuration, and the whole policy after each change."""

from sqlalchemy import JSON, Column, ForeignKey
from sqlalchemy import UniqueConstraint as Unique

from db_schema.base import Key, Name, Short, Uid, Utc, index, key, table

setting = table(
    "setting",
    key(),
    Column("plot_type_id", Key, ForeignKey("plot_type.id")),
    Column("name", Short, nullable=False),
    Column("value", JSON(none_as_null=True)),
    Column("set_at", Utc, nullable=False),
    Column("set_by", Name, nullable=False),
    Column("set_from", Name, nullable=False),
    index("plot_type_id", "name", "id", serves="IOC: the settings in force; admin: their history"),
    comment="Rules set by hand over the configuration, for one plot type or (NULL) all; the newest of a name holds",
)

policy = table(
    "policy",
    key(),
    Column("uid", Uid, nullable=False),
    Column("plot_type_id", Key, ForeignKey("plot_type.id"), nullable=False),
    Column("policy", JSON(none_as_null=True), nullable=False),
    Column("at", Utc, nullable=False),
    Unique("uid"),
    index("plot_type_id", "at", serves="hydra replay, start of the IOC: the policy in force at a time"),
    comment="Every policy that was ever in force, whoever or whatever changed it",
)
