"""Scalable drawings built as elements, so that no name from outside can become markup."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from markupsafe import Markup

Element = ET.Element


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


def markup(root: Element) -> Markup:
    """The drawing as it stands in a page."""
    return Markup(ET.tostring(root, encoding="unicode"))


def _value(value: object) -> str:
    return (
        f"{value:.4g}"
        if isinstance(value, float) and abs(value) < 10
        else (f"{value:.1f}" if isinstance(value, float) else str(value))
    )
