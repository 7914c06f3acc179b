"""One plot: its page, what was said of it, and what it may be compared with."""
