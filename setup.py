"""Computes the package list; everything else about the distribution is in setup.cfg."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["emulator", "emulator.*"]), "emulator.data.schemas", "emulator.data.scenarios"])
