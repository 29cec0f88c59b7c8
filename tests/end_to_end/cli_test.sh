#!/usr/bin/env bash
# Walks the command line as a newcomer would: help, wrong flags, empty, truncated and hostile
# input, signals. Usage: cli_test.sh ASSAY SOURCE_ROOT
set -uo pipefail
assay=$1
root=$2
. "$(dirname "$0")/expect.sh"


expect 0 'exit status' -- "$assay" --help
expect 0 'the bundled real traces' -- "$assay" check --help
expect 3 -- "$assay"
expect 3 -- "$assay" chekc
expect 3 -- "$assay" check --no-such-flag
expect 3 -- "$assay" check --profile linux-9 "$good"
expect 3 'cannot open' -- "$assay" check "$work/absent"
expect 0 'conforms' -- "$assay" check "$good"
expect 0 '"verdict": "conforms"' -- "$assay" check --json "$good"

: >"$work/empty"
expect 2 'nothing was checked' -- "$assay" check "$work/empty"
printf '7 ioctl(3</dev/kvm>, KVM_CREATE_VM, ' >"$work/cut"
expect 3 'cut:1:' -- "$assay" check "$work/cut"
printf '# assay-trace 9\n' >"$work/version"
expect 3 'version:1:15' -- "$assay" check "$work/version"
head -c 4096 /dev/urandom >"$work/garbage"
expect 3 -- "$assay" check "$work/garbage"
printf '7 ioctl(3</dev/kvm>, KVM_NO_SUCH_THING, 0) = 0\n' >"$work/unknown"
expect 2 'no rule' -- "$assay" check "$work/unknown"

# A directory is the traces below it.
mkdir -p "$work/tree/below/none"
cp "$good" "$work/tree/below/a.trace"
cp "$good" "$work/tree/b.trace"
cp "$work/garbage" "$work/tree/c.other"
expect 0 'total 2 traces: 2 conform' -- "$assay" check "$work/tree"
expect 0 '2 traces under linux-6.1' -- "$assay" spec coverage --profile linux-6.1 "$work/tree"
expect 3 'no trace in it' -- "$assay" check "$work/tree/below/none"
expect 3 'no trace in it' -- "$assay" spec coverage "$good" "$work/tree/below/none"

# A trace's calls as operations; only a capture can be merged with what ftrace wrote.
expect 0 -- "$assay" convert "$good" "$work/t.ops"
expect 0 -- test -s "$work/t.ops"
expect 3 'no call in it' -- "$assay" convert "$work/empty" "$work/t.ops"
printf '# trace_clock: local\n' >"$work/local.ftrace"
expect 3 'local.ftrace:1:16' -- "$assay" convert "$good" --ftrace "$work/local.ftrace" "$work/merged"
printf 'x-1 [000] 1.5: kvm_entry: PC: 0x0\n' >"$work/mono.ftrace"
expect 3 'capture stream' -- "$assay" convert "$good" --ftrace "$work/mono.ftrace" "$work/merged"
expect 3 'makes text' -- "$assay" convert "$good" --ftrace "$work/mono.ftrace" "$work/t.atrace"
expect 3 'neither key=number nor a file' -- "$assay" check --host nonsense "$good"
printf 'release=6.1.0-1-arm64\n' >"$work/info"
expect 3 'lacks' -- "$assay" check --host "$work/info" "$good"

# One altered answer, in text and in binary.
sed '0,/KVM_CREATE_VCPU.*/s/\(KVM_CREATE_VCPU, [0-9]*\)).*/\1) = -1 EACCES (Permission denied)/' \
  "$good" >"$work/altered"
if ! cmp -s "$good" "$work/altered"; then
  expect 1 'create_vcpu' -- "$assay" check "$work/altered"
fi
expect 0 -- "$assay" convert "$good" "$work/t.atrace"
expect 0 'conforms' -- "$assay" check "$work/t.atrace"
expect 0 -- "$assay" convert "$work/t.atrace" "$work/back"
expect 0 -- cmp "$good" "$work/back"
size=$(stat -c %s "$work/t.atrace")
head -c $((size - 9)) "$work/t.atrace" >"$work/short.atrace"
expect 3 'truncated' -- "$assay" check "$work/short.atrace"

# A line of 200 MB must not cost memory: 512 MiB of address space is plenty.
{ printf '7 ioctl('; head -c 200000000 /dev/zero | tr '\0' 'x'; } >"$work/long"
expect 3 'long:1' -- bash -c "ulimit -v 524288; '$assay' check '$work/long'"

# Reports are written whole.
expect 1 -- "$assay" check --junit "$work/j.xml" --sarif "$work/s.json" --html "$work/h.html" "$work/altered"
expect 0 -- grep -q '<failure' "$work/j.xml"
expect 0 -- grep -q '"ruleId"' "$work/s.json"
expect 0 -- grep -q '</html>' "$work/h.html"

# Fuzzing finds a seeded defect, keeps it, and minimise shrinks it.
expect 1 'pmu_set_irq.irq_already_set' -- "$assay" fuzz --cases 4000 --drop pmu_set_irq.irq_already_set \
  --corpus "$work/found"
kept=$(find "$work/found" -name 'pmu_set_irq*' | head -1)
expect 1 '1-minimal' -- "$assay" minimise "$kept" -o "$work/small"
expect 0 'as expected' -- "$assay" check "$work/small"
expect 0 -- test "$(grep -c ioctl "$work/small")" -le 12
# So does a trace whose answers are all allowed, and which breaks what is claimed.
expect 1 'stop_takes_one_flag: 8 operations' -- "$assay" minimise \
  "$root/traces/corpus/spe/kvm/hazard-unknown-stop-flags.trace" -o "$work/claim"
expect 0 'as expected' -- "$assay" check "$work/claim"
expect 0 -- "$assay" fuzz --cases 500 -j 2
expect 3 -- "$assay" fuzz --target nowhere
expect 3 -- "$assay" minimise "$work/garbage"

# Ctrl-C ends a long run in order, with what it has.
"$assay" fuzz --time 600s -j 1 >"$work/interrupted" 2>&1 &
pid=$!
for _ in $(seq 100); do [ -d "/proc/$pid" ] && grep -q 'SigCgt.*[2367abef]$' "/proc/$pid/status" && break; done
kill -INT "$pid"
wait "$pid"
expect 0 'calls made' -- cat "$work/interrupted"

# A pipe or a device is written to, never replaced.
mkfifo "$work/pipe"
cat "$work/pipe" >"$work/read" &
expect 0 -- "$assay" check --quiet --junit "$work/pipe" "$good"
wait $!
expect 0 '<testsuites' -- cat "$work/read"
expect 0 -- test -p "$work/pipe"
expect 0 'vcpu_never_runs_on_unsupported_cpu' -- "$assay" spec list
expect 0 'vcpu[].pmu.created' -- "$assay" spec list
expect 0 'both ways' -- "$assay" spec coverage --profile linux-6.12
expect 0 'not a rule of this profile' -- "$assay" spec coverage --profile linux-6.12
expect 2 'never evaluated' -- "$assay" spec coverage --profile linux-6.12 "$work/empty"
expect 0 'EBUSY' -- "$assay" spec show pmu_set_pmu.vm_has_run
expect 3 -- "$assay" spec show no_such_rule
expect 1 'violated' -- "$assay" prove --shape vcpus=2,pes=2,slots=3 --drop set_user_memory_region.overlap \
  memslots_never_overlap
# A counterexample says as a trace what it breaks.
expect 1 'violated' -- "$assay" prove --profile spe-v4 --shape vcpus=2,pes=2,slots=3 --depth 4 \
  -o "$work/cx" unlocked_memslot_has_no_stale_mapping
expect 0 'as expected' -- "$assay" check "$work/cx"
expect 3 'at least one' -- "$assay" prove --shape vcpus=0
expect 0 'at most 1 vCPUs, 1 known PEs' -- "$assay" prove --depth 0 \
  --shape vcpus=1,pes=1,slots=1,pmus=1,regions=1 vcpu_ids_are_unique
expect 3 -- "$assay" prove no_such_invariant

# What find reaches is a trace that conforms; what it cannot reach says up to where.
small='vcpus=2,pes=2,slots=3'
expect 1 'no shorter history does' -- "$assay" find --shape "$small" 'any(vcpu, c: c.pmu.created)'
expect 1 '4 events reach it' -- "$assay" find --shape "$small" -o "$work/pmu" 'any(vcpu, c: c.pmu.created)'
expect 0 'conforms' -- "$assay" check "$work/pmu"
expect 1 'KVM_RUN' -- "$assay" find --shape "$small" --quiet dead
expect 0 'no history of up to 5 events' -- "$assay" find --shape "$small" --depth 5 'slot[0].pages != 0 && !created'
expect 1 'at reset' -- "$assay" find --shape "$small" '!created'
expect 1 '"answer": "reached"' -- "$assay" find --shape "$small" --json 'online == 1'
expect 3 'PREDICATE:1:12: expected a condition' -- "$assay" find 'created && '
expect 3 'nearest: dead' -- "$assay" find daed
expect 3 'at least one' -- "$assay" find --shape vcpus=0 dead
expect 1 'spe_write_pmbsr: s=1' -- "$assay" find --shape "$small" --profile documented \
  'any(spu, s: s.service && s.collision)'
expect 1 '1 event reaches it' -- "$assay" find --shape "$small" --after "$work/pmu" \
  -o "$work/more" 'slot[1].pages != 0'
expect 0 'conforms' -- "$assay" check "$work/more"
expect 1 'where the trace ends' -- "$assay" find --shape "$small" --after "$work/more" 'slot[1].pages != 0'
expect 3 'no-such-file' -- "$assay" find --after no-such-file dead
expect 3 'no event to go on from' -- "$assay" find --after /dev/null dead
expect 3 'cut:1:' -- "$assay" find --after "$work/cut" dead
# What can be asked, by name; what a shape is too small for; and degenerate states on request.
expect 0 'none, full, fault, abort, not_allowed, implementation' -- "$assay" find --list --shape "$small" --profile spe-v5
expect 0 'memslots_never_overlap' -- "$assay" find --list --shape "$small"
expect 0 'create_vcpu' -- "$assay" find --list --shape "$small" --json
expect 3 'PREDICATE, or --list' -- "$assay" find
expect 0 'with --shape vcpus=3,pes=2,slots=3,pmus=2,regions=2,itses=1 4 events reach it' -- "$assay" find --shape "$small" --depth 4 'online == 3'
expect 0 'only states were looked for in which a VM was created' -- "$assay" find --shape "$small" \
  --depth 1 'slot[0].pages == 1'
expect 1 'at reset' -- "$assay" find --shape "$small" --degenerate 'host.sve'
expect 1 '1 event reaches it' -- "$assay" find --shape "$small" 'host.sve'
expect 0 'make no calls on vfio, pv_time, vgic_v2' -- "$assay" find --profile spe-v5 --shape "$small" --depth 5 \
  'gic.v2 && any(vcpu, c: c.spe.initialized)'
expect 3 'wants --compare' -- "$assay" prove --html "$work/page" memslots_never_overlap
# What a design of SPE loses is near where its guest profiles, and is told as what it breaks.
designs="$root/traces/corpus/spe/designs"
expect 1 '3 events reach it' -- "$assay" find --shape "$small" \
  --after "$designs/fault-resume-guest-profiles.trace" -o "$work/lost" 'any(vcpu, c: c.spe.buffer.blackout)'
expect 0 'violates, as expected' -- "$assay" check "$work/lost"
expect 0 'no history of up to 3 events' -- "$assay" find --shape "$small" --depth 3 \
  --after "$designs/pin-buffer-guest-profiles.trace" 'any(vcpu, c: c.spe.buffer.blackout)'
# The picture of the designs is drawn from their traces.
expect 1 ': fault-resume-loses-silently.trace' -- "$assay" prove no_loss_goes_untold --compare spe-fault-resume \
  --shape "$small" --depth 0 --witnesses "$designs" --html "$work/designs.html"
expect 0 'blackout: 24 events, 1 record lost' -- cat "$work/designs.html"
"$assay" find --depth 60 '!memslots_never_overlap' >"$work/stopped" 2>&1 &
pid=$!
sleep 2
kill -INT "$pid"
wait "$pid"
expect 0 'events (interrupted); no shorter' -- cat "$work/stopped"

finish
