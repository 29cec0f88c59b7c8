#!/usr/bin/env python3
"""Writes each file and asks `assay check` about it: run.py ASSAY [--keep FOLDER] [NAME...].

A case passes when the verdict is the one that the documents give and, where something is wrong, the
message names the place that is wrong.
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

import cases_found  # noqa: F401 (each declares its cases)
import cases_lawful  # noqa: F401
import cases_wrong  # noqa: F401
from case import CASES, EXIT, Place


def expected_texts(case, place):
    """Regular expressions of which the output must have each."""
    if case.records is not None:
        return [rf"judged {case.records} of {case.records} calls \(100 %\), 0 skipped"]
    texts = [re.escape(place.says)] if place.says else []
    if place.file is not None and case.verdict == "malformed":
        texts.append(rf"byte {place.file}: expected")
    elif place.aux is not None:
        before = "observed " if case.verdict == "violates" else rf"of cpu {place.cpu} "
        texts += [rf"of cpu {place.cpu} ", rf"{before}.*?(at|from) 0x{place.aux:x}\b"]
    assert texts, f"{case.name}: nothing is asked of the message"
    return texts


def complaints(case, assay, folder):
    """What is wrong with the answer to a case; empty if nothing is."""
    built = case.build()
    data, place = built if isinstance(built, tuple) else (built, Place())
    path = folder / f"{case.name}.perf.data"
    path.write_bytes(data)
    answer = subprocess.run([assay, "check", path], capture_output=True, text=True, timeout=60)
    output = answer.stdout + answer.stderr
    wrong = []
    if answer.returncode != EXIT[case.verdict]:
        wrong.append(f"exit status {answer.returncode}, not {EXIT[case.verdict]} ({case.verdict})")
    wrong += [f"no {text}" for text in expected_texts(case, place) if not re.search(text, output)]
    findings = len(re.findall(r": spe_records\.", output))
    if findings != (case.verdict == "violates"):
        wrong.append(f"{findings} findings")
    if case.verdict == "malformed" and ": conforms" in output:
        wrong.append("a file that cannot be read conforms")
    if wrong:
        wrong += [f"because {case.why} ({case.source})", output.rstrip()]
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assay")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the files in this folder")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    chosen = [c for c in CASES if not arguments.names or c.name in arguments.names]
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        failed = 0
        for case in chosen:
            wrong = complaints(case, arguments.assay, folder)
            failed += bool(wrong)
            for line in wrong:
                print(f"{case.name}: {line}")
    print(f"{len(chosen) - failed} of {len(chosen)} files as the documents say")
    return 1 if failed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
