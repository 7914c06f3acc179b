"""Tells people who do not look at a screen: what happened becomes messages, never too many, to Apprise's addresses."""
