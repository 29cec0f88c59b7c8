# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A long-lived guest that performs batches: `lab.sh serve`. The protocol is described in lab.sh.

BOOT_SECONDS=60

# The state is replaced by rename: a reader sees the old or the new, and inotify says when.
set_state() {
  printf '%s\n' "$1" >"$DIR/state.new"
  mv "$DIR/state.new" "$DIR/state"
}

# Boots one guest and stays with it until it ends; the reason is left in REASON.
serve_once() {
  local kernel=$1 machine=$2 append=$3 deadline=$((SECONDS + BOOT_SECONDS))
  rm -f "$DIR/listening" "$DIR/missing"
  set_state "starting boot=$BOOT"
  # A new doorbell: what was rung for the dead guest must not reach the new one.
  rm -f "$DIR/doorbell"
  mkfifo "$DIR/doorbell"
  machine_arguments "$kernel" "$machine" "$DIR" "$append"
  start_machine <>"$DIR/doorbell" >"$DIR/console" 2>&1
  while [[ ! -e $DIR/listening ]]; do
    if ! kill -0 "$QEMU" 2>/dev/null; then
      REASON="the guest died while booting"
      say_what_is_missing "$kernel" "$DIR"
      return
    elif ((SECONDS > deadline)); then
      REASON="the guest did not boot within $BOOT_SECONDS s"
      say_what_is_missing "$kernel" "$DIR"
      stop_processes
      return
    fi
    sleep 0.02
  done
  set_state "ready boot=$BOOT supervisor=$$ qemu=$QEMU"
  wait "$QEMU" 2>/dev/null || true
  QEMU=''
  REASON=$(tail -n 1 "$DIR/console" | tr -cd '[:print:]')
  REASON="the guest died${REASON:+: $REASON}"
}

serve() {
  local kernel=$1 machine=$2 append=$3 restart=$4
  mkdir -p "$DIR"
  DIR=$(realpath "$DIR")
  exec {SERVE_LOCK}>"$DIR/lock"
  flock -n "$SERVE_LOCK" || die "another server uses $DIR"
  # shellcheck disable=SC2016 # expanded by the guest
  printf 'exec guest_io serve "$JOB"\n' >"$DIR/script"
  rm -f "$DIR"/*.partial
  for ((BOOT = 1; ; BOOT++)); do
    serve_once "$kernel" "$machine" "$append"
    cp "$DIR/console" "$DIR/console.$BOOT"
    set_state "dead boot=$BOOT $REASON"
    say "$REASON"
    ((restart)) && [[ -e $DIR/listening ]] || return 1
  done
}

# The smallest client: one batch from standard input to standard output.
batch() {
  local name="batch-$$-$RANDOM" state current idle end=$((SECONDS + $1))
  read -r state <"$DIR/state" || die "no server in $DIR"
  [[ $state == ready* ]] || die "the server is not ready: $state"
  cat >"$DIR/$name.ops"
  printf '%s\n' "$name" >"$DIR/doorbell"
  exec {idle}<> <(:) # something to wait on without starting a process
  while [[ ! -e $DIR/$name.capture && ! -e $DIR/$name.failed ]]; do
    if ! read -r current <"$DIR/state" || [[ $current != "$state" ]]; then
      say "the guest died; what it had performed:"
      cat "$DIR/$name.partial" 2>/dev/null || true
      rm -f "$DIR/$name".*
      return 125
    fi
    if ((SECONDS > end)); then
      say "no answer after $1 s"
      return 124
    fi
    read -r -t 0.002 -u "$idle" || true
  done
  if [[ -e $DIR/$name.failed ]]; then
    say "$(<"$DIR/$name.failed")"
    rm -f "$DIR/$name".*
    return 125
  fi
  cat "$DIR/$name.capture"
  rm -f "$DIR/$name".*
}
