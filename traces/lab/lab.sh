#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A laboratory of real KVM implementations: Debian's kernels under QEMU, no hardware of their kind.
#
#   lab.sh setup [--machine M] [KERNEL...]       download, build, refresh (default: every kernel
#                                       in reach, for arm64; with a machine, for its architecture)
#   lab.sh list                         kernels, and why one is missing
#   lab.sh run [OPTION...] -- COMMAND   one command in a fresh guest; its output and exit status
#   lab.sh perform [OPTION...] <OPS >CAPTURE     an operation stream (traces/capture/capture.h)
#   lab.sh info [OPTION...]             what a model must know about this host, key=value lines
#   lab.sh serve [OPTION...] --dir D    a long-lived guest for many small batches
#   lab.sh batch --dir D <OPS >CAPTURE  one batch on a served guest
#
#   --kernel 6.1|6.12|7.2|FILE          default 6.1. FILE is a kernel of yours: Image, Image.gz or
#                                       vmlinuz; what it lacks is said (kernel.sh)
#   --machine standard|biglittle|halfpmu|bare|amd
#                                       2 equal CPUs; 4 whose pairs 0-1 and 2-3 have PMUs of their
#                                       own; the same without the second PMU; 2 CPUs with a GICv2
#                                       and no PMU, SVE, pointer authentication or AArch32 at EL1;
#                                       2 CPUs of an AMD machine with SVM. Default standard
#   --append ARGS                       more kernel command line, e.g. kvm-arm.mode=nvhe
#   --memory SIZE                       of the machine, e.g. 3G; default 1G
#   --timeout S                         seconds to wait for a run or a batch; default 300
#   --put HOSTPATH:GUESTPATH            before the command: a file, executable, or all of a folder
#   --get GUESTPATH:HOSTPATH            after the command; likewise
#   --record HOSTFOLDER                 run: the KVM calls of the command, as captures
#   --ftrace HOSTFILE                   run, perform: where the kernel entered and left guests and
#                                       switched tasks meanwhile, as text (assay convert --ftrace)
#   --restart                           serve: boot again when the guest dies
#
# Exit status: the command's; 1 failure; 3 bad usage; 124 out of time; 125 the guest failed.
# Files live below ASSAY_LAB_DIR (default: the user's cache folder). ASSAY_LAB_MIRROR names a
# Debian mirror where the host's apt knows none.
#
# The serve protocol. Everything is a file in D, on one file system, and every answer appears by
# rename, so a client waits with inotify (IN_MOVED_TO) or by polling:
#
#   state           one line: "starting boot=N", "ready boot=N supervisor=PID qemu=PID" or
#                   "dead boot=N REASON". Guest hangs: kill the qemu PID, with --restart a new
#                   guest becomes "ready boot=N+1". SIGTERM to the supervisor ends everything.
#   NAME.ops        the request, written by the client. NAME: 1 to 64 of A-Z a-z 0-9 - _
#   doorbell        a fifo; after NAME.ops is complete write "NAME\n" to it, in one write.
#                   Requests queue (up to 4 KiB of names) and are performed in order.
#   NAME.partial    grows while the batch is performed (NAME.ops is gone then). After "dead" it
#                   holds every record up to the death, give or take the last 10 ms.
#   NAME.capture    the complete answer, or
#   NAME.failed     text: why there is none. What was performed until then is NAME.partial.
#   console         the guest's serial console; what a dying kernel said is console-N after
#                   "dead boot=N".
#
# The client removes the answers. A request whose NAME.ops still exists after a death was not begun:
# ring again when the server is ready.
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CAPTURE=$HERE/../capture
LAB=${ASSAY_LAB_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/assay/lab}

say() { printf 'lab: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
usage() {
  say "$1"
  sed -nE '/^#   lab\.sh/,/^# Exit/ s/^# ?//p' "${BASH_SOURCE[0]}" >&2
  exit 3
}

# shellcheck source=architecture.sh
. "$HERE/architecture.sh"
# shellcheck source=packages.sh
. "$HERE/packages.sh"
# shellcheck source=setup.sh
. "$HERE/setup.sh"
# shellcheck source=recorder.sh
. "$HERE/recorder.sh"
# shellcheck source=kernel.sh
. "$HERE/kernel.sh"
# shellcheck source=machine.sh
. "$HERE/machine.sh"
# shellcheck source=serve.sh
. "$HERE/serve.sh"

JOB='' DIR=''
cleanup() {
  trap - EXIT INT TERM HUP
  stop_processes
  [[ -z $JOB ]] || rm -rf "$JOB"
  [[ -z $DIR || ! -e $DIR/state || -z ${SERVE_LOCK:-} ]] || set_state "dead boot=${BOOT:-0} the server ended"
}
trap cleanup EXIT
trap 'cleanup; exit 130' INT
trap 'cleanup; exit 143' TERM HUP

# Sets the options' variables and, after "--", COMMAND.
parse() {
  KERNEL=6.1 WHICH=standard APPEND='' MEMORY=1G SECONDS_MAX=300 RESTART=0 FTRACE='' RECORD=''
  PUTS=() GETS=() COMMAND=()
  while (($#)); do
    case $1 in
      --) shift; COMMAND=("$@"); return ;;
      --restart) RESTART=1; shift; continue ;;
      --kernel | --machine | --append | --memory | --timeout | --put | --get | --ftrace | --record | --dir)
        (($# > 1)) || usage "$1 needs a value" ;;
      *) usage "unknown argument $1" ;;
    esac
    case $1 in
      --kernel) KERNEL=$2 ;;
      --machine) WHICH=$2 ;;
      --append) APPEND=$2 ;;
      --memory) [[ $2 =~ ^[0-9]+[MG]$ ]] || usage "--memory needs a size such as 3G"; MEMORY=$2 ;;
      --timeout) [[ $2 =~ ^[0-9]+$ ]] || usage "--timeout needs seconds"; SECONDS_MAX=$2 ;;
      --put) [[ $2 == *:* ]] || usage "--put needs HOSTPATH:GUESTPATH"; PUTS+=("$2") ;;
      --get) [[ $2 == *:* ]] || usage "--get needs GUESTPATH:HOSTPATH"; GETS+=("$2") ;;
      --ftrace) FTRACE=$2 ;;
      --record) RECORD=$2 ;;
      --dir) DIR=$2 ;;
    esac
    shift 2
  done
}

lab_setup() {
  local kernel missing=() suite machine=standard
  if [[ ${1:-} == --machine ]]; then
    (($# > 1)) || usage "--machine needs a value"
    machine=$2
    shift 2
  fi
  refuse_unknown_machine "$machine"
  choose_architecture "$machine"
  (($#)) || set -- "${KERNELS[@]}"
  for kernel in "$@"; do kernel_source "$kernel"; done
  need_tools "$SETUP_TOOLS"
  lock
  rm -rf "$LAB"/tmp.*
  for kernel in "$@"; do setup_kernel "$kernel" || missing+=("$kernel"); done
  unlock
  setup_initramfs
  lab_list
  # 6.1 needs nothing but the host's own suite; the others are welcome extras.
  ((${#missing[@]} == 0)) || [[ $# -gt 1 && " ${missing[*]} " != *" 6.1 "* ]]
}

lab_list() {
  local kernel SUITE PATTERN IMAGE machine name error
  for machine in standard amd; do
    choose_architecture "$machine"
    for kernel in "${KERNELS[@]}"; do
      kernel_source "$kernel"
      name=$kernel
      [[ $machine == standard ]] || name+=:$machine
      error=$(suite_folder "$SUITE")/error
      if kernel_ready "$kernel"; then
        printf '%-8s %s\n' "$name" "$(<"$(kernel_folder "$kernel")/package")"
      elif [[ -e $error ]]; then
        printf '%-8s missing: suite %s: %s\n' "$name" "$SUITE" "$(<"$error")"
      else
        printf '%-8s not set up\n' "$name"
      fi
    done
  done
}

# Runs COMMAND in a fresh guest, recorded and traced if it was asked for.
lab_run() {
  if [[ -n $RECORD ]]; then
    COMMAND=(assay-record -o /tmp/record/capture -- "${COMMAND[@]}")
    GETS+=("/tmp/record:$RECORD")
  fi
  if [[ -n $FTRACE ]]; then
    COMMAND=(guest_ftrace /tmp/ftrace "${COMMAND[@]}")
    GETS+=("/tmp/ftrace:$FTRACE")
  fi
  run_job "$KERNEL" "$WHICH" "$APPEND" "$SECONDS_MAX"
}

lab_perform() {
  local ops status=0
  ops=$(mktemp "$LAB/job.XXXXXX")
  cat >"$ops"
  PUTS=("$ops:/tmp/ops")
  COMMAND=(perform /tmp/ops)
  lab_run || status=$?
  rm -f "$ops"
  return "$status"
}

# A kernel and an initramfs always say the same: ask once.
lab_info() {
  local key cached
  key=$({ cat "$(kernel_folder "$KERNEL")/package" "$HERE/machine.sh"; initramfs_path; printf '%s' "$WHICH$APPEND"
    "$EMULATOR" --version; } | sha256sum)
  cached=$LAB/info$OF_ARCH-${key:0:16}
  if [[ ! -e $cached ]]; then
    COMMAND=(host_info)
    run_job "$KERNEL" "$WHICH" "$APPEND" "$SECONDS_MAX" >"$cached.$$" ||
      { rm -f "$cached.$$"; return 1; }
    mv "$cached.$$" "$cached"
  fi
  cat "$cached"
}

main() {
  local verb=${1:-}
  (($#)) && shift
  mkdir -p "$LAB"
  LAB=$(realpath "$LAB")
  case $verb in
    setup) lab_setup "$@" ;;
    list) lab_list ;;
    run | perform | info | serve | batch)
      parse "$@"
      [[ $verb != run || ${#COMMAND[@]} -gt 0 ]] || usage "run needs -- COMMAND"
      [[ $verb == run || ${#COMMAND[@]} -eq 0 ]] || usage "$verb takes no command"
      [[ $verb != serve && $verb != batch || -n $DIR ]] || usage "$verb needs --dir D"
      [[ $verb == run || $verb == perform || -z $FTRACE ]] || usage "$verb takes no --ftrace"
      [[ $verb == run || -z $RECORD ]] || usage "$verb takes no --record"
      [[ $verb == batch ]] || {
        choose_architecture "$WHICH"
        choose_kernel
        refuse_unknown_machine "$WHICH"
        prepare "$KERNEL"
      }
      case $verb in
        run) lab_run ;;
        perform) lab_perform ;;
        info) lab_info ;;
        serve) serve "$KERNEL" "$WHICH" "$APPEND" "$RESTART" ;;
        batch) batch "$SECONDS_MAX" ;;
      esac
      ;;
    help | -h | --help) usage "real KVM kernels under emulation" ;;
    *) usage "unknown subcommand '$verb'" ;;
  esac
}

main "$@"
