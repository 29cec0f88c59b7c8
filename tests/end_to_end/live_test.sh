#!/usr/bin/env bash
# Traces that are still being written: pipes, FIFOs and growing files are judged line by line.
# Usage: live_test.sh ASSAY SOURCE_ROOT
set -uo pipefail
assay=$1
root=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/expect.sh"

# until_said TEXT FILE: waits until the text is there; a minute is for machines that are very busy.
until_said() {
  for _ in $(seq 600); do
    grep -qF -- "$1" "$2" 2>/dev/null && { passed=$((passed + 1)); return; }
    sleep 0.1
  done
  printf 'FAILED: never said: %s\n%s\n' "$1" "$(cat "$2")"
  failed=$((failed + 1))
}

# ends STATUS PID WHAT
ends() {
  wait "$2"
  local status=$?
  if [ "$status" -eq "$1" ]; then passed=$((passed + 1)); return; fi
  printf 'FAILED: %s: status %s, expected %s\n' "$3" "$status" "$1"
  failed=$((failed + 1))
}

still_runs() {
  if kill -0 "$1" 2>/dev/null; then passed=$((passed + 1)); return; fi
  printf 'FAILED: %s has ended already\n' "$2"
  failed=$((failed + 1))
}

violation='create_vcpu.duplicate_id'
mkfifo "$work/fifo"

# A violation is said right after its line, with the lines that caused it, while the pipe is open.
"$assay" check "$work/fifo" >"$work/out" 2>&1 &
pid=$!
exec 9>"$work/fifo"
cat "$work/twice.trace" >&9
until_said "$violation" "$work/out"
until_said '(line 6: 96 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0)' "$work/out"
still_runs $pid 'check of an open FIFO'
exec 9>&-
ends 1 $pid 'check of a FIFO'
expect 0 'judged 3 of 3 calls' -- cat "$work/out"
expect 0 1 -- grep -c "$violation\$" "$work/out"  # said once

# Standard input is a pipe like any other, compressed or not.
expect 1 "$violation" -- bash -c "cat '$work/twice.trace' | '$assay' check -"
expect 1 "$violation" -- bash -c "gzip -c '$work/twice.trace' | '$assay' check -"
expect 1 "$violation" -- bash -c "zstd -qc '$work/twice.trace' | '$assay' check -"

# --fail-fast ends at the first one, though more could come.
"$assay" check --fail-fast "$work/fifo" >"$work/out" 2>&1 &
pid=$!
exec 9>"$work/fifo"
cat "$work/twice.trace" >&9
ends 1 $pid 'check --fail-fast'
exec 9>&-
expect 0 "$violation" -- cat "$work/out"
# So it does where the input is compressed and its writer goes on.
"$assay" check --fail-fast "$work/fifo" >"$work/out" 2>&1 &
pid=$!
exec 9>"$work/fifo"
gzip -c "$work/twice.trace" >&9
ends 1 $pid 'check --fail-fast of a compressed pipe'
exec 9>&-
tail -2 "$work/twice.trace" | sed 's/= 6/= 7/' >"$work/more"
cat "$work/twice.trace" "$work/more" >"$work/more.trace"
expect 1 'judged 3 of 3 calls' -- "$assay" check --fail-fast "$work/more.trace"
expect 1 'judged 5 of 5 calls' -- "$assay" check "$work/more.trace"

# A growing file: what is appended is judged; an interrupt ends it as its end would.
head -5 "$work/twice.trace" >"$work/growing.trace"
"$assay" check --follow "$work/growing.trace" >"$work/followed" 2>&1 &
pid=$!
sed -n 6p "$work/twice.trace" >>"$work/growing.trace"
sed -n 7p "$work/twice.trace" | head -c 30 >>"$work/growing.trace"
sleep 0.2  # so that half a line is likely to be read by itself
sed -n 7p "$work/twice.trace" | tail -c +31 >>"$work/growing.trace"
until_said "$violation" "$work/followed"
still_runs $pid 'check --follow'
kill -INT $pid
ends 1 $pid 'check --follow'
"$assay" check -f --fail-fast "$work/growing.trace" >"$work/out" 2>&1 &
ends 1 $! 'check --follow --fail-fast'
head -6 "$work/twice.trace" >"$work/growing.trace"
"$assay" explain --follow "$work/growing.trace" >"$work/explained" 2>&1 &
pid=$!
until_said 'KVM_CREATE_VCPU' "$work/explained"
kill -INT $pid
ends 0 $pid 'explain --follow of a conforming trace'
expect 0 'conforms' -- cat "$work/explained"
# A pipe ends where it ends, followed or not.
expect 1 "$violation" -- bash -c "cat '$work/twice.trace' | '$assay' check --follow -"
gzip -c "$work/twice.trace" >"$work/twice.trace.gz"
expect 1 "$violation" -- "$assay" check --follow "$work/twice.trace.gz"
expect 3 '--follow takes one file' -- "$assay" check --follow "$work/twice.trace" "$good"
finish
