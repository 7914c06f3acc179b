"""The history of one plot type: scores, thresholds, episodes and novelty over time."""
