"""Scalable drawings built as elements, so that no name from outside can become markup."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from markupsafe import Markup

Element = ET.Element

INK, SOFT, LINE, BAR = "#23272e", "#6b7280", "#d7dbe0", "#7a3b8f"
VEIL = "#b8bfd0"
"""The colours of text, of what is beside it, of lines, of values, and over what is hidden."""


def drawing(width: float, height: float, label: str) -> Element:
    """An empty drawing of this size, with what it shows in words for those who cannot see it."""
    root = Element(
        "svg",
        {
            "viewBox": f"0 0 {width:g} {height:g}",
            "role": "img",
            "aria-label": label,
            "class": "drawing",
            "style": f"max-width:{width:g}px",
        },
    )
    return root


def add(parent: Element, name: str, text: str | None = None, **attributes: object) -> Element:
    """Add an element; `_` in names stands for `-`, a trailing one is dropped."""
    given = {key.rstrip("_").replace("_", "-"): _value(value) for key, value in attributes.items()}
    found = ET.SubElement(parent, name, given)
    found.text = text
    return found


def titled(element: Element, text: str) -> None:
    """What the mouse over an element says."""
    ET.SubElement(element, "title").text = text


def level(root: Element, y: float, text: str, left: float, right: float) -> None:
    """A line across a chart from `left` to `right`, with its value before it."""
    add(root, "line", x1=left, x2=right, y1=y, y2=y, stroke=LINE, stroke_width=0.6)
    add(root, "text", text, x=left - 6, y=y + 4, text_anchor="end", font_size=10, fill=SOFT)


def tick(root: Element, x: float, y: float, text: str, size: float = 10, anchor: str = "middle") -> None:
    """The value of a place along a chart's axis, below or above it."""
    add(root, "text", text, x=x, y=y, text_anchor=anchor, font_size=size, fill=SOFT)


def shortened(text: str, most: int) -> str:
    """A text of at most so many letters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def markup(root: Element) -> Markup:
    """The drawing as it stands in a page."""
    return Markup(ET.tostring(root, encoding="unicode"))


def _value(value: object) -> str:
    return (
        f"{value:.4g}"
        if isinstance(value, float) and abs(value) < 10
        else (f"{value:.1f}" if isinstance(value, float) else str(value))
    )
