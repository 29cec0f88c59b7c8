# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What a guest is made of: kernels, the Debian userland, the initramfs and the device tree. Each is
# built in a temporary place and renamed, so whatever exists below $LAB is complete.

KERNELS=(6.1 6.12 7.2)

# Shared libraries for dynamically linked VMMs and test programs, and strace. Always from bookworm:
# later suites merged /bin into /usr/bin by link, which an unpacked package does not carry.
USERLAND=(busybox-static libc6 libgcc-s1 libstdc++6 strace libunwind8 liblzma5)

BIGLITTLE_TOOLS="fdtput:device-tree-compiler"

# need_tools "TOOL:PACKAGE ..." : name every missing package at once.
need_tools() {
  local pair missing=()
  for pair in $1; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
  done
  # The cross compiler only recommends the libc it needs to link.
  if [[ " $1 " == *-gcc:* && -z $(find "/usr/$CROSS/lib" "/usr/lib/$CROSS" -name libc.a 2>/dev/null) ]]; then
    missing+=("libc6-dev:$ARCH or libc6-dev-$ARCH-cross")
  fi
  ((${#missing[@]} == 0)) || die "missing tools: apt-get install ${missing[*]}"
}

# One setup at a time; the lock is held until the process ends or calls unlock.
lock() {
  exec {LOCK}>"$LAB/lock"
  flock -n "$LOCK" || { say "waiting for another setup"; flock "$LOCK"; }
}
unlock() { exec {LOCK}>&-; }

kernel_ready() { [[ -e $(kernel_folder "$1")/vmlinuz ]]; }

# The newest kernel of a series, unless that very version is here already.
setup_kernel() {
  local kernel=$1 SUITE PATTERN IMAGE package version into folder state
  kernel_source "$kernel"
  folder=$(kernel_folder "$kernel") state=$(suite_folder "$SUITE")
  mkdir -p "$state"
  if ! suite_update "$SUITE"; then
    say "suite $SUITE: $(<"$state/error")"
    kernel_ready "$kernel"
    return
  fi
  package=$(newest_package "$SUITE" "$PATTERN")
  if [[ -z $package ]]; then
    printf 'no package matches %s\n' "$PATTERN" >"$state/error"
    say "suite $SUITE: no package matches $PATTERN"
    kernel_ready "$kernel"
    return
  fi
  version=$(suite_apt "$SUITE" apt-cache show "$package" | awk '/^Version:/ { print $2; exit }')
  if kernel_ready "$kernel" && [[ $(<"$folder/package") == "$package $version" ]]; then
    return
  fi
  into=$(mktemp -d "$LAB/tmp.XXXXXX")
  if [[ $ARCH == arm64 ]]; then
    unpack_packages "$SUITE" "$into" "$IMAGE" "$package" || { rm -rf "$into"; return 1; }
  else
    local modules
    modules=$(modules_package "$package")
    [[ $modules != "$package" ]] || modules=''
    # shellcheck disable=SC2086 # a package or none
    unpack_packages "$SUITE" "$into" '' "$package" $modules || { rm -rf "$into"; return 1; }
    pack_modules "$into" "$into/modules.cpio"
  fi
  local found=("$into"/boot/vmlinuz-* "$into"/usr/lib/modules/*/vmlinuz) image=
  for image in "${found[@]}"; do [[ ! -f $image ]] || break; done
  [[ -f $image ]] || die "$package holds no $IMAGE"
  mv "$image" "$into/vmlinuz"
  rm -rf "${into:?}"/{boot,etc,lib,usr}
  printf '%s %s\n' "$package" "$version" >"$into/package"
  rm -rf "$folder"
  mkdir -p "$LAB/kernels"
  mv "$into" "$folder"
  say "kernel $kernel is $package $version"
}

setup_userland() {
  [[ ! -d $LAB/userland$OF_ARCH ]] || return 0
  local into state
  state=$(suite_folder bookworm)
  mkdir -p "$state"
  [[ -s $state/sources.list && ! -e $state/error ]] || suite_update bookworm ||
    die "suite bookworm: $(<"$state/error")"
  into=$(mktemp -d "$LAB/tmp.XXXXXX")
  unpack_packages bookworm "$into" '' "${USERLAND[@]}" || { rm -rf "$into"; die "no userland"; }
  rm -rf "${into:?}"/usr/{share,lib/$CROSS/gconv}
  mv "$into" "$LAB/userland$OF_ARCH"
}

# The initramfs is named after everything that goes into it: an edited source makes a new one.
initramfs_path() {
  local sum
  sum=$(cat "$HERE"/{guest_init,guest_ftrace,setup.sh,recorder.sh,architecture.sh} "$HERE"/*.[ch] \
    "$CAPTURE"/*.[ch] | sha256sum)
  printf '%s/initramfs%s-%s.cpio\n' "$LAB" "$OF_ARCH" "${sum:0:16}"
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
    cp -a "$LAB/userland$OF_ARCH/." "$root"
    mkdir -p "$root"/{bin,proc,sys,dev,tmp,root,etc}
    install -m 755 "$HERE/guest_init" "$root/init"
    install -m 755 "$HERE/guest_ftrace" "$root/bin"
    local cc=("$CROSS-gcc" -std=c11 -O2 -Wall -Wextra -static -pthread)
    "${cc[@]}" -o "$root/bin/perform" "$CAPTURE"/perform.c "$CAPTURE"/perform_child.c \
      "$CAPTURE"/perform_log.c
    "${cc[@]}" -o "$root/bin/guest_io" "$HERE/guest_io.c" "$HERE/guest_host_$ARCH.c"
    "${cc[@]}" -o "$root/bin/host_info" "$HERE/host_info.c" "$CAPTURE/host_facts.c"
    make_recorder "$CROSS-gcc" "$root/bin"
    (cd "$root" && find . -print0 | cpio --quiet -0 -o -H newc -R 0:0) >"$target.new"
    rm -rf "$root"
    rm -f "$LAB/initramfs$OF_ARCH"-????????????????.cpio "$LAB/info$OF_ARCH"-???????????????? # a running QEMU has long read its own
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
