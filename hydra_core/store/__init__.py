"""The database and the spool: all SQL of Hydra is in this package, which takes and returns domain types."""

from hydra_core.store.codec import decode_outcome, encode_outcome
from hydra_core.store.pages import PlotPage
from hydra_core.store.spool import Spool
from hydra_core.store.store import SqlStore, open_store

__all__ = ["PlotPage", "Spool", "SqlStore", "decode_outcome", "encode_outcome", "open_store"]
