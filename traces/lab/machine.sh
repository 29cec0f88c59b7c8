# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Starting, feeding and ending one emulated machine. A machine belongs to a job folder: the guest
# is told its path, fetches the file `script` from it and reads and writes nothing
# but that folder. Every background process is a direct child and dies with this shell, even if
# the shell is killed.

MACHINE=virt,virtualization=on,gic-version=3
CPU=max,pauth-impdef=on
BARE_MACHINE=virt,virtualization=on,gic-version=2
BARE_CPU=neoverse-n1,pmu=off
AMD_MACHINE=pc
AMD_CPU=max,+svm
# The emulated CPU does not say that its TSC is good for a clock, nor its rate. A kernel that is told
# both, and has no other clock to compare with, takes the same rate at every boot. It finds no timer
# interrupt where the host has no time for it.
AMD_CLOCK='tsc=reliable tsc_early_khz=2600000 hpet=disable pmtmr=0 no_timer_check'
# KVM patches its own kernel's text whenever the first VM comes or the last one goes. Where each
# emulated CPU has a thread of its own, one may go on with what another has patched already, and
# dies of a breakpoint.
AMD_ACCELERATOR=tcg,thread=single

QEMU= # process id of the machine
HELPERS=()

# machine_arguments KERNEL MACHINE JOB APPEND : sets ARGUMENTS. Apart from start_machine, because that
# one's output goes to the console log and this one has things to say.
machine_arguments() {
  local kernel=$1 machine=$2 job=$3 append=$4 board=$MACHINE cpu=$CPU dtb folder initramfs
  folder=$(kernel_folder "$kernel") initramfs=$(initramfs_path)
  case $machine in
    bare) board=$BARE_MACHINE cpu=$BARE_CPU ;;
    amd) board=$AMD_MACHINE cpu=$AMD_CPU ;;
  esac
  # shellcheck disable=SC2054 # the commas are QEMU's
  ARGUMENTS=(
    -M "$board" -cpu "$cpu" -m "$MEMORY" -nic none -no-reboot -display none -monitor none
    -kernel "$folder/vmlinuz" -chardev stdio,id=console,signal=off -serial chardev:console
  )
  if [[ $ARCH == amd64 ]]; then
    cat "$folder/modules.cpio" "$initramfs" >"$job/initramfs"
    ARGUMENTS+=(
      -accel "$AMD_ACCELERATOR" -initrd "$job/initramfs" -append "console=ttyS0 quiet oops=panic panic=-1 $AMD_CLOCK $append"
      -fsdev "local,id=job,security_model=none,path=${job//,/,,}"
      -device virtio-9p-pci,fsdev=job,mount_tag=job
    )
  else
    ARGUMENTS+=(
      -initrd "$initramfs" -append "console=ttyAMA0 quiet oops=panic panic=-1 $append"
      -semihosting-config "enable=on,userspace=on,target=native,arg=${job//,/,,}"
    )
  fi
  case $machine in
    standard | bare | amd) ARGUMENTS+=(-smp 2) ;;
    biglittle | halfpmu)
      dtb=$(machine_dtb "$machine")
      ARGUMENTS+=(-smp 4 -dtb "$dtb")
      ;;
  esac
}

# QEMU on the current standard input and output, which become the guest's serial console: the caller
# arranges the redirections.
start_machine() {
  # <&0: bash gives a background command /dev/null where no input is named.
  setpriv --pdeathsig KILL "$EMULATOR" "${ARGUMENTS[@]}" <&0 &
  QEMU=$!
}

stop_processes() {
  local pid
  {
    for pid in "$QEMU" "${HELPERS[@]}"; do
      [[ -z $pid ]] || kill -KILL "$pid" || true
    done
    wait || true
  } 2>/dev/null
  QEMU='' HELPERS=()
}

# Whatever a machine needs, made now if it is missing.
prepare() {
  local kernel=$1
  need_tools "$RUN_TOOLS"
  local version
  version=$("$EMULATOR" --version | sed -nE '1s/.*version ([0-9]+)\.([0-9]+).*/\1 \2/p')
  # shellcheck disable=SC2086 # two numbers
  set -- $version
  [[ $ARCH != arm64 ]] || (($1 > 7 || ($1 == 7 && $2 >= 2))) || die "QEMU $1.$2 is too old: 7.2 brought semihosting for EL0"
  if ! kernel_ready "$kernel"; then
    need_tools "$SETUP_TOOLS"
    lock
    kernel_ready "$kernel" || setup_kernel "$kernel" || die "no kernel $kernel"
    unlock
  fi
  setup_initramfs
}

# One word for the guest's shell, whatever bytes it holds.
quoted() { printf "'%s' " "${1//\'/\'\\\'\'}"; }

# Writes JOB/script from the arrays PUTS, GETS and COMMAND. Standard output and error reach the
# host as they come; the status is written last, so its presence says that the guest finished.
# shellcheck disable=SC2016 # expanded by the guest
write_script() {
  local job=$1 i word
  {
    i=0
    for word in "${PUTS[@]}"; do
      if [[ -d ${word%%:*} ]]; then
        printf 'mkdir -p %s; guest_io fetch "$JOB/put/%d" /proc/self/fd/1 | tar -x -C %s || exit 125\n' \
          "$(quoted "${word#*:}")" "$i" "$(quoted "${word#*:}")"
      else
        printf 'mkdir -p "$(dirname %s)"; guest_io fetch "$JOB/put/%d" %s || exit 125\n' \
          "$(quoted "${word#*:}")" "$i" "$(quoted "${word#*:}")"
      fi
      i=$((i + 1))
    done
    printf 'mkfifo /tmp/.error; guest_io put - "$JOB/stderr" </tmp/.error &\n'
    printf '{ '
    for word in "${COMMAND[@]}"; do quoted "$word"; done
    printf '; echo $? >/tmp/.status; } </dev/null 2>/tmp/.error | guest_io put - "$JOB/stdout"\n'
    printf 'wait\n'
    i=0
    for word in "${GETS[@]}"; do
      printf 'if [ -d %s ]; then tar -c -C %s . | guest_io put - "$JOB/get/%d.tar"; else ' \
        "$(quoted "${word%%:*}")" "$(quoted "${word%%:*}")" "$i"
      printf 'guest_io put %s "$JOB/get/%d"; fi\n' "$(quoted "${word%%:*}")" "$i"
      i=$((i + 1))
    done
    printf 'guest_io put /tmp/.status "$JOB/status"; guest_io exit 0\n'
  } >"$job/script"
}

# run_job KERNEL MACHINE APPEND SECONDS : boots, runs COMMAND, returns its status (124: out of time,
# 125: the laboratory or the guest failed).
run_job() {
  local kernel=$1 machine=$2 append=$3 seconds=$4 i status=125 file watch
  JOB=$(mktemp -d "$LAB/job.XXXXXX")
  mkdir "$JOB/put" "$JOB/get"
  i=0
  for file in "${PUTS[@]}"; do
    if [[ -d ${file%%:*} ]]; then
      tar -c -C "${file%%:*}" -f "$JOB/put/$i" . || die "cannot read the folder ${file%%:*}"
    else
      cp "${file%%:*}" "$JOB/put/$i" || die "no file ${file%%:*}"
    fi
    i=$((i + 1))
  done
  write_script "$JOB"
  : >"$JOB/stdout"
  : >"$JOB/stderr"
  machine_arguments "$kernel" "$machine" "$JOB" "$append"
  start_machine </dev/null >"$JOB/console" 2>&1
  tail -q -f -s 0.02 --pid="$QEMU" -c +1 "$JOB/stdout" 2>/dev/null &
  HELPERS+=($!)
  tail -q -f -s 0.02 --pid="$QEMU" -c +1 "$JOB/stderr" >&2 &
  HELPERS+=($!)
  setpriv --pdeathsig KILL sleep "$seconds" &
  watch=$!
  HELPERS+=("$watch")
  wait -n "$QEMU" "$watch" || true
  if [[ -s $JOB/status ]]; then
    status=$(<"$JOB/status")
  elif kill -0 "$QEMU" 2>/dev/null; then
    say "out of time after $seconds s"
    status=124
  else
    say "the guest died; the end of its console:"
    tail -n 30 "$JOB/console" >&2
  fi
  say_what_is_missing "$kernel" "$JOB"
  {
    kill -KILL "$QEMU" "$watch" || true
    wait || true # the tails hand over what is left and end with QEMU
  } 2>/dev/null  # bash would report the kill
  QEMU='' HELPERS=()
  i=0
  for file in "${GETS[@]}"; do
    if [[ -e $JOB/get/$i ]]; then
      cp "$JOB/get/$i" "${file#*:}"
    elif [[ -e $JOB/get/$i.tar ]]; then
      mkdir -p "${file#*:}"
      tar -x -C "${file#*:}" -f "$JOB/get/$i.tar"
    else
      say "the guest has no file ${file%%:*}"
      ((status != 0)) || status=125
    fi
    i=$((i + 1))
  done
  rm -rf "$JOB"
  return "$status"
}
