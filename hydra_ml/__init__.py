"""Models: preprocessing, bundles, training, serving. TensorFlow lives here and nowhere else."""

import os

# TensorFlow reads this when it is first imported; its remarks about the processor are of no use to an operator.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
