"""Generates for a hall what its control room needs beside the PVs: screens, alarm trees, archiver requests, lists.

Everything follows from the configuration and the table of PVs (`hydra_core.pvs`); nothing here knows Channel Access.
"""

from hydra_core.opi.bundle import build, write

__all__ = ["build", "write"]
