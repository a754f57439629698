"""Can this Python build Dwellmap's environment? Prints what to do and exits with 1 where it can't.

Runs on whatever Python a fresh machine has, so its syntax is kept older than the rest of the project's.
"""

# ruff: noqa: UP031
import sys

OLDEST = (3, 11)


def fault(version, modules):
    """Say what is wrong with a Python of this (major, minor) that has these modules; None if nothing is."""
    if version < OLDEST:
        return (
            "Python 3.11 or newer is needed, this one is %d.%d. Install one (Debian, Ubuntu: apt install "
            "python3.11 python3.11-venv) and, if it is not called python3, run: make PYTHON=python3.11"
            % version
        )
    if not {"venv", "ensurepip"} <= set(modules):
        return (
            "This Python cannot make virtual environments. "
            "On Debian or Ubuntu run: apt install python%d.%d-venv" % version
        )
    return None


def present(names):
    """Those of the named modules that import."""
    found = []
    for name in names:
        try:
            __import__(name)
        except ImportError:
            continue
        found.append(name)
    return found


if __name__ == "__main__":
    message = fault(tuple(sys.version_info[:2]), present(["venv", "ensurepip"]))
    if message:
        sys.stderr.write(message + "\n")
        sys.exit(1)
