"""Database tables and their migrations; SQLAlchemy and nothing of Hydra."""

from db_schema.migrate import HEAD, current_revision, upgrade

__all__ = ["HEAD", "current_revision", "upgrade"]
