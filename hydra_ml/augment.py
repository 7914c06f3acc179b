"""Vary training plots as real ones vary: place, colours, gamma, sharpness, compression, titles and statistics boxes.

No flips or turns: where something lies in a plot means something. Title and statistics box are hidden at random, so
that a model cannot read the answer there. Random numbers depend only on the seed given, so a resumed training draws
the same ones.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tensorflow as tf

BLOCK = 8
"""Side of a block that JPEG compresses, pixels."""
UPPER = 0.3
"""Share of the height in which titles and statistics boxes lie."""


@dataclass(frozen=True, slots=True)
class Strength:
    """How much pictures are varied; each is varied by chance up to these limits.

    `shift` (of the side) and `stretch` (of each axis) move it; `hue` (a turn, 0…0.5) and `saturation` change the
    palette, `gamma` (about its natural logarithm), `contrast` and `brightness` (of 255) the tones; `blur` is the
    largest share of a 3 x 3 mean that is mixed in or sharpened by; `lines` is the share of a 3 x 3 minimum or
    maximum, which makes lines as thick or thin as another canvas does; `noise` of pixels and `blocks` of JPEG's blocks
    are standard deviations, of 255; `mask` is the chance that the title is hidden, and that the statistics box is.
    """

    shift: float = 0.03
    stretch: float = 0.04
    hue: float = 0.02
    saturation: float = 0.5
    gamma: float = 0.12
    contrast: float = 0.12
    brightness: float = 12.0
    blur: float = 1.0
    lines: float = 0.15
    noise: float = 3.0
    blocks: float = 1.5
    mask: float = 0.25


MILD = Strength()
"""For a plot type's own model, whose pictures come from one macro."""
STRONG = Strength(
    shift=0.05,
    stretch=0.08,
    hue=0.5,
    saturation=0.6,
    gamma=0.35,
    contrast=0.25,
    brightness=25.0,
    blur=1.0,
    lines=0.3,
    noise=5.0,
    blocks=3.0,
    mask=0.35,
)
"""For pretraining: features that serve every macro, renderer and palette."""


def augment(images: "tf.Tensor", seed: "tf.Tensor", strength: Strength = MILD) -> "tf.Tensor":
    """Return varied float32 copies of `images`, float (n, h, w, 3) 0…255; `seed` is int (2,)."""
    import tensorflow as tf

    images = tf.cast(images, tf.float32)
    place, colour, tone, sharp, noise, mask, line = tf.unstack(tf.random.split(tf.cast(seed, tf.int32), 7))
    moved = _moved(_masked(images, mask, strength), place, strength)
    sharpened = _redrawn(_sharpened(_recoloured(moved, colour, strength), sharp, strength), line, strength)
    return tf.clip_by_value(_noisy(_toned(sharpened, tone, strength), noise, strength), 0.0, 255.0)


def _uniform(images: Any, count: int, seed: Any) -> list[Any]:
    """Return `count` numbers -1…1 for each image, (n, 1, 1, 1) each."""
    import tensorflow as tf

    return list(tf.unstack(tf.random.stateless_uniform((count, tf.shape(images)[0], 1, 1, 1), seed, -1.0, 1.0)))


def _between(draw: Any, low: float, high: float) -> Any:
    return low + (draw + 1.0) * ((high - low) / 2)


def _moved(images: Any, seed: Any, strength: Strength) -> Any:
    import tensorflow as tf

    shape = tf.shape(images)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=_transforms(shape, seed, strength),
        output_shape=shape[1:3],
        fill_value=255.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )


def _transforms(shape: Any, seed: Any, strength: Strength) -> Any:
    """Return projective transforms (n, 8) about the plot's centre: x stretch, y stretch, shifts."""
    import tensorflow as tf

    draws = tf.random.stateless_uniform((shape[0], 4), seed, -1.0, 1.0)
    height, width = tf.cast(shape[1], tf.float32), tf.cast(shape[2], tf.float32)
    stretch_x, stretch_y = 1 + strength.stretch * draws[:, 0], 1 + strength.stretch * draws[:, 1]
    shift_x = strength.shift * width * draws[:, 2] + (1 - stretch_x) * width / 2
    shift_y = strength.shift * height * draws[:, 3] + (1 - stretch_y) * height / 2
    zero = tf.zeros_like(shift_x)
    return tf.stack([stretch_x, zero, shift_x, zero, stretch_y, shift_y, zero, zero], axis=1)


def _recoloured(images: Any, seed: Any, strength: Strength) -> Any:
    """Turn hues, mostly by little, and change saturation; white, greys and black stay."""
    import numpy as np
    import tensorflow as tf

    turn, vivid = (draw[:, 0, 0, 0] for draw in _uniform(images, 2, seed))
    angle = turn * tf.abs(turn) * (2 * np.pi * strength.hue)
    scale = 1.0 + strength.saturation * (vivid - 0.5)
    cos, sin = scale * tf.cos(angle), scale * tf.sin(angle)
    one, zero = tf.ones_like(cos), tf.zeros_like(cos)
    rows = [[one, zero, zero], [zero, cos, -sin], [zero, sin, cos]]
    rotation = tf.stack([tf.stack(row, axis=1) for row in rows], axis=1)
    yiq = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]], np.float32)
    whole = tf.einsum("ij,njk,kl->nli", np.linalg.inv(yiq).astype(np.float32), rotation, yiq)
    shape = tf.shape(images)
    flat = tf.matmul(tf.reshape(images, (shape[0], -1, 3)), whole)
    return tf.reshape(tf.clip_by_value(flat, 0.0, 255.0), shape)


def _sharpened(images: Any, seed: Any, strength: Strength) -> Any:
    """Blur or sharpen, as a plot resampled on its way is."""
    import tensorflow as tf

    (draw,) = _uniform(images, 1, seed)
    share = draw * strength.blur
    return images * (1 - share) + tf.nn.avg_pool2d(images, 3, 1, "SAME") * share


def _redrawn(images: Any, seed: Any, strength: Strength) -> Any:
    """Make dark lines thicker or thinner, as a canvas of other pixels draws them."""
    import tensorflow as tf

    (share,) = _uniform(images, 1, seed)
    sign = tf.where(share > 0, 1.0, -1.0)
    # The minimum is the negative of the negatives' maximum, so one pooling serves both.
    extreme = sign * tf.nn.max_pool2d(images * sign, 3, 1, "SAME")
    share = tf.abs(share) * strength.lines
    return images * (1 - share) + extreme * share


def _toned(images: Any, seed: Any, strength: Strength) -> Any:
    """Bend, stretch and shift the tones: x + bend * x * (1 - x) is close to a gamma curve, and ten times faster."""
    bend, contrast, brightness = _uniform(images, 3, seed)
    bend, contrast = strength.gamma * bend, 1 + strength.contrast * contrast
    linear, square = contrast * (1 + bend), contrast * bend / 255.0
    return images * (linear - square * images) + (127.5 * (1 - contrast) + strength.brightness * brightness)


def _noisy(images: Any, seed: Any, strength: Strength) -> Any:
    """Add noise of pixels and of JPEG's blocks: one pattern a batch, each picture with its own amount and sign."""
    import tensorflow as tf

    first, second, third = tf.unstack(tf.random.split(seed, 3))
    fine, coarse = _uniform(images, 2, first)
    shape = tf.shape(images)
    pixels = tf.random.stateless_normal((1, shape[1], shape[2], 3), second)
    blocks = tf.random.stateless_normal((1, -(-shape[1] // BLOCK), -(-shape[2] // BLOCK), 3), third)
    blocks = tf.repeat(tf.repeat(blocks, BLOCK, axis=1), BLOCK, axis=2)[:, : shape[1], : shape[2]]
    return images + pixels * (fine * strength.noise) + blocks * (coarse * strength.blocks)


def _masked(images: Any, seed: Any, strength: Strength) -> Any:
    """Hide title and statistics box; both lie in the upper part, so only that is worked on."""
    import tensorflow as tf

    title, box = tf.unstack(tf.random.split(seed, 2))
    shape = tf.shape(images)
    size = tf.cast(shape[1:3], tf.float32)
    rows = tf.cast(tf.math.ceil(UPPER * size[0]), tf.int32)
    row = ((tf.range(rows, dtype=tf.float32) + 0.5) / size[0])[None, :, None, None]
    column = ((tf.range(shape[2], dtype=tf.float32) + 0.5) / size[1])[None, None, :, None]
    upper = _without_title(images[:, :rows], row, title, strength)
    upper = _without_box(upper, row, column, box, strength)
    return tf.concat([upper, images[:, rows:]], axis=1)


def _without_title(images: Any, row: Any, seed: Any, strength: Strength) -> Any:
    """Hide the strip with the title behind the picture's own background, or grey."""
    import tensorflow as tf

    chance, depth, grey, choice = _uniform(images, 4, seed)
    inside = (_between(chance, 0, 1) < strength.mask) & (row < _between(depth, 0.04, 0.1))
    fill = tf.where(choice < 0.4, images[:, :1, :1, :], _between(grey, 128.0, 255.0))
    return tf.where(inside, fill, images)


def _without_box(images: Any, row: Any, column: Any, seed: Any, strength: Strength) -> Any:
    """Hide the region of the statistics box at the top right behind a framed box, as such a box would."""
    import tensorflow as tf

    chance, left, right, top, bottom, grey = _uniform(images, 6, seed)
    x0, x1 = _between(left, 0.7, 0.85), _between(right, 0.88, 1.0)
    y0, y1 = _between(top, 0.0, 0.1), _between(bottom, 0.14, UPPER)
    inside = (_between(chance, 0, 1) < strength.mask) & (column > x0) & (column < x1) & (row > y0) & (row < y1)
    line = 1.0 / tf.cast(tf.shape(images)[2], tf.float32)
    within = (column > x0 + line) & (column < x1 - line) & (row > y0 + line) & (row < y1 - line)
    return tf.where(inside, tf.where(within, _between(grey, 160.0, 255.0), 60.0), images)
