"""The one owner of file places: schemas and scenarios, inside the package when installed, beside it in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def folder(name: str) -> Path:
    """The folder `schemas` or `scenarios`. Raises FileNotFoundError where the installation is incomplete."""
    here = Path(__file__).resolve().parent
    for place in (here / "data" / name, here.parent / name):
        if place.is_dir():
            return place
    raise FileNotFoundError(f"the folder '{name}' is neither in {here / 'data'} nor in {here.parent}; reinstall")
