"""The named colours, fonts and shapes that every generated screen uses, and nothing else."""

from enum import Enum

from hydra_core.domain import Severity, Status

RGB = tuple[int, int, int]


class Colour(Enum):
    """A colour by its name in Phoebus and in BOY; the numbers are for a site that does not define the name."""

    TEXT = ("Text", "Text", (0, 0, 0))
    CANVAS = ("Button_Background", "Button_Background", (210, 210, 210))
    CARD = ("Read_Background", "Read_Background", (240, 240, 240))
    PAPER = ("Background", "Background", (255, 255, 255))
    LINE = ("Grid", "Grid", (128, 128, 128))
    MINOR = ("MINOR", "Minor", (255, 128, 0))
    MAJOR = ("MAJOR", "Major", (255, 0, 0))
    INVALID = ("INVALID", "Invalid", (255, 0, 255))

    def __init__(self, phoebus: str, boy: str, rgb: RGB) -> None:
        self.phoebus = phoebus
        self.boy = boy
        self.rgb = rgb


class Font(Enum):
    """A font by its name in Phoebus and in BOY, with family, boldness and height in pixels for a site without it."""

    DEFAULT = ("Default", False, 14)
    BOLD = ("Default Bold", True, 14)
    TITLE = ("Header 1", True, 22)
    HEADING = ("Header 2", True, 18)
    SUBHEADING = ("Header 3", True, 16)
    SMALL = ("Fine Print", False, 12)

    def __init__(self, label: str, bold: bool, pixels: int) -> None:
        self.label = label
        self.bold = bold
        self.pixels = pixels


FAMILY = "Liberation Sans"

SEVERITY_COLOURS = {
    Severity.MINOR: Colour.MINOR,
    Severity.MAJOR: Colour.MAJOR,
    Severity.INVALID: Colour.INVALID,
}
"""Only what is wrong has a colour."""

SHAPES = {
    Status.UNKNOWN: "?",
    Status.GOOD: "\N{BLACK CIRCLE}",
    Status.SUSPECT: "\N{CIRCLE WITH LEFT HALF BLACK}",
    Status.WARN: "\N{BLACK UP-POINTING TRIANGLE}",
    Status.BAD: "\N{BLACK SQUARE}",
    Status.STALE: "\N{DOTTED CIRCLE}",
    Status.ERROR: "\N{HEAVY MULTIPLICATION X}",
    Status.OFF: "\N{EN DASH}",
}
"""The same shapes as on the wall, so that nobody depends on colour."""

MEANINGS = {
    Status.BAD: "looks wrong: do what the plot's page says",
    Status.WARN: "looks unusual: look when there is time",
    Status.ERROR: "could not be judged",
    Status.STALE: "no new plot for too long",
    Status.UNKNOWN: "not judged yet",
    Status.SUSPECT: "not sure, or not confirmed yet",
    Status.GOOD: "looks as it should",
    Status.OFF: "no beam, disabled or no model",
}
"""What an operator needs to know of each status, worst first."""
