"""Labelling: the grid in which experts say what plots are."""
