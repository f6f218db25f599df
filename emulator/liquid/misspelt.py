"""What is probably meant by a name under which there is nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from itertools import islice
from string import digits
from typing import TYPE_CHECKING, Any, Final

from liquid.builtin.expressions import Path
from liquid.expression import Expression

from emulator.liquid import names

if TYPE_CHECKING:
    from emulator.liquid.work import Context

_MOST_NAMES: Final = 500
LOOSELY, CLOSELY = 0.6, 0.75
"""How like each other two names have to be, from 0 to 1."""


def tell(expression: Expression, value: Any, context: Context) -> None:
    """Of a name that has just been looked up, where there is nothing, but something that is nearly called so. That a
    value is not set is usual where nothing is printed.
    """
    if value is None and isinstance(expression, Path):
        meant = _root(context, CLOSELY) if context.missed else asked(expression, context)
        if meant:
            context.work.find("name_misspelt", f"{expression} is not set{meant}")


def tell_unknown(context: Context) -> None:
    """Of the name that has just been looked up, and that nothing has."""
    context.work.find("unknown_name", f"nothing is called {context.missed!r}{_root(context, LOOSELY)}")


def asked(path: Path, context: Context) -> str:
    """What is meant by `custom_attribute.${compny}`: a key of what stands before it."""
    if len(path.path) < 2:
        return ""
    space, name = str(path.path[0]), path.path[1]
    held = context.scope.get(space)
    return _nearest(space, name, held, CLOSELY, context) if isinstance(held, Mapping) and isinstance(name, str) else ""


def _root(context: Context, likeness: float) -> str:
    name = context.missed or ""
    if name in names.INSTEAD:
        return _question(names.INSTEAD[name])
    known = [*context.locals, *context.globals, *names.STANDARD, *names.NAMESPACES]
    return _nearest("", name, known, likeness, context)


def _nearest(space: str, name: str, known: Iterable[object], likeness: float, context: Context) -> str:
    """Looked for once for a name, because that takes a while."""
    near = context.work.near
    if (space, name) not in near:
        found = _close(name[:100], tuple(str(one) for one in islice(known, _MOST_NAMES)), likeness)
        other = found.rstrip(digits) != name.rstrip(digits)  # address2 does not mean address
        near[space, name] = _question(found) if found and other else ""
    return near[space, name]


def _question(name: str) -> str:
    return f"; do you mean {name}?"


@lru_cache(maxsize=256)
def _close(name: str, known: tuple[str, ...], likeness: float) -> str:
    """Kept, because the users of a campaign often have the same attributes."""
    return next(iter(get_close_matches(name, known, 1, likeness)), "")
