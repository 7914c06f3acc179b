"""Making the light backbone's weights: ``python -m hydra_ml.pretrain``.

The net learns, from freshly drawn synthetic plots of many types at once, what is wrong with each (one class for each
plot type and fault), and where, from the plot alone and from its difference to a healthy plot of the same run: the
second is how `comparison` uses its features.
"""
