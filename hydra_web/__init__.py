"""The web service: reads the database and the archive, writes what people decide."""
