#!/usr/bin/env bash
# Ctrl-C: every command ends soon, with what it has, and never crashes. Targets that misbehave are
# findings. Usage: stop_test.sh ASSAY SOURCE_ROOT [ROUNDS]
#
# A signal comes after a random time, mostly in the middle of something. What is asserted is the exit
# status and what is said, with a limit so generous that a busy machine does not reach it.
set -uo pipefail
assay=$1
root=$2
rounds=${3:-3}
here=$(cd "$(dirname "$0")" && pwd)
. "$here/expect.sh"
RANDOM=${SEED:-$(date +%N | sed 's/^0*//')}
limit=60  # seconds until a command that does not react is killed, which fails

# stopped SIGNAL STATUSES COMMAND...: starts it with an open pipe as standard input, sends the signal
# after 0 to 1.2 s, and expects one of the statuses ("2" or "1,2").
stopped() {
  local signal=$1 statuses=$2 status
  shift 2
  sleep 1000 >"$work/in" & local feeder=$!
  timeout --foreground -s KILL "$limit" "$@" <"$work/in" >"$work/out" 2>&1 &
  local guard=$!
  # The program itself, below its guard: not the guard's copy that is about to become it. SIGINT is
  # the last signal that it asks for; before that, one ends it as it ends any program.
  local pid= itself
  itself=$(readlink -f "$assay")
  while kill -0 "$guard" 2>/dev/null; do
    pid=$(cat "/proc/$guard/task/$guard/children" 2>/dev/null)
    pid=${pid%% *}
    [ -n "$pid" ] && [ "$(readlink "/proc/$pid/exe" 2>/dev/null)" = "$itself" ] &&
      grep -q 'SigCgt.*[2367abef]$' "/proc/$pid/status" 2>/dev/null && break
  done
  sleep "$((RANDOM % 2)).$((RANDOM % 3))$((RANDOM % 10))"
  [ -n "$pid" ] && kill -"$signal" "$pid" 2>/dev/null
  wait "$guard"
  status=$?
  kill "$feeder" 2>/dev/null
  wait "$feeder" 2>/dev/null
  if [[ ",$statuses," == *",$status,"* ]]; then
    passed=$((passed + 1))
  else
    printf 'FAILED: SIG%s: %s\n  status %s, expected one of %s\n%s\n' "$signal" "$*" "$status" "$statuses" \
      "$(tail -c 2000 "$work/out")"
    failed=$((failed + 1))
  fi
}

mkfifo "$work/in" "$work/fifo"
head -c 3000 "$good" >"$work/growing.trace"
# Each question that minimise asks takes long.
slow='cmd:sleep 2; exec cat'
for _ in $(seq "$rounds"); do
  for signal in INT TERM; do
    stopped $signal 2 "$assay" check -
    stopped $signal 2 "$assay" check "$work/fifo"
    stopped $signal 2 "$assay" explain --json -
    stopped $signal 2 "$assay" fuzz --target 'cmd:sleep 1000'
    stopped $signal 2 "$assay" fuzz --time 600s -j 2
    stopped $signal 2 "$assay" fuzz --time 600s --target "cmd:trap '' INT TERM; sleep 1000"
    stopped $signal 1,2 "$assay" spec mutants
    stopped $signal 2 "$assay" prove
    stopped $signal 2 "$assay" prove -j 4 --profile spe-v5
    stopped $signal 2 "$assay" prove --severity
    stopped $signal 2 "$assay" prove --vacuity
    stopped $signal 2 "$assay" prove --compare linux-6.1,linux-7.2
    stopped $signal 2 "$assay" find --depth 60 '!memslots_never_overlap'
    stopped $signal 2 "$assay" minimise --target "$slow" "$work/twice.trace"
    stopped $signal 2 "$assay" replay --target 'cmd:sleep 1000' "$work/twice.trace"
    stopped $signal 2 "$assay" convert - "$work/converted"
    stopped $signal 2 "$assay" minimise -
    stopped $signal 2 "$assay" record -o "$work/recorded" -- sleep 1000
    stopped $signal 0,2 "$assay" check --follow "$work/growing.trace"
  done
done
# What a command has is said.
stopped INT 2 "$assay" fuzz --time 600s -j 1
expect 0 'calls made' -- cat "$work/out"
expect 0 '(interrupted)' -- cat "$work/out"
stopped INT 2 "$assay" check -
expect 0 'interrupted' -- cat "$work/out"

# A target that ends, closes its pipe or talks nonsense is a finding that says what it did.
says() {
  expect 1 "$1" -- "$assay" fuzz --cases 3 --target "$2"
}
says 'it exited with status 3 before it answered' 'cmd:exit 3'
says 'it exited with status 0 before it answered' 'cmd:exec <&-; exit 0'
says 'it wrote "nonsense"' 'cmd:echo nonsense'
says 'signal 9 ended it' 'cmd:kill -9 $$'
says 'signal 11 ended it' 'cmd:kill -SEGV $$'
says 'what it wrote is no trace' 'cmd:echo "# program 0"; echo "ioctl(("; echo "# end"'
says 'it closed its output and went on' 'cmd:exec >&-; sleep 1000'
says 'it wrote' 'cmd:head -c 100000 /dev/urandom'
expect 1 'nonsense in' -- "$assay" fuzz --cases 3 --target 'cmd:yes | head -c 300000'
# A folder that findings cannot be kept in does not lose them.
: >"$work/file"
expect 1 'crash in' -- "$assay" fuzz --cases 3 --target 'cmd:exit 3' --corpus "$work/file/below"
# A reader who goes away ends us as it ends any filter, and quietly.
expect 0 -- bash -c "'$assay' spec list 2>&1 >/dev/null | head -1"
expect_not 'internal error' -- bash -c "'$assay' check -v '$root/traces/corpus' 2>&1 | head -1; '$assay' check -v '$root/traces/corpus' | head -1"
finish
