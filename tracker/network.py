"""A network that finds objects, whatever runs it."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_PERSON_NAMES = ("person", "pedestrian", "people", "human")


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """What a network says of itself.

    Attributes:
        title: Name for reports, such as "YOLO11n".
        classes: Number of classes it knows.
        person: Number of the class that is a person.
        stride: The input's sides are multiples of this.
        input_px: (width, height) of the input; None where any size goes.

    """

    title: str
    classes: int
    person: int
    stride: int
    input_px: tuple[int, int] | None


class Network(Protocol):
    """Weights ready to run."""

    facts: NetworkFacts

    def infer(self, pictures: Iterable[NDArray[np.uint8]]) -> Generator[NDArray[np.float32]]:
        """Run on pictures, some at a time; the answer to one does not depend on which others go with it.

        Args:
            pictures: (height, width, 3) uint8 BGR, as large as the input, all of one size. A few are taken
                ahead of the answers.

        Yields:
            One answer for each, in their order: either (4 + classes or more, anchors): centre, width, height
            in input pixels, then the scores of the classes; or (boxes, 6 or more): corners in input pixels,
            score, class, free of duplicates.

        """
        ...


def person_class(names: object, weights: str) -> tuple[int, int]:
    """Which class is a person, and how many there are.

    Args:
        names: Names of the classes as the weights state them: a list, or a table from number to name.
        weights: What to call the weights in the error.

    Raises:
        ValueError: If none is a person.

    """
    table = dict(enumerate(names)) if isinstance(names, list) else names
    if not isinstance(table, dict) or not all(isinstance(k, int) for k in table):
        raise ValueError(f"{weights}: expected names of classes, got {str(names)[:80]!r}")
    for wanted in _PERSON_NAMES:
        for number, name in table.items():
            if str(name).lower() == wanted:
                return number, max(table) + 1
    known = ", ".join(str(name) for name in list(table.values())[:10])
    raise ValueError(f"{weights}: expected weights that know people, these know {known}")
