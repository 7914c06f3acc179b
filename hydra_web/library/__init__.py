"""The library of models: what each is worth, which judges by which rules, what others would do, how to make more."""
