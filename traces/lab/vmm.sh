#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A VMM that nobody here wrote, on the laboratory's kernels: QEMU from Debian's arm64 packages, run
# with KVM inside the guests under the recorder and under strace, and its traces judged. Correct
# kernels answered: a verdict of "violates" is a defect of assay.
#
#   vmm.sh setup                    download QEMU of each kernel's own suite, and the newest strace
#   vmm.sh run [OPTION...] DIR      traces of the cases, into DIR/KERNEL-MACHINE-TRACER
#   vmm.sh judge DIR...             each trace below: with its host line, without, with half of it
#   vmm.sh all [OPTION...] DIR      run and judge
#
#   --kernel K     only this one (6.1, 6.12, 7.2); may be repeated
#   --tracer T     only this one: record, strace; may be repeated
#   --case NAME    only this one (guest_vmm says what a name means); may be repeated
#   --timeout S    for all cases of one machine; default 3600
#
# Machines run one after the other. Under strace a start takes about a minute. ASSAY names the
# program (default: the tree's own ./assay). Exit status: 0; 1 a case failed or a trace violates.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB=${ASSAY_LAB_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/assay/lab}
ASSAY=${ASSAY:-$HERE/../../assay}

say() { printf 'vmm: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
usage() {
  say "$1"
  sed -nE '/^#   vmm\.sh/,/^# Machines/ s/^# ?//p' "${BASH_SOURCE[0]}" >&2
  exit 3
}

# shellcheck source=packages.sh
. "$HERE/packages.sh"
# shellcheck source=setup.sh
. "$HERE/setup.sh"

TRACERS=(record strace)
NEWEST_SUITE=sid

# The machine with a GICv3 has SVE and a PMU; the one with a GICv2 has neither.
# shellcheck disable=SC2034 # named by run
CASES_standard=(
  v3-1cpu v3-1cpu-nosve v3-1cpu-nopmu v3-1cpu-nosve-nopmu
  v3-4cpu v3-4cpu-nosve v3-4cpu-nopmu v3-4cpu-nosve-nopmu
  v3-4cpu-reset v3-1cpu-sysreset v3-2cpu-hotplug v3-1cpu-migrate v3-4cpu-migrate
)
# shellcheck disable=SC2034
CASES_bare=(v2-1cpu v2-4cpu v2-4cpu-reset v2-1cpu-migrate)

# closure SUITE PACKAGE... : the packages and all that they depend on, one a line.
closure() {
  local suite=$1
  shift
  suite_apt "$suite" apt-get install -s --no-install-recommends "$@" 2>/dev/null |
    awk '$1 == "Inst" { print $2 }' | sort -u
}

# unpack_root SUITE FOLDER PACKAGE... : a root in which the packages' programs run.
unpack_root() {
  local suite=$1 into=$2 folder packages
  shift 2
  mkdir -p "$LAB/apt/$suite" "$into"/{usr/bin,usr/sbin,usr/lib,usr/lib64,tmp,dev,proc,sys}
  # Newer suites expect these links; tar keeps them where an older package has folders.
  for folder in bin sbin lib lib64; do ln -sfn "usr/$folder" "$into/$folder"; done
  suite_update "$suite" || die "suite $suite: $(<"$LAB/apt/$suite/error")"
  mapfile -t packages < <(closure "$suite" "$@")
  ((${#packages[@]})) || die "suite $suite does not have $*"
  unpack_packages "$suite" "$into" '' "${packages[@]}" || die "cannot unpack the packages of $suite"
  rm -rf "${into:?}"/usr/share/{doc,man,locale,info,icons,lintian,perl,perl5,bug} \
    "$into"/usr/lib/aarch64-linux-gnu/{gconv,perl,perl-base}
}

make_payloads() {
  local mode names=(off reset stay) folder=$1
  mkdir -p "$folder"
  for mode in 0 1 2; do
    aarch64-linux-gnu-gcc -DMODE=$mode -nostdlib -static -Wl,-Ttext=0,--build-id=none \
      -o "$folder/elf" "$HERE/vmm_payload.S"
    aarch64-linux-gnu-objcopy -O binary -j .text "$folder/elf" "$folder/${names[mode]}"
    rm "$folder/elf"
  done
}

# The root of a kernel's QEMU, made once for each edition of what it is made of.
root_of() { printf '%s/vmm/%s\n' "$LAB" "$1"; }

setup() {
  local kernel root new strace SUITE PATTERN IMAGE
  mkdir -p "$LAB/vmm"
  rm -rf "$LAB"/vmm/new.*
  strace=$LAB/vmm/strace
  if [[ ! -d $strace ]]; then
    new=$(mktemp -d "$LAB/vmm/new.XXXXXX")
    unpack_root "$NEWEST_SUITE" "$new" strace
    mv "$new" "$strace"
  fi
  for kernel in "${KERNELS[@]}"; do
    root=$(root_of "$kernel")
    if [[ ! -d $root ]]; then
      new=$(mktemp -d "$LAB/vmm/new.XXXXXX")
      kernel_source "$kernel"
      unpack_root "$SUITE" "$new" qemu-system-arm busybox-static
      ln -sf busybox "$new/usr/bin/sh"
      ln -sf busybox "$new/usr/bin/cat"
      mv "$new" "$root"
    fi
    make_payloads "$root/payload"
  done
}

# run_machine KERNEL MACHINE TRACER INTO CASE... : the cases, one after the other, in one guest.
run_machine() {
  local kernel=$1 machine=$2 tracer=$3 into=$4/$1-$2-$3 puts=() status=0
  shift 4
  rm -rf "$into"
  mkdir -p "$into"
  puts=(--put "$(root_of "$kernel"):/vmm" --put "$HERE/guest_vmm:/bin/guest_vmm")
  # With its own libraries and loader, so that the newest runs beside any QEMU.
  [[ $tracer != strace ]] || puts+=(--put "$LAB/vmm/strace:/vmm/strace")
  say "$kernel $machine $tracer: $*"
  "$HERE/lab.sh" run --kernel "$kernel" --machine "$machine" --memory 3G --timeout "$TIMEOUT" \
    "${puts[@]}" --get "/tmp/vmm:$into" -- guest_vmm "$tracer" "$@" || status=$?
  "$HERE/lab.sh" info --kernel "$kernel" --machine "$machine" >"$into/info"
  ((status == 0)) || say "the guest ended with status $status"
  ! grep -v ' ok ' "$into/result" >&2 || status=1
  return "$status"
}

run() {
  local into=$1 kernel tracer machine name status=0 cases
  setup
  mkdir -p "$into"
  into=$(realpath "$into")
  for kernel in "${KERNELS[@]}"; do
    for tracer in "${TRACERS[@]}"; do
      for machine in standard bare; do
        declare -n of_machine=CASES_$machine
        cases=()
        for name in "${of_machine[@]}"; do
          [[ ${#CASES[@]} -gt 0 && " ${CASES[*]} " != *" $name "* ]] || cases+=("$name")
        done
        ((${#cases[@]} == 0)) || run_machine "$kernel" "$machine" "$tracer" "$into" "${cases[@]}" || status=1
      done
    done
  done
  return "$status"
}

# --- judging ---

# The host line of a machine, without "# host": what `assay lab info` said of it.
host_line() {
  local folder
  folder=$(mktemp -d)
  printf '# assay-trace 1\n' >"$folder/in"
  "$ASSAY" convert --host "$1" "$folder/in" "$folder/out"
  sed -n 's/^# host //p' "$folder/out"
  rm -r "$folder"
}

# Every other word of a host line; what it does not name is unknown.
half_of() { tr ' ' '\n' <<<"$1" | grep -vFx '*=0' | sed -n 'p;n' | tr '\n' ' '; }

# judge_trace PROFILE HOST FILE : a line for each way of telling the host; false if one of them is
# not "conforms".
judge_trace() {
  local profile=$1 whole=$2 file=$3 way said code status=0
  local -A host=([whole]=$whole [half]=$(half_of "$whole") [none]="vcpus_max=?")
  for way in whole half none; do
    code=0
    said=$("$ASSAY" check --profile "$profile" --host "${host[$way]}" "$file" 2>&1) || code=$?
    ((code == 0)) || { status=1; printf '%s\n' "$said"; }
    printf '%s, host %s: %s\n' "$(basename "$(dirname "$file")")/$(basename "$file")" "$way" \
      "$(sed -nE '/judged/ { s/^.*: (conforms|violates|inconclusive)/\1/p; q }' <<<"$said")"
  done
  return "$status"
}

judge() {
  local info file folder profile host status=0
  while read -r info; do
    folder=$(dirname "$info")
    profile=linux-$(sed -nE 's/^release=([0-9]+\.[0-9]+).*/\1/p' "$info")
    host=$(host_line "$info")
    for file in "$folder"/*.cap* "$folder"/*.strace; do
      [[ ! -e $file ]] || judge_trace "$profile" "$host" "$file" || status=1
    done
  done < <(find "$@" -name info | sort -V)
  return "$status"
}

CASES=() TIMEOUT=3600 WANTED_KERNELS=() WANTED_TRACERS=() PLACES=()
verb=${1:-}
(($#)) && shift
while (($#)); do
  case $1 in
    --kernel | --tracer | --case | --timeout) (($# > 1)) || usage "$1 needs a value" ;;&
    --kernel) kernel_source "$2"; WANTED_KERNELS+=("$2") ;;
    --tracer) [[ $2 == record || $2 == strace ]] || usage "no tracer $2"; WANTED_TRACERS+=("$2") ;;
    --case) CASES+=("$2") ;;
    --timeout) TIMEOUT=$2 ;;
    -*) usage "unknown option $1" ;;
    *) PLACES+=("$1"); shift; continue ;;
  esac
  shift 2
done
((${#WANTED_KERNELS[@]} == 0)) || KERNELS=("${WANTED_KERNELS[@]}")
((${#WANTED_TRACERS[@]} == 0)) || TRACERS=("${WANTED_TRACERS[@]}")
case $verb in
  setup) setup ;;
  run | all)
    ((${#PLACES[@]} == 1)) || usage "$verb needs one DIR"
    status=0
    run "${PLACES[0]}" || status=1
    [[ $verb == run ]] || judge "${PLACES[0]}" || status=1
    exit "$status"
    ;;
  judge) ((${#PLACES[@]} > 0)) || usage "judge needs DIR"; judge "${PLACES[@]}" ;;
  *) usage "unknown subcommand '$verb'" ;;
esac
