"""What a figure depends on: the machine, and the versions of everything measured."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path

from bench import peers

PYTHON_PACKAGES = ("braze-emulator", "flask", "granian", "orjson", "jsonschema-rs", "immutables")


def facts() -> dict[str, str]:
    model = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model[0] if model else platform.processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "load average at the start": " ".join(f"{load:.2f}" for load in os.getloadavg()),
    }


def versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    found |= {name: metadata.version(name) for name in PYTHON_PACKAGES}
    found["commit"] = _said("git", "describe", "--always", "--dirty", otherwise="not a checkout")
    found["node"] = _said("node", "--version")
    found["java"] = _said("java", "-version")
    found["wrk"] = _said("wrk", "-v")
    pinned = (*peers.PACKAGES, peers.MOTO.replace("==", "@"))
    return found | {name: version for name, _, version in (package.rpartition("@") for package in pinned)}


def _said(*command: str, otherwise: str = "not here") -> str:
    """The first line that a command prints; some print their version as an error."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    except OSError:
        return otherwise
    lines = (done.stdout or done.stderr).splitlines()
    return lines[0] if lines and not lines[0].startswith("fatal") else otherwise


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []
