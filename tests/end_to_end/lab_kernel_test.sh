#!/usr/bin/env bash
# Kernels of the user's for the laboratory: which files are taken, and what is said of one that lacks
# something. No machine is booted. Usage: lab_kernel_test.sh ASSAY SOURCE_ROOT
set -uo pipefail
assay=$1
root=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/expect.sh"
export ASSAY_LAB_DIR=$work/lab

# image FILE [CONFIG]: what an arm64 Image looks like to a boot loader, with a configuration.
image() {
  python3 - "$@" <<'END'
import gzip, struct, sys
head = bytearray(64)
head[0:2] = b"MZ"
head[56:60] = b"ARM\x64"
body = bytes(head) + b"\0" * 4096
if len(sys.argv) > 2:
    body += b"IKCFG_ST" + gzip.compress(open(sys.argv[2], "rb").read()) + b"IKCFG_ED" + b"\0" * 100
open(sys.argv[1], "wb").write(body)
END
}
whole="VIRTUALIZATION KVM BLK_DEV_INITRD BINFMT_ELF BINFMT_SCRIPT PROC_FS SYSFS DEVTMPFS TMPFS FUTEX
  EPOLL EVENTFD SIGNALFD TIMERFD SERIAL_AMBA_PL011_CONSOLE HW_PERF_EVENTS ARM64_SVE ARM64_PTR_AUTH
  ARM_GIC_V3_ITS FTRACE"
# config FILE WITHOUT...
config() {
  local out=$1 symbol
  shift
  for symbol in $whole; do
    [[ " $* " == *" $symbol "* ]] && printf '# CONFIG_%s is not set\n' "$symbol" || printf 'CONFIG_%s=y\n' "$symbol"
  done >"$out"
}
# There is no such machine, so it goes no further than to the kernel.
lab() { "$assay" lab info --machine none --kernel "$1"; }

# What is no kernel for this is said before anything is asked for.
head -c 8192 /dev/zero >"$work/zeros"
expect 1 'zeros is no kernel for arm64: expected Image, Image.gz or vmlinuz' -- lab "$work/zeros"
cp "$assay" "$work/vmlinux"
expect 1 'vmlinux is an ELF file (vmlinux?)' -- lab "$work/vmlinux"
{ head -c 514 /dev/zero; printf HdrS; head -c 4096 /dev/zero; } >"$work/bzImage"
expect 1 'bzImage is a kernel for x86' -- lab "$work/bzImage"
expect 1 'there is no such file' -- lab "$work/absent"
expect 3 'no kernel 9.9: choose from 6.1 6.12 7.2' -- lab 9.9

# Without its configuration nothing is said against it; what comes next is the machine's name.
image "$work/Image"
gzip -k "$work/Image"
python3 - "$work" <<'END'
import struct, sys
data = open(sys.argv[1] + "/Image.gz", "rb").read()
head = (b"MZ\0\0zimg" + struct.pack("<II", 512, len(data)) + b"\0" * 8 + b"gzip").ljust(512, b"\0")
open(sys.argv[1] + "/vmlinuz", "wb").write(head + data)
END
for file in Image Image.gz vmlinuz; do
  expect_not 'built without' -- lab "$work/$file"
  expect 3 'no machine none' -- lab "$work/$file"
  cmp -s "$work/Image" "$(find "$ASSAY_LAB_DIR/kernels" -name vmlinuz -print0 | xargs -0 ls -t | head -1)" ||
    { echo "FAILED: $file is unpacked to something else"; failed=$((failed + 1)); }
done
printf 'damaged' | dd of="$work/Image.gz" bs=1 seek=20 conv=notrunc status=none
expect 1 'Image.gz: the gzip data is damaged' -- lab "$work/Image.gz"

# With it: what is needed ends it, what is useful is said.
config "$work/config"
image "$work/Image" "$work/config"
expect 3 'no machine none' -- lab "$work/Image"
expect_not 'built without' -- lab "$work/Image"
config "$work/config" KVM DEVTMPFS
image "$work/Image" "$work/config"
expect 1 'Image is built without CONFIG_KVM: /dev/kvm' -- lab "$work/Image"
expect 1 'Image is built without CONFIG_DEVTMPFS: /dev/kvm' -- lab "$work/Image"
expect 1 'Image cannot be used here: build it with what is missing' -- lab "$work/Image"
config "$work/config" ARM64_SVE
image "$work/Image" "$work/config"
expect_not 'cannot be used here' -- lab "$work/Image"
expect 3 'Image is built without CONFIG_ARM64_SVE: KVM offers no SVE' -- lab "$work/Image"

# --kernel and --append are the laboratory's, wherever it is named.
for command in 'fuzz --cases 1' "replay $work/twice.trace" "minimise $work/twice.trace"; do
  # shellcheck disable=SC2086
  expect 3 'no kernel for arm64' -- "$assay" $command --kernel "$work/zeros"
  # shellcheck disable=SC2086
  expect 3 "--kernel is the laboratory's" -- "$assay" $command --kernel 6.1 --target model
  # shellcheck disable=SC2086
  expect 3 '--append is the kernel command line' -- "$assay" $command --append quiet
  # shellcheck disable=SC2086
  expect 3 "--kernel is the laboratory's" -- "$assay" $command --kernel 6.1 --target lab:moon
done
expect 2 'no kernel for arm64' -- "$assay" record -o "$work/out" --kernel "$work/zeros" -- true
expect 3 '--machine requires --kernel' -- "$assay" record -o "$work/out" --machine bare -- true
finish
