"""Incidents: what was decided about them, their log, and the report of a shift."""
