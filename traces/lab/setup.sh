# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What a guest is made of: kernels, the Debian userland, the initramfs and the device tree. Each is
# built in a temporary place and renamed, so whatever exists below $LAB is complete.

KERNELS=(6.1 6.12 7.2)

# Suite, package pattern and the kernel image's path within the package. From 7.2 on the image
# moved into linux-binary-*; linux-image-* only depends on it.
kernel_source() {
  case $1 in
    6.1) SUITE=bookworm PATTERN='linux-image-6\.1\.0-[0-9]+-arm64-unsigned' IMAGE='./boot/vmlinuz-*' ;;
    6.12) SUITE=trixie PATTERN='linux-image-6\.12(\.[0-9]+)*(\+deb13)?(-[0-9]+)?-arm64-unsigned' IMAGE='./boot/vmlinuz-*' ;;
    7.2) SUITE=sid PATTERN='linux-binary-7\.2(\.[0-9]+)*(\+deb[0-9]+)?(-[0-9]+)?-arm64' IMAGE='./usr/lib/modules/*/vmlinuz' ;;
    *) usage "no kernel $1: choose from ${KERNELS[*]}" ;;
  esac
}

# Shared libraries for dynamically linked VMMs and test programs, and strace. Always from bookworm:
# later suites merged /bin into /usr/bin by link, which an unpacked package does not carry.
USERLAND=(busybox-static libc6 libgcc-s1 libstdc++6 strace libunwind8 liblzma5)

SETUP_TOOLS="apt-get:apt dpkg-deb:dpkg flock:util-linux cpio:cpio
  aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu"
# shellcheck disable=SC2034 # used by machine.sh
RUN_TOOLS="qemu-system-aarch64:qemu-system-arm setpriv:util-linux flock:util-linux"
BIGLITTLE_TOOLS="fdtput:device-tree-compiler"

# need_tools "TOOL:PACKAGE ..." : name every missing package at once.
need_tools() {
  local pair missing=()
  for pair in $1; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  # The cross compiler only recommends the libc it needs to link.
  if [[ " $1 " == *aarch64-linux-gnu-gcc* && ! -e /usr/aarch64-linux-gnu/lib/libc.a ]]; then
    missing+=(libc6-dev-arm64-cross)
  fi
  ((${#missing[@]} == 0)) || die "missing tools: apt-get install ${missing[*]}"
}

# One setup at a time; the lock is held until the process ends or calls unlock.
lock() {
  exec {LOCK}>"$LAB/lock"
  flock -n "$LOCK" || { say "waiting for another setup"; flock "$LOCK"; }
}
unlock() { exec {LOCK}>&-; }

kernel_ready() { [[ -e $LAB/kernels/$1/vmlinuz ]]; }

# The newest kernel of a series, unless that very version is here already.
setup_kernel() {
  local kernel=$1 SUITE PATTERN IMAGE package version into
  kernel_source "$kernel"
  mkdir -p "$LAB/apt/$SUITE"
  if ! suite_update "$SUITE"; then
    say "suite $SUITE: $(<"$LAB/apt/$SUITE/error")"
    kernel_ready "$kernel"
    return
  fi
  package=$(newest_package "$SUITE" "$PATTERN")
  if [[ -z $package ]]; then
    printf 'no package matches %s\n' "$PATTERN" >"$LAB/apt/$SUITE/error"
    say "suite $SUITE: no package matches $PATTERN"
    kernel_ready "$kernel"
    return
  fi
  version=$(suite_apt "$SUITE" apt-cache show "$package" | awk '/^Version:/ { print $2; exit }')
  if kernel_ready "$kernel" && [[ $(<"$LAB/kernels/$kernel/package") == "$package $version" ]]; then
    return
  fi
  into=$(mktemp -d "$LAB/tmp.XXXXXX")
  unpack_packages "$SUITE" "$into" "$IMAGE" "$package" || { rm -rf "$into"; return 1; }
  local found=("$into"/boot/vmlinuz-* "$into"/usr/lib/modules/*/vmlinuz) image=
  for image in "${found[@]}"; do [[ ! -f $image ]] || break; done
  [[ -f $image ]] || die "$package holds no $IMAGE"
  mv "$image" "$into/vmlinuz"
  rm -rf "${into:?}"/{boot,usr}
  printf '%s %s\n' "$package" "$version" >"$into/package"
  rm -rf "$LAB/kernels/$kernel"
  mkdir -p "$LAB/kernels"
  mv "$into" "$LAB/kernels/$kernel"
  say "kernel $kernel is $package $version"
}

setup_userland() {
  [[ ! -d $LAB/userland ]] || return 0
  mkdir -p "$LAB/apt/bookworm"
  [[ -s $LAB/apt/bookworm/sources.list && ! -e $LAB/apt/bookworm/error ]] || suite_update bookworm ||
    die "suite bookworm: $(<"$LAB/apt/bookworm/error")"
  local into
  into=$(mktemp -d "$LAB/tmp.XXXXXX")
  unpack_packages bookworm "$into" '' "${USERLAND[@]}" || { rm -rf "$into"; die "no userland"; }
  rm -rf "${into:?}"/usr/{share,lib/aarch64-linux-gnu/gconv}
  mv "$into" "$LAB/userland"
}

# The initramfs is named after everything that goes into it: an edited source makes a new one.
initramfs_path() {
  local sum
  sum=$(cat "$HERE"/{guest_init,guest_ftrace,guest_io.c,host_info.c,setup.sh,recorder.sh} \
    "$CAPTURE"/*.[ch] | sha256sum)
  printf '%s/initramfs-%s.cpio\n' "$LAB" "${sum:0:16}"
}

setup_initramfs() {
  local target
  target=$(initramfs_path)
  [[ ! -e $target ]] || return 0
  need_tools "$SETUP_TOOLS"
  lock
  if [[ ! -e $target ]]; then
    setup_userland
    say "building the initramfs"
    local root
    root=$(mktemp -d "$LAB/tmp.XXXXXX")
    cp -a "$LAB/userland/." "$root"
    mkdir -p "$root"/{bin,proc,sys,dev,tmp,root,etc}
    install -m 755 "$HERE/guest_init" "$root/init"
    install -m 755 "$HERE/guest_ftrace" "$root/bin"
    local cc=(aarch64-linux-gnu-gcc -std=c11 -O2 -Wall -Wextra -static -pthread)
    "${cc[@]}" -o "$root/bin/perform" "$CAPTURE"/perform.c "$CAPTURE"/perform_child.c
    "${cc[@]}" -o "$root/bin/guest_io" "$HERE/guest_io.c"
    "${cc[@]}" -o "$root/bin/host_info" "$HERE/host_info.c" "$CAPTURE/host_facts.c"
    make_recorder aarch64-linux-gnu-gcc "$root/bin"
    (cd "$root" && find . -print0 | cpio --quiet -0 -o -H newc -R 0:0) >"$target.new"
    rm -rf "$root"
    rm -f "$LAB"/initramfs-*.cpio "$LAB"/info-* # a running QEMU has long read its own
    mv "$target.new" "$target"
  fi
  unlock
}

# Nodes that hold interrupts in a cell format of their own, or that only name dropped ones.
BIGLITTLE_DROPS='^/(pcie@|virtio_mmio@|pl061@|gpio-keys|platform-bus@)'

# The device tree of a machine whose CPUs 0-1 and 2-3 have different PMUs: QEMU's own tree with
# partitioned PPIs (a fourth interrupt cell) and two PMU nodes.
make_biglittle_dtb() {
  local dtb=$1 gic node cells part
  fdtnode() { fdtget -t u "$dtb" "$1" "$2"; }
  while read -r node; do fdtput -r "$dtb" "$node"; done < <(
    fdtget -l "$dtb" / | sed 's#^#/#' | grep -E "$BIGLITTLE_DROPS"
  )
  gic=/$(fdtget -l "$dtb" / | grep '^intc@')
  while read -r node; do
    cells=$(fdtnode "$node" interrupts 2>/dev/null) || continue
    # shellcheck disable=SC2046,SC2086 # lists of numbers
    fdtput -t u "$dtb" "$node" interrupts $(printf '%s %s %s 0 ' $cells)
  done < <(printf '%s\n' "$gic"; fdtget -l "$dtb" / | sed 's#^#/#')
  fdtput -t u "$dtb" "$gic" '#interrupt-cells' 4
  fdtput -r "$dtb" /pmu

  local phandle=$((0x7000)) model=(cortex-a53 cortex-a57)
  fdtput -c "$dtb" "$gic/ppi-partitions"
  for part in 1 0; do # a new node becomes the first: this gives the cortex-a53 the lower PMU type
    local cpu=$((2 * part)) node=$gic/ppi-partitions/interrupt-partition-$part
    fdtput -c "$dtb" "$node"
    fdtput -t u "$dtb" "$node" affinity \
      "$(fdtnode "/cpus/cpu@$cpu" phandle)" "$(fdtnode "/cpus/cpu@$((cpu + 1))" phandle)"
    fdtput -t u "$dtb" "$node" phandle $((phandle + part))
    fdtput -c "$dtb" "/pmu-${model[part]}"
    fdtput -t s "$dtb" "/pmu-${model[part]}" compatible "arm,${model[part]}-pmu"
    fdtput -t u "$dtb" "/pmu-${model[part]}" interrupts 1 7 4 $((phandle + part))
  done
}

# Prints the path of a machine's device tree, made once per QEMU version and recipe.
machine_dtb() {
  local machine=$1 sum target new
  sum=$({ qemu-system-aarch64 --version; cat "$HERE/setup.sh" "$HERE/machine.sh"; } | sha256sum)
  target=$LAB/$machine-${sum:0:16}.dtb
  if [[ ! -e $target ]]; then
    need_tools "$BIGLITTLE_TOOLS"
    lock
    new=$(mktemp "$LAB/tmp.XXXXXX")
    qemu-system-aarch64 -M "$MACHINE,dumpdtb=$new" -cpu "$CPU" -smp 4 -m 1G -nic none \
      -display none >/dev/null 2>&1
    make_biglittle_dtb "$new" || die "cannot make the big.LITTLE device tree"
    [[ $machine != halfpmu ]] || fdtput -r "$new" /pmu-cortex-a57
    rm -f "$LAB/$machine"-*.dtb
    mv "$new" "$target"
    unlock
  fi
  printf '%s\n' "$target"
}
