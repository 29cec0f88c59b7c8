#!/usr/bin/env bash
# The tables of an ITS in an image of guest memory. Usage: its_test.sh ASSAY SOURCE_ROOT
set -uo pipefail
assay=$1
root=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/expect.sh"

# image FILE [VCPU]: device 3 with two events at 0x80001000, collection 1 of a vCPU.
image() {
  python3 - "$1" "${2:-0}" <<'END'
import struct, sys
memory = bytearray(0x2000)
def put(at, word): struct.pack_into('<Q', memory, at, word)
put(3 * 8, 1 << 63 | 0x80001000 >> 8 << 5 | 4)
put(0x800, 1 << 63 | int(sys.argv[2]) << 16 | 1)
put(0x1000, 7 << 48 | 8192 << 16 | 1)
put(0x1000 + 7 * 8, 8200 << 16 | 1)
open(sys.argv[1], 'wb').write(memory)
END
}
image "$work/good.img"
image "$work/bad.img" 5
where=(--base 0x80000000 --devices 0x80000000:2048 --collections 0x80000800:128)
expect 0 'device 3 table 0x80001000 event_bits 5' -- "$assay" its "$work/good.img" "${where[@]}"
expect 0 'event 7 lpi 8200 collection 1' -- "$assay" its "$work/good.img" "${where[@]}"
expect 1 'collection 1 is of vCPU 5, there are 4 (RESTORE_TABLES answers EINVAL)' -- \
  "$assay" its "$work/bad.img" "${where[@]}" --vcpus 4
expect 0 'collection 1 vcpu 5' -- "$assay" its "$work/bad.img" "${where[@]}" --vcpus 6
expect 0 -- bash -c "'$assay' its '$work/good.img' ${where[*]} --json | python3 '$here/json_valid.py'"
expect 1 'the image has no such memory' -- \
  "$assay" its "$work/good.img" --devices 0x0:64 --collections 0x90000000:64
expect 3 'a table is ADDRESS:BYTES' -- \
  "$assay" its "$work/good.img" --devices 12 --collections 0x80000800:128
expect 3 'a table is ADDRESS:BYTES' -- \
  "$assay" its "$work/good.img" --devices 0x80000000:12 --collections 0x80000800:128
expect 3 -- "$assay" its /does/not/exist "${where[@]}"
finish
