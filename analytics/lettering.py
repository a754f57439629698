"""Text on the maps: fonts that are always there, lines that fit, numbers people can read."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

from matplotlib import font_manager
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.font_manager import FontProperties

INK, QUIET, WARN = "#1b2530", "#56616c", "#8a4b00"
DPI = 150

# The bundled font first; these only where installed, for scripts that it lacks.
_BUNDLED = "DejaVu Sans"
_OTHERS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Noto Sans KR", "Yu Gothic",
    "Microsoft YaHei", "Malgun Gothic", "Hiragino Sans", "PingFang SC", "WenQuanYi Zen Hei",
    "Noto Sans Devanagari", "Nirmala UI", "Noto Sans Thai", "Leelawadee UI",
)  # fmt: skip
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True, eq=False)
class Lettering:
    """Measures and cuts text; sizes in points, widths in pixels at 150 dpi."""

    def width_px(self, text: str, size: float, weight: str = "normal") -> float:
        """Width of one line of text."""
        if not text:
            return 0.0
        return _width_px(text, size, weight)

    def fit(self, text: str, size: float, width_px: float, weight: str = "normal") -> str:
        """The text in one line of at most `width_px`, cut in the middle with an ellipsis where too long.

        The middle goes because camera and file names differ at their ends.
        """
        if self.width_px(text, size, weight) <= width_px:
            return text
        keep, least = len(text) - 1, 0
        while keep - least > 1:
            middle = (keep + least) // 2
            if self.width_px(_shortened(text, middle), size, weight) <= width_px:
                least = middle
            else:
                keep = middle
        return _shortened(text, least)

    def wrap(self, text: str, size: float, width_px: float, lines: int, weight: str = "normal") -> list[str]:
        """The text in at most `lines` lines, broken at spaces; what is left over is cut with an ellipsis."""
        words, rows = text.split(" "), [""]
        for i, word in enumerate(words):
            longer = f"{rows[-1]} {word}" if rows[-1] else word
            if self.width_px(longer, size, weight) <= width_px:
                rows[-1] = longer
            elif len(rows) == lines:
                rest = " ".join(words[i:])
                rows[-1] = self._cut_end(f"{rows[-1]} {rest}".strip(), size, width_px, weight)
                break
            elif rows[-1]:
                rows.append(self.fit(word, size, width_px, weight))
            else:
                rows[-1] = self.fit(word, size, width_px, weight)
        return rows

    def _cut_end(self, text: str, size: float, width_px: float, weight: str) -> str:
        while text and self.width_px(text + _ELLIPSIS, size, weight) > width_px:
            text = text[:-1].rstrip()
        return text + _ELLIPSIS


@lru_cache(maxsize=4096)
def _width_px(text: str, size: float, weight: str) -> float:
    """Wrapping asks for the same beginnings of lines again and again, and all maps of a run say the same."""
    renderer = RendererAgg(1, 1, DPI)  # type: ignore[no-untyped-call]
    measure = renderer.get_text_width_height_descent
    width, _, _ = measure(text, font(text, size, weight), False)  # type: ignore[no-untyped-call]
    return float(width)


def _shortened(text: str, keep: int) -> str:
    """The text with only `keep` of its characters, from both ends."""
    head = (keep + 1) // 2
    tail = keep - head
    return text[:head].rstrip() + _ELLIPSIS + (text[-tail:].lstrip() if tail else "")


def font(text: str, size: float, weight: str = "normal") -> FontProperties:
    """The font to write a text in; other families join only for characters that the bundled one lacks."""
    families = [_BUNDLED]
    if not _covers(_BUNDLED, text):
        families += _installed()
    return FontProperties(family=families, size=size, weight=weight)


def legible(text: str) -> str:
    """The text in one line, without control characters, what no installed font can write as a mark."""
    line = " ".join(text.split())
    line = "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    if _covers(_BUNDLED, line):
        return line
    families = [_BUNDLED, *_installed()]
    return "".join(c if any(_covers(family, c) for family in families) else "\ufffd" for c in line)


def number(value: float, whole: bool = False) -> str:
    """A value with three figures that matter, thousands apart."""
    if whole or abs(value) >= 100:
        return f"{value:,.0f}".replace(",", "\u202f")
    text = f"{value:.3g}"
    return text if "e" not in text else f"{value:.1e}"


def _covers(family: str, text: str) -> bool:
    """Whether a font has all characters of a text."""
    return _characters(family).issuperset(map(ord, text))


@cache
def _characters(family: str) -> frozenset[int]:
    """What a font has glyphs for; one of the few families named above."""
    path = font_manager.findfont(FontProperties(family=[family]))
    return frozenset(font_manager.get_font(path).get_charmap())


def _installed() -> list[str]:
    """The fonts for other scripts that this machine has."""
    names = {entry.name for entry in font_manager.fontManager.ttflist}
    return [name for name in _OTHERS if name in names]
