# What the walks have in common; to be sourced with $assay and $root set.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# expect STATUS [TEXT] -- COMMAND...: exit status, and a text that the output must hold.
expect() {
  local status=$1 text=
  shift
  if [ "$1" != -- ]; then text=$1; shift; fi
  shift
  local out got
  out=$("$@" 2>&1 </dev/null | tr -d "\0"; exit "${PIPESTATUS[0]}")
  got=$?
  if [ "$got" -ne "$status" ] || { [ -n "$text" ] && ! grep -qF -- "$text" <<<"$out"; }; then
    printf 'FAILED: %s\n  status %s (expected %s), expected text: %s\n%s\n' "$*" "$got" "$status" "$text" \
      "$(head -c 2000 <<<"$out")"
    failed=$((failed + 1))
  else
    passed=$((passed + 1))
  fi
}

# expect_not TEXT -- COMMAND...: a text that the output must not hold.
expect_not() {
  local text=$1 out
  shift 2
  out=$("$@" 2>&1 </dev/null | tr -d "\0"; exit "${PIPESTATUS[0]}")
  if grep -qF -- "$text" <<<"$out"; then
    printf 'FAILED: %s\n  must not say: %s\n%s\n' "$*" "$text" "$(head -c 2000 <<<"$out")"
    failed=$((failed + 1))
  else
    passed=$((passed + 1))
  fi
}

finish() {
  printf '%s passed, %s failed\n' "$passed" "$failed"
  [ "$failed" -eq 0 ]
}

good=$(find "$root/traces/corpus/linux-6.1" -name '*.trace' | sort | head -1)
# A violation with causes: an interrupt that is set twice.
cat >"$work/twice.trace" <<'END'
# assay-trace 1
# profile linux-6.1
# host *=0 ipa_bits_max=48 user_address_bits=48 vcpus_max=512 slots_max=32767 target=5 pmu_event_space=65536 pmu_counters_max=6 pmu_v3=1 gic_v3=1 pe[0].pmu=8 pmu[0].type=8
96 openat(AT_FDCWD, "/dev/kvm", O_RDWR) = 3</dev/kvm>
96 ioctl(3</dev/kvm>, KVM_CREATE_VM, 0) = 4<anon_inode:kvm-vm>
96 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 5<anon_inode:kvm-vcpu:0>
96 ioctl(4<anon_inode:kvm-vm>, KVM_CREATE_VCPU, 0) = 6<anon_inode:kvm-vcpu:0>
END
