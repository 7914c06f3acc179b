"""Vary training plots as real ones vary: small shifts and scales, brightness, contrast, a little noise.

No flips or turns: where something lies in a plot means something. Random numbers depend only on the seed given,
so a resumed training draws the same ones.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

SHIFT = 0.03
"""Largest shift, as a fraction of the side."""
SCALE = 0.04
"""Largest stretch of each axis."""
CONTRAST = 0.12
BRIGHTNESS = 12.0
"""Largest change of all pixels, of 255."""
NOISE = 3.0
"""Standard deviation, of 255."""


def augment(images: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
    """Return varied float32 copies of `images`, float (n, h, w, 3) 0…255; `seed` is int (2,)."""
    import tensorflow as tf

    images = tf.cast(images, tf.float32)
    shape = tf.shape(images)
    seeds = tf.unstack(tf.random.split(tf.cast(seed, tf.int32), 4))
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=_transforms(shape, seeds[0]),
        output_shape=shape[1:3],
        fill_value=255.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
    contrast = tf.random.stateless_uniform((shape[0], 1, 1, 1), seeds[1], 1 - CONTRAST, 1 + CONTRAST)
    brightness = tf.random.stateless_uniform((shape[0], 1, 1, 1), seeds[2], -BRIGHTNESS, BRIGHTNESS)
    noise = tf.random.stateless_normal(shape, seeds[3], 0.0, NOISE)
    return tf.clip_by_value((moved - 127.5) * contrast + 127.5 + brightness + noise, 0.0, 255.0)


def _transforms(shape: "tf.Tensor", seed: "tf.Tensor") -> "tf.Tensor":
    """Return projective transforms (n, 8) about the plot's centre: x stretch, y stretch, shifts."""
    import tensorflow as tf

    draws = tf.random.stateless_uniform((shape[0], 4), seed, -1.0, 1.0)
    height, width = tf.cast(shape[1], tf.float32), tf.cast(shape[2], tf.float32)
    stretch_x, stretch_y = 1 + SCALE * draws[:, 0], 1 + SCALE * draws[:, 1]
    shift_x = SHIFT * width * draws[:, 2] + (1 - stretch_x) * width / 2
    shift_y = SHIFT * height * draws[:, 3] + (1 - stretch_y) * height / 2
    zero = tf.zeros_like(shift_x)
    return tf.stack([stretch_x, zero, shift_x, zero, stretch_y, shift_y, zero, zero], axis=1)
