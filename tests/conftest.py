"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real footage, weights and truth; absent ones skip the test, saying why."""
    named = os.environ.get("DWELLMAP_TEST_DATA", "../shared/data")
    folder = (ROOT / named).resolve()
    if not (folder / "mot").is_dir():
        pytest.skip(
            f"no test data at {named}: set DWELLMAP_TEST_DATA to the folder with mot/, video/, models/"
        )
    return folder
