"""A case: a file that somebody could have made, and what the documents say of it."""

from dataclasses import dataclass

EXIT = {"conforms": 0, "violates": 1, "inconclusive": 2, "malformed": 3}


@dataclass(frozen=True)
class Place:
    """Where a file is wrong: the CPU, the offset in its AUX area, the offset in the file."""

    cpu: int | None = None
    aux: int | None = None
    file: int | None = None


@dataclass(frozen=True)
class Case:
    name: str
    verdict: str
    why: str
    source: str
    build: object  # () -> bytes, or (bytes, Place) of a file that is wrong somewhere


CASES = []


def case(verdict, why, source):
    """Declares the function below it as a case; its name is the file's name."""
    assert verdict in EXIT

    def add(build):
        CASES.append(Case(build.__name__, verdict, why, source, build))
        return build

    return add
