"""Writes XML the way all generated files have it: indented, UTF-8, the same text for the same content."""

from collections.abc import Mapping
from xml.etree import ElementTree

Element = ElementTree.Element


def child(parent: Element, tag: str, text: object = None, **attributes: str) -> Element:
    """Append an element; booleans are written as XML has them, None leaves it empty."""
    element = ElementTree.SubElement(parent, tag, attributes)
    if text is not None:
        element.text = str(text).lower() if isinstance(text, bool) else str(text)
    return element


def children(parent: Element, values: Mapping[str, object]) -> None:
    """Append an element for each value."""
    for tag, value in values.items():
        child(parent, tag, value)


def document(root: Element) -> str:
    """Return the text of a whole document."""
    ElementTree.indent(root)
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'
