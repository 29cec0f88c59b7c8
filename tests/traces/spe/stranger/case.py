"""A case: a file that somebody could have made, and what the documents say of it."""

from dataclasses import dataclass

EXIT = {"conforms": 0, "violates": 1, "inconclusive": 2, "malformed": 3}


@dataclass(frozen=True)
class Place:
    """Where a file is wrong: the CPU, the offset in its AUX area, the offset in the file.

    `says` is for what has no place.
    """

    cpu: int | None = None
    aux: int | None = None
    file: int | None = None
    says: str = ""


@dataclass(frozen=True)
class Case:
    name: str
    verdict: str
    why: str
    source: str
    build: object  # () -> bytes, or (bytes, Place) of a file that is wrong somewhere
    records: int | None  # how many a conforming file has: each must have been judged


CASES = []


def case(verdict, why, source, records=None):
    """Declares the function below it as a case; its name is the file's name."""
    assert verdict in EXIT and (verdict == "conforms") == (records is not None)

    def add(build):
        CASES.append(Case(build.__name__, verdict, why, source, build, records))
        return build

    return add
