# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The recorder for another machine: what the guests of the laboratory have in /bin, and what the
# build leaves in arm64/ for any Linux machine. To be sourced with CAPTURE, the folder of its sources,
# or run: recorder.sh CC FOLDER.

# make_recorder CC FOLDER : the recorder and the program that runs a VMM under it.
make_recorder() {
  "$1" -std=gnu11 -O2 -Wall -Wextra -shared -fPIC -fvisibility=hidden -D_GNU_SOURCE -pthread \
    -o "$2/assay-recorder.so" "$CAPTURE"/recorder*.c -ldl
  "$1" -std=c11 -O2 -Wall -Wextra -static -o "$2/assay-record" "$CAPTURE/record.c" \
    "$CAPTURE/host_facts.c"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
  set -euo pipefail
  CAPTURE=$(dirname "$0")/../capture
  mkdir -p "$2"
  make_recorder "$1" "$2"
fi
