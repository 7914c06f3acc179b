"""The one `hydra` command; imports everything else only when it is needed."""
