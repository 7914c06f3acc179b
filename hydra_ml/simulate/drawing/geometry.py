"""A pad's frame in pixels: where data land on the canvas, whatever draws it."""

import math
from dataclasses import dataclass

import numpy as np

from hydra_ml.simulate.content import Axis, Content, FaultBox, Floats, Pad

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Scale:
    """One axis on the canvas: data from `axis.low` to `axis.high` land on pixels `start` to `stop`."""

    axis: Axis
    start: float
    stop: float

    def to_pixels(self, values: Floats) -> Floats:
        """Return pixels; infinities and everything outside land on the nearer end."""
        low, high = self.axis.low, self.axis.high
        values = np.clip(values, low, high)
        if self.axis.log:
            low, high, values = math.log10(low), math.log10(high), np.log10(values)
        return self.start + (values - low) / (high - low) * (self.stop - self.start)

    def unclipped(self, values: Floats) -> Floats:
        """Return pixels of a linear axis, also outside of the frame."""
        return self.start + (values - self.axis.low) / (self.axis.high - self.axis.low) * (self.stop - self.start)


@dataclass(frozen=True, slots=True)
class Frame:
    """A pad's frame: whole pixels of its edges, and both scales.

    `unit` is the length in pixels that sizes of texts and ticks are fractions of.
    """

    box: tuple[int, int, int, int]
    pad: Box
    x: Scale
    y: Scale
    unit: float

    @classmethod
    def of(cls, pad: Pad, width: int, height: int) -> "Frame":
        """Place a pad on a canvas of width x height pixels."""
        fx0, fy0, fx1, fy1 = pad.frame()
        x0, y0, x1, y1 = round(fx0 * width), round(fy0 * height), round(fx1 * width), round(fy1 * height)
        px0, py0, px1, py1 = pad.rect
        outer = (px0 * width, py0 * height, px1 * width, py1 * height)
        unit = min(outer[2] - outer[0], outer[3] - outer[1])
        return cls(
            (x0, y0, x1, y1),
            outer,
            Scale(pad.x, x0, x1),
            Scale(pad.y, y0, y1),
            max(unit, 0.62 * height) * pad.text_scale,
        )

    def pixels_of(self, box: FaultBox) -> Box:
        """Return a fault's box in pixels, cut off at the frame, one pixel larger for the rounding."""
        x0, x1 = self.x.to_pixels(np.array([box.x0, box.x1], dtype=float))
        y0, y1 = self.y.to_pixels(np.array([box.y0, box.y1], dtype=float))
        return float(x0) - 1, float(y0) - 1, float(x1) + 1, float(y1) + 1


def grown(corners: Floats, by: float) -> Floats:
    """Return polygons (n, vertices, 2) whose corners lie `by` further out along both edges."""
    edges = [corners - np.roll(corners, shift, axis=1) for shift in (1, -1)]
    further: Floats = corners + by * sum(edge / np.linalg.norm(edge, axis=2, keepdims=True) for edge in edges)
    return further


def fault_boxes(content: Content, width: int, height: int) -> tuple[tuple[float, float, float, float], ...]:
    """Return where the faults show on a canvas of width x height pixels, as fractions, origin top left."""
    boxes = []
    for box in content.boxes:
        x0, y0, x1, y1 = Frame.of(content.pads[box.pad], width, height).pixels_of(box)
        boxes.append((x0 / width, 1 - y1 / height, x1 / width, 1 - y0 / height))
    return tuple(boxes)
