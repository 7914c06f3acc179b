"""Audits: likely label errors, duplicates, and drift of what comes in against what a model was trained on."""
