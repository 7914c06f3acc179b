"""How Hydra itself does: the status page, numbers for Prometheus, the leader board, the help."""
