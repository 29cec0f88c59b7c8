# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What differs between the architectures of the laboratory's machines. A machine belongs to one:
# `amd` to amd64, all others to arm64.

MACHINES=(standard biglittle halfpmu bare amd)

# What an amd64 guest loads before it reaches its job folder and KVM. arm64 kernels have it built in.
WANTED_MODULES=(virtio_pci 9pnet_virtio 9p kvm_amd)

refuse_unknown_machine() {
  [[ " ${MACHINES[*]} " == *" $1 "* ]] || usage "no machine $1: choose from ${MACHINES[*]}"
}

# choose_architecture MACHINE : sets ARCH (Debian's name), OF_ARCH (what names below $LAB end in),
# CROSS (what names of its compiler begin with), EMULATOR and RUN_TOOLS.
choose_architecture() {
  # shellcheck disable=SC2034 # for setup.sh and machine.sh
  case $1 in
    amd) ARCH=amd64 OF_ARCH=-amd64 CROSS=x86_64-linux-gnu EMULATOR=qemu-system-x86_64 ;;
    *) ARCH=arm64 OF_ARCH='' CROSS=aarch64-linux-gnu EMULATOR=qemu-system-aarch64 ;;
  esac
  local package=qemu-system-arm
  [[ $ARCH == arm64 ]] || package=qemu-system-x86
  RUN_TOOLS="$EMULATOR:$package setpriv:util-linux flock:util-linux"
  SETUP_TOOLS="apt-get:apt dpkg-deb:dpkg flock:util-linux cpio:cpio xz:xz-utils
    $CROSS-gcc:gcc-${CROSS/_/-}"
}

kernel_folder() { printf '%s\n' "$LAB/kernels/$1$OF_ARCH"; }
suite_folder() { printf '%s\n' "$LAB/apt/$1$OF_ARCH"; }

# kernel_source KERNEL : sets SUITE, PATTERN (of the package) and IMAGE (the kernel's path in it).
# From 7.2 on the image is in linux-binary-*, and linux-image-* only depends on it.
kernel_source() {
  local version='(\.[0-9]+)*(\+deb[0-9]+)?(-[0-9]+)?'
  IMAGE='./boot/vmlinuz-*'
  case $1 in
    6.1) SUITE=bookworm PATTERN="linux-image-6\\.1\\.0-[0-9]+-$ARCH-unsigned" ;;
    6.12) SUITE=trixie PATTERN="linux-image-6\\.12$version-$ARCH-unsigned" ;;
    # shellcheck disable=SC2034 # for setup.sh
    7.2) SUITE=sid PATTERN="linux-binary-7\\.2$version-$ARCH" IMAGE='./usr/lib/modules/*/vmlinuz' ;;
    *) usage "no kernel $1: choose from ${KERNELS[*]}" ;;
  esac
}

# modules_package PACKAGE : the package that holds the modules of a kernel's package.
modules_package() { printf '%s\n' "${1/#linux-binary-/linux-modules-}"; }

# in_order NAME : appends the module's file to ORDER, after what it depends on. A module that has
# no file is built into the kernel.
in_order() {
  local name=$1 file needed
  file=${FILES[$name]:-}
  [[ -n $file && " ${ORDER[*]} " != *" $file "* ]] || return 0
  needed=$(grep -aom1 -P '(?<=\0)depends=\K[^\0]*' "$file" | tr ',\0' '\n\n')
  for name in $needed; do in_order "${name//-/_}"; done
  ORDER+=("$file")
}

# pack_modules FOLDER CPIO : the modules below FOLDER that a guest loads, as a part of an initramfs,
# named so that their names' order is that of loading.
pack_modules() {
  local file name root i=0 ORDER=()
  local -A FILES=()
  root=$(mktemp -d "$LAB/tmp.XXXXXX")
  mkdir "$root/modules"
  while read -r file; do
    name=$(basename "${file%.xz}" .ko)
    FILES[${name//-/_}]=$file
  done < <(find "$1" -name '*.ko' -o -name '*.ko.xz')
  # What a compressed module depends on can only be read where it is unpacked: those in question are.
  for name in "${!FILES[@]}"; do
    file=${FILES[$name]}
    [[ $file == *.xz && $file =~ /(kvm|virtio|9p|netfs|fscache|ccp|lib|crypto|dma|char)/ ]] || continue
    xz -d "$file"
    FILES[$name]=${file%.xz}
  done
  for name in "${WANTED_MODULES[@]}"; do in_order "$name"; done
  for file in "${ORDER[@]}"; do
    [[ $file != *.xz ]] || die "$(basename "$file") is still compressed"
    cp "$file" "$root/modules/$(printf '%02d' "$i")-$(basename "$file")"
    i=$((i + 1))
  done
  (cd "$root" && find . -print0 | cpio --quiet -0 -o -H newc -R 0:0) >"$2"
  rm -rf "$root"
}
