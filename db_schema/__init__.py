"""Database tables and their migrations; SQLAlchemy and nothing of Hydra."""
