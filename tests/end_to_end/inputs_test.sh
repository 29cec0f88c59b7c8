#!/usr/bin/env bash
# Traces as people have them: compressed, of other tracers, with lines that nobody can read, of other
# kernels and machines. Usage: inputs_test.sh ASSAY SOURCE_ROOT
set -uo pipefail
assay=$1
root=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/expect.sh"

# --- how much was judged ---
expect 0 'judged 25 of 27 calls (92.6 %)' -- "$assay" check "$good"
expect 2 '--require-judged asks for 99.5 %' -- "$assay" check --require-judged 99.5 "$good"
expect 0 'as expected' -- "$assay" check --require-judged 90 "$good"
expect 1 -- "$assay" check --require-judged 100 "$work/twice.trace"
expect 3 -- "$assay" check --require-judged 101 "$good"
width="$root/traces/corpus/strace/linux-6.1-vcpu_width_config.strace"
expect 0 'conforms' -- "$assay" check "$width"
expect 2 'the solver gave up at line' -- "$assay" check --budget 1 "$width"
expect 3 -- "$assay" check --budget 0 "$width"
expect 0 'at line ' -- "$assay" check -v "$good"
expect_not 'at line ' -- "$assay" check "$good"
# Several traces are a table; details with -v; what a header expects looks like no violation.
sed '1a # expect violates create_vcpu.duplicate_id' "$work/twice.trace" >"$work/expected.trace"
expect 1 'twice.trace:7: create_vcpu.duplicate_id: observed 0x6, allowed: EEXIST' -- \
  "$assay" check "$work/twice.trace" "$work/expected.trace"
expect_not 'expected.trace:8' -- "$assay" check "$work/twice.trace" "$work/expected.trace"
expect 0 'violates, as expected' -- "$assay" check "$work/expected.trace" "$good"
expect 1 'vcpu[0].created = 1' -- "$assay" check -v "$work/twice.trace" "$work/expected.trace"
expect 1 'duplicate_id (expected by the trace'"'"'s header)' -- \
  "$assay" check -v "$work/twice.trace" "$work/expected.trace"
expect 0 '1653 traces: 1010 conform, 643 violate, 0 inconclusive (1651 as their headers expect)' -- \
  "$assay" check "$root/traces/corpus"
expect 0 -- bash -c "[ \$('$assay' check '$root/traces/corpus' | wc -l) -le 40 ]"

# --- explained in the field's notation ---
spe="$root/traces/corpus/spe"
expect 0 'with the freedom enable_cap.lock_fails_midway' -- \
  "$assay" explain "$spe/kvm/hazard-pin-leaked-by-failed-lock.trace"
expect 0 'spu[0].ptr: 0x10000 or 0x10800 -> 0x10040 (PMBPTR_EL1.PTR)' -- \
  "$assay" explain "$spe/arch/write-while-enabled-ignored.trace"
expect 0 'because of enable_cap.notifier_ran' -- \
  "$assay" explain "$spe/kvm/hazard-pin-leaked-by-failed-lock.trace"
expect 0 'spu[0].service (PMBSR_EL1.S) = 0 (line 9: msr: cpu=0 PMBSR_EL12=0)' -- \
  "$assay" check -v "$spe/arch/status-by-the-name-of-el12-kept.trace"
expect 0 'k.require(s.unpredictable || reads(field<"s">(r), s.service, b.service),' -- \
  "$assay" check -v "$spe/arch/status-by-the-name-of-el12-kept.trace"

# --- minimised, also where no program is the whole trace ---
expect 1 'guest_entry.on_supported_cpu: 6 lines of 7 (1-minimal)' -- \
  "$assay" minimise "$spe/claims/entered-on-an-unsupported-cpu.trace"
grep -v '^# host' "$work/twice.trace" >"$work/hostless.trace"
expect 1 'create_vcpu.duplicate_id: 3 lines of ' -- "$assay" minimise "$work/hostless.trace"
expect 1 'unlocked_memslot_holds_no_pins: ' -- "$assay" minimise \
  "$spe/kvm/hazard-pin-leaked-by-failed-lock.trace"
expect 1 'failed_lock_changes_nothing: ' -- "$assay" minimise \
  --claim failed_lock_changes_nothing "$spe/kvm/hazard-pin-leaked-by-failed-lock.trace"
expect 2 'does not violate the specification' -- "$assay" minimise "$good"

# --- events of ours that are spelt wrong ---
ours="$work/ours.trace"
head -3 "$spe/arch/buffer-full.trace" >"$ours"
cp "$ours" "$work/key.trace"
echo 'spe_full: cpu=0' >>"$ours"
echo 'spe_write_pmbptr: cpu=0 pointer=0x10000' >>"$work/key.trace"
expect 3 "4:1: expected an event of the specification, 'spe_full' is none" -- "$assay" check "$ours"
expect 3 "4:25: expected a key of this event, it has no 'pointer'" -- \
  "$assay" check "$work/key.trace"

# --- files ---
gzip -k "$work/twice.trace"
zstd -q "$work/twice.trace"
for packed in "$work/twice.trace.gz" "$work/twice.trace.zst"; do
  expect 1 'line 6: 96 ioctl' -- "$assay" check "$packed"
done
expect 1 '1-minimal' -- "$assay" minimise "$work/twice.trace.gz"
expect 0 -- "$assay" convert "$work/twice.trace.zst" "$work/t.ops"
mkdir "$work/packed"
cp "$work/twice.trace.gz" "$work/packed"
expect 1 'create_vcpu.duplicate_id' -- "$assay" check "$work/packed"
head -c 200 "$work/twice.trace.gz" >"$work/cut.gz"
expect 3 'the gzip data are damaged or cut short' -- "$assay" check "$work/cut.gz"
head -c 200 "$work/twice.trace.zst" >"$work/cut.zst"
expect 3 'the zstd data are damaged or cut short' -- "$assay" check "$work/cut.zst"
{ printf '\xef\xbb\xbf'; cat "$work/twice.trace"; } >"$work/bom.trace"
expect 1 'create_vcpu.duplicate_id' -- "$assay" check "$work/bom.trace"
for form in UTF-16 UTF-16LE UTF-16BE; do
  iconv -t $form "$work/twice.trace" >"$work/wide"
  expect 3 'wide:1:1: expected text in UTF-8, this is UTF-16: iconv' -- "$assay" check "$work/wide"
done

# --- other tracers ---
cat >"$work/perf.txt" <<'END'
     0.010 ( 0.003 ms): qemu-system-aa/1234 ioctl(fd: 13, cmd: KVM_CREATE_VM)                      = 14
     0.020 ( 0.003 ms): qemu-system-aa/1234 ioctl(fd: 14, cmd: KVM_CREATE_VCPU) = 15
     0.030 (         ): CPU 0/KVM/1235 ioctl(fd: 15, cmd: KVM_GET_ONE_REG, arg: 0xffff8000) ...
     0.040 ( 0.003 ms): qemu-system-aa/1234 ioctl(fd: 14<anon_inode:kvm-vm>, cmd: KVM_CREATE_VCPU, arg: 0x0)       = 16
     0.050 ( 0.020 ms): CPU 0/KVM/1235  ... [continued]: ioctl()) = 0
END
expect 1 'perf.txt:4: create_vcpu.' -- "$assay" check --host "*=0 vcpus_max=4 slots_max=32 ipa_bits_max=40 user_address_bits=48" "$work/perf.txt"
cat >"$work/ftrace.txt" <<'END'
# tracer: nop
 qemu-96   [001] ..... 100.000003: sys_ioctl(fd: d, cmd: ae01, arg: 0)
 qemu-96   [001] ..... 100.000004: sys_ioctl -> 0xe
 qemu-96   [001] ..... 100.000005: sys_ioctl(fd: e, cmd: ae41, arg: 0)
 CPU 0/KVM-97   [002] ..... 100.000005: sys_ioctl(fd: 11, cmd: 5401, arg: ffff8000)
 qemu-96   [001] ..... 100.000006: sys_ioctl -> 0xf
 qemu-96   [001] 100.000007: sys_enter_ioctl:      fd: 0x0000000e, cmd: 0x0000ae41, arg: 0x00000000
 qemu-96   [001] 100.000008: sys_exit_ioctl:       0x10
END
expect 1 'ftrace.txt:8: create_vcpu.' -- "$assay" check --host "*=0 vcpus_max=4 slots_max=32 ipa_bits_max=40 user_address_bits=48" "$work/ftrace.txt"
sed -i 's/0x10$/0xffffffffffffffef/' "$work/ftrace.txt"
expect 0 'judged 3 of 3 calls' -- "$assay" check "$work/ftrace.txt"

# --- lines ---
cat >"$work/head" <<'END'
96 openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 3</dev/kvm>
96 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>
96 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>
END
# with LINE: the trace that this line makes.
with() { { cat "$work/head"; printf '%s\n' "$1"; } >"$work/line.strace"; }
# Not KVM's business: nothing is said, and nothing ends.
for line in '97 <... read resumed> <unfinished ...>) = ?' \
  '96 ioctl(0</dev/pts/0>, TCSETS, {c_iflag=, c_oflag=NL0|CR0, c_line=0}) = 0' \
  '96 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|0x8 /* MAP_??? */|MAP_ANONYMOUS, -1, 0) = 0x7f0000' \
  '96 write(1</tmp/x>, "KVM_RUN' '96 read(7</tmp/kvm>, {c_iflag=, ) = -1 EINVAL' \
  $'\x01\xff\xfe garbage ((('; do
  with "$line"
  expect 0 'judged 2 of 2 calls' -- "$assay" check "$work/line.strace"
  expect_not 'cannot be read' -- "$assay" check "$work/line.strace"
done
# Its business, and readable where it matters.
for line in '96 ioctl(4<anon_inode:kvm-vm>, KVM_ARM_SET_DEVICE_ADDR or KVM_GET_ONE_REG, 0xffffd0) = -1 EINVAL (Invalid argument)' \
  '96 ioctl(5<anon_inode:kvm-vcpu:0>, _IOC(_IOC_WRITE, 0xae, 0xa0, 0x40), 0xffffe0) = 0'; do
  with "$line"
  expect 0 'of 3 calls' -- "$assay" check "$work/line.strace"
  expect_not 'cannot be read' -- "$assay" check "$work/line.strace"
done
# Its business: an unknown call, counted and located.
with '96 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_GET_ONE_REG, {id=, {{{) = -1 ENOEXEC (Exec format error)'
expect 0 '1 lines cannot be read, and what they do not tell is unknown: line 4' -- \
  "$assay" check "$work/line.strace"
expect 0 'line.strace:4:' -- "$assay" check -v "$work/line.strace"
with '96 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_ARM_VCPU_INIT, {tar'
expect 2 '1 records are missing at line 4' -- "$assay" check "$work/line.strace"
{ cat "$work/head"; echo '96 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_GET_ONE_REG, {id=, <unfinished ...>'
  echo '97 close(9) = 0'; echo '96 <... ioctl resumed>{{) = -1 ENOEXEC (Exec format error)'; } >"$work/split.strace"
expect 0 'unknown: line 4' -- "$assay" check "$work/split.strace"
# No call in it: no trace.
printf 'KVM is a hypervisor (\n' >"$work/prose"
expect 3 'prose:1:' -- "$assay" check "$work/prose"
# Our own form is read whole or not at all.
{ sed 1q "$work/twice.trace"; echo '96 ioctl(0, TCSETS, {c_iflag=}) = 0'; cat "$work/head"; } >"$work/own.trace"
expect 3 'own.trace:2:' -- "$assay" check "$work/own.trace"
# A descriptor that strace -y names was opened, whether or not that was traced.
tail -2 "$work/head" >"$work/ioctls.strace"
expect 0 'judged 2 of 2 calls' -- "$assay" check "$work/ioctls.strace"
sed 's/<[^>]*>//g' "$work/ioctls.strace" >"$work/bare.strace"
expect 0 'judged 2 of 2 calls' -- "$assay" check "$work/bare.strace"
sed 1d "$work/bare.strace" >"$work/late.strace"
expect 2 'judged 0 of 1 calls' -- "$assay" check "$work/late.strace"
{ cat "$work/head"; echo '96 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_DEVICE, 0xffffc0) = 0'
  echo '96 ioctl(6<anon_inode:kvm-arm-vgic-v3>, KVM_SET_DEVICE_ATTR, 0xffffc0) = 0'; } >"$work/vgic.strace"
expect 0 'judged 4 of 4 calls' -- "$assay" check "$work/vgic.strace"

# --- kernels, hosts and machines ---
sed 's/^# profile.*/# kernel 6.13.0-rc1/' "$work/twice.trace" >"$work/kernel.trace"
expect 1 'no profile for 6.13.0-rc1; nearest linux-6.12: --profile linux-6.12' -- \
  "$assay" check "$work/kernel.trace"
expect 1 'violates under documented' -- "$assay" check "$work/kernel.trace"
expect_not 'no profile' -- "$assay" check --profile linux-6.12 "$work/kernel.trace"
sed '2a # profile linux-6.12' "$work/twice.trace" >"$work/two.trace"
expect 3 'two.trace:3:11: expected one value, the header says profile linux-6.1 already' -- \
  "$assay" check "$work/two.trace"
sed 's/vcpus_max=512/vcpus_max=0/' "$work/twice.trace" >"$work/zero.trace"
expect 3 'zero.trace:3:' -- "$assay" check "$work/zero.trace"
sed 's/vcpus_max=512/vcpus=512/' "$work/twice.trace" >"$work/unknown.trace"
expect 3 "'vcpus=512' is none" -- "$assay" check "$work/unknown.trace"
for command in 'fuzz --cases 1' "replay $work/twice.trace" "minimise $work/twice.trace"; do
  # shellcheck disable=SC2086
  expect 3 'neither key=number nor a file' -- "$assay" $command --host /does/not/exist
  # shellcheck disable=SC2086
  expect 3 'expected key=number of the host record' -- "$assay" $command --host nonsense=1
done
for line in '96 ioctl(4<anon_inode:kvm-vm>, KVM_SET_TSS_ADDR, 0xfffbd000) = 0' \
  '96 ioctl(4<anon_inode:kvm-vm>, 0xae47, 0xfffbd000) = 0' \
  '96 ioctl(5<anon_inode:kvm-vcpu:0>, KVM_SET_CPUID2, {nent=3}) = 0'; do
  { cat "$work/head"; tail -1 "$work/head"; printf '%s\n' "$line"; } >"$work/x86.strace"
  expect 2 'line 5 is no call of KVM/arm64' -- "$assay" check "$work/x86.strace"
  expect 2 'judged 0 of' -- "$assay" check "$work/x86.strace"
done
with '96 ioctl(4<anon_inode:kvm-vm>, KVM_SET_TSS_ADDR, 0) = -1 ENOTTY (Inappropriate ioctl for device)'
expect 0 'conforms' -- "$assay" check "$work/line.strace"
sed '1a # host machine=x86_64' "$work/twice.trace" >"$work/x86.trace"
expect 2 'the trace is of a machine x86_64' -- "$assay" check "$work/x86.trace"
expect 0 -- bash -c "'$assay' info; [ \$? -eq 0 ] || [ \$? -eq 2 ]; '$assay' info | grep -q '^# kernel $(uname -r)'"
expect 0 -- bash -c "'$assay' info --json | python3 '$here/json_valid.py'"
case $(uname -m) in
  aarch64) ;;
  *)
    expect 2 "this is $(uname -m)" -- "$assay" info
    expect 3 'the rules are those of arm64' -- "$assay" fuzz --target device:/dev/kvm --cases 1
    ;;
esac
finish
