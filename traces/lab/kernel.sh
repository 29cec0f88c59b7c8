# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A kernel of the user's: `--kernel FILE`. It is unpacked to what QEMU boots, kept below
# $LAB/kernels under its checksum, and asked for its configuration where it carries one
# (CONFIG_IKCONFIG). What the laboratory needs of a kernel and this one lacks is said before it is
# booted; of a kernel without its configuration the guest itself reports (guest_init), and the
# console of one that never came so far is looked through.

# What a guest cannot do without. Bytes travel by semihosting: no virtio driver is needed.
NEEDED=(
  "VIRTUALIZATION:/dev/kvm"
  "KVM:/dev/kvm"
  "BLK_DEV_INITRD:the guest's userland is an initramfs"
  "BINFMT_ELF:programs"
  "BINFMT_SCRIPT:the guest's first process is a script"
  "PROC_FS:/proc" "SYSFS:/sys" "DEVTMPFS:/dev/kvm" "TMPFS:/tmp"
  "FUTEX:threads of programs"
  "EPOLL:VMMs" "EVENTFD:VMMs" "SIGNALFD:VMMs" "TIMERFD:VMMs"
)
# What is worth knowing when it is absent.
USEFUL=(
  "SERIAL_AMBA_PL011_CONSOLE:the console stays silent, also about a crash"
  "HW_PERF_EVENTS:KVM offers no PMU"
  "ARM_PMUV3:KVM offers no PMU"
  "ARM64_SVE:KVM offers no SVE"
  "ARM64_PTR_AUTH:KVM offers no pointer authentication"
  "ARM_GIC_V3_ITS:KVM's ITS has no physical one to lean on"
  "FTRACE:--ftrace has no events"
)

bytes_at() { od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'; }
word_at() { od -An -v -tu4 --endian=little -j "$2" -N 4 "$1" | tr -d ' \n'; }

# unpack_with TOOL:PACKAGE FILE OUT : a decompressor that may have to be installed.
unpack_with() {
  need_tools "$1"
  "${1%%:*}" -dcq <"$2" >"$3" 2>/dev/null || [[ -s $3 ]] # zeros may follow what was compressed
}

# unpack_image FILE OUT NAME : the Image that is in FILE. Dies where there is none.
unpack_image() {
  local from=$1 out=$2 name=$3 depth step=$2.step
  for depth in 1 2 3; do
    case $(bytes_at "$from" 0 8) in
      1f8b*) unpack_with gzip:gzip "$from" "$step" || die "$name: the gzip data is damaged" ;;
      28b52ffd*) unpack_with zstd:zstd "$from" "$step" || die "$name: the zstd data is damaged" ;;
      fd377a58*) unpack_with xz:xz-utils "$from" "$step" || die "$name: the xz data is damaged" ;;
      4d5a*7a696d67) # "MZ" and "zimg": a compressed EFI image says where its data lie
        tail -c +"$(($(word_at "$from" 8) + 1))" "$from" | head -c "$(word_at "$from" 12)" >"$step"
        ;;
      7f454c46*) die "$name is an ELF file (vmlinux?): QEMU boots arch/arm64/boot/Image" ;;
      *)
        if [[ $(bytes_at "$from" 56 4) == 41524d64 ]]; then # "ARM\x64"
          [[ $from == "$out" ]] || cp "$from" "$out"
          return
        fi
        [[ $(bytes_at "$from" 514 4) != 48647253 ]] || die "$name is a kernel for x86" # "HdrS"
        break
        ;;
    esac
    mv "$step" "$out"
    from=$out
  done
  die "$name is no kernel for arm64: expected Image, Image.gz or vmlinuz"
}

# The configuration that a kernel was built with, if it carries one.
config_of() {
  local offset
  offset=$({ LC_ALL=C grep -abom1 IKCFG_ST "$1" || true; } | sed -n '1s/:.*//p')
  [[ -z $offset ]] || tail -c +"$((offset + 9))" "$1" | gzip -dcq 2>/dev/null || true
}

# check_config CONFIG NAME : says what is missing; false if the laboratory cannot do without it.
check_config() {
  local row symbol lacks=0
  for row in "${NEEDED[@]}"; do
    symbol=CONFIG_${row%%:*}
    grep -q "^$symbol=y" "$1" || { say "$2 is built without $symbol: ${row#*:}"; lacks=1; }
  done
  for row in "${USEFUL[@]}"; do
    symbol=CONFIG_${row%%:*}
    # Kernels before 6.4 do not know ARM_PMUV3.
    [[ $symbol != CONFIG_ARM_PMUV3 ]] || grep -q "$symbol" "$1" || continue
    grep -q "^$symbol=y" "$1" || say "$2 is built without $symbol: ${row#*:}"
  done
  return "$lacks"
}

# Every build makes another: those that were not used for the longest time go.
OWN_KERNELS_MAX=8
forget_old_kernels() {
  local old
  find "$LAB/kernels" -mindepth 1 -maxdepth 1 -name 'own-*' -printf '%T@ %p\n' | sort -rn |
    tail -n +$((OWN_KERNELS_MAX + 1)) | while read -r _ old; do rm -rf "$old"; done
}

# Sets KERNEL, a file's name until now, to the name below $LAB/kernels. Of Debian's it only refuses
# one that there is not.
choose_kernel() {
  local name=$KERNEL sum into
  [[ $name == */* || (-f $name && ! " ${KERNELS[*]} " == *" $name "*) ]] || { (kernel_source "$name") || exit; return 0; }
  [[ -f $name && -r $name ]] || die "no kernel $name: there is no such file"
  # Its modules would be needed, too.
  [[ $ARCH == arm64 ]] || die "the machine $WHICH boots Debian's kernels only: ${KERNELS[*]}"
  sum=$(sha256sum <"$name")
  KERNEL=own-${sum:0:16}
  if ! kernel_ready "$KERNEL"; then
    into=$(mktemp -d "$LAB/tmp.XXXXXX")
    trap 'rm -rf "$into"; cleanup' EXIT
    unpack_image "$name" "$into/vmlinuz" "$name"
    trap cleanup EXIT
    config_of "$into/vmlinuz" >"$into/config"
    printf '%s %s\n' "$(basename "$name")" "${sum%% *}" >"$into/package"
    mkdir -p "$LAB/kernels"
    mv -T "$into" "$LAB/kernels/$KERNEL" 2>/dev/null || rm -rf "$into" # another was faster
  fi
  touch "$LAB/kernels/$KERNEL"
  forget_old_kernels
  [[ ! -s $LAB/kernels/$KERNEL/config ]] || check_config "$LAB/kernels/$KERNEL/config" "$name" ||
    die "$name cannot be used here: build it with what is missing"
}

# say_what_is_missing KERNEL FOLDER : what a guest reported, or what the console of one says that
# never came so far. Of Debian's kernels only the former.
say_what_is_missing() {
  local kernel=$1 missing=$2/missing console=$2/console
  if [[ -s $missing ]]; then
    sed 's/^/lab: the guest lacks /' "$missing" >&2
  elif [[ $kernel == own-* && ! -s $2/status && ! -e $2/listening ]]; then
    if ! grep -q . "$console"; then
      say "the kernel printed nothing: CONFIG_SERIAL_AMBA_PL011_CONSOLE, or it does not boot on QEMU's virt machine"
    elif grep -q 'Unable to mount root fs' "$console"; then
      say "the kernel did not take the initramfs: CONFIG_BLK_DEV_INITRD"
    elif grep -qE 'No working init found|Failed to execute /init' "$console"; then
      say "the kernel did not run the first process: CONFIG_BINFMT_SCRIPT, CONFIG_BINFMT_ELF"
    fi
  fi
}
