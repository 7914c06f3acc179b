"""Models: preprocessing, bundles, training, serving. TensorFlow lives here and nowhere else."""
