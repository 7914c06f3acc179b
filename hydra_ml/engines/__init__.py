"""What runs a model's body: TensorFlow in float32 or bfloat16, or OpenVINO; and who shares one.

A body is everything up to the last feature maps. Plot types whose bodies are equal, weight by weight, share one
engine; each keeps its own `hydra_ml.head.Head`.
"""
