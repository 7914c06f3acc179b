"""Plots that are pushed in by HTTP."""
