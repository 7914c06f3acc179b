"""Reviewing: what waits for an expert's decision."""
