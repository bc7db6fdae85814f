"""The version of this package, as setup.py has it."""

VERSION = "0.1.0"
