"""The one owner of chance: identifiers drawn from a seed and a counter, so the same calls give the same ids."""

from __future__ import annotations

import random
import re
import secrets
import uuid
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def _base62(digest: bytes, length: int) -> str:
    number, letters = int.from_bytes(digest, "big"), []
    for _ in range(length):
        number, index = divmod(number, 62)
        letters.append(_ALPHABET[index])
    return "".join(letters)


KINDS: Final[dict[str, Callable[[bytes], str]]] = {
    "hex24": lambda digest: digest[:12].hex(),
    "hex32": lambda digest: digest[:16].hex(),
    "uuid": lambda digest: str(uuid.UUID(bytes=digest[:16], version=4)),
    "base62_22": lambda digest: _base62(digest, 22),
    "number_10000": lambda digest: str(int.from_bytes(digest[:8], "big") % 10_000),
}
"""kind -> how 32 pseudo-random bytes are written."""


def draw(seed: str, count: int, kind: str) -> str:
    """The `count`-th identifier of a workspace whose generator is seeded with `seed`."""
    return KINDS[kind](blake2b(f"{seed}:{count}".encode(), digest_size=32).digest())


_chance: Final = random.Random()


def request_id() -> str:
    """A version 4 uuid for one exchange; not part of any workspace's state.

    It has to be different, not secret, and it is drawn for every request: no call into the operating system.
    """
    digits = f"{_chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def in_path(name: str) -> str:
    """A name as it can stand in a path and a header: a digest keeps apart what looks the same without other letters."""
    safe = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)
    return name if safe == name else f"{safe}-{blake2b(name.encode(), digest_size=4).hexdigest()}"


def token(prefix: str) -> str:
    """A secret nobody can guess: control tokens, keys of minted workspaces."""
    return f"{prefix}-{secrets.token_hex(12)}"
