"""Work for more than one process: sweeps of trainings, and judging an archive again; over Dask, or here."""
