#!/usr/bin/env bash
# What machines read: JSON, JUnit, SARIF, annotations, and command lines to be pasted.
# Usage: outputs_test.sh ASSAY SOURCE_ROOT
set -uo pipefail
assay=$1
root=$2
here=$(cd "$(dirname "$0")" && pwd)
. "$here/expect.sh"
schema=$root/checker/report/check.schema.json
twice=$work/twice.trace
printf '7 ioctl(3</dev/kvm>, KVM_CREATE_VM, ' >"$work/cut"
: >"$work/empty"

# valid [SCHEMA] -- COMMAND...: standard output is one JSON document, and valid.
valid() {
  local schema=
  if [ "$1" != -- ]; then schema=$1; shift; fi
  shift
  local out
  if ! out=$(set +o pipefail; "$@" 2>/dev/null </dev/null |
    python3 "$here/json_valid.py" ${schema:+"$schema"} 2>&1); then
    printf 'FAILED: %s\n  is not valid JSON: %s\n' "$*" "$(tail -3 <<<"$out")"
    failed=$((failed + 1))
  else
    passed=$((passed + 1))
  fi
}

# One JSON document wherever --json is taken, also when something is wrong.
for trace in "$good" "$twice" "$work/empty" "$work/cut" "$work/absent"; do
  valid "$schema" -- "$assay" check --json "$trace"
done
valid "$schema" -- "$assay" check --json "$good" "$twice" "$work/cut"
valid "$schema" -- "$assay" explain --json "$twice"
expect 0 '"changes"' -- "$assay" explain --json "$good"
valid "$schema" -- "$assay" replay --json "$twice"
valid "$schema" -- "$assay" replay --json "$twice" --target 'cmd:echo nonsense'
small=vcpus=2,pes=2,slots=3
valid -- "$assay" prove --json --shape $small vcpu_ids_are_unique
valid -- "$assay" prove --json --shape $small --vacuity
valid -- "$assay" prove vcpu_ids_are_unique --json --shape $small --depth 0 \
  --compare linux-6.1,linux-6.12
valid -- "$assay" find --json --shape $small 'online == 1'
valid -- "$assay" fuzz --json --cases 50
valid -- "$assay" minimise --json "$twice"
valid -- "$assay" minimise --json "$twice" -o "$work/small.trace"
valid -- "$assay" spec list --json
valid -- "$assay" spec show --json create_vcpu
valid -- "$assay" spec show --json PMBSR_EL1
valid -- "$assay" spec show --json vcpu_ids_are_unique
valid -- "$assay" spec coverage --json "$good"
valid -- "$assay" spec graph --json
expect 3 'both want standard output' -- "$assay" minimise --json -o - "$twice"

# Refused with a reason where nothing would be written.
expect 3 '`assay convert` has no result to print as JSON' -- "$assay" convert --json "$good" "$work/out"
expect 3 'has no result to print as JSON' -- "$assay" record --json -o "$work/out" -- true
for option in '--junit x' '--sarif x' '--html x' --github; do
  # shellcheck disable=SC2086
  expect 3 'check, explain and replay write such reports' -- "$assay" prove $option
  # shellcheck disable=SC2086
  expect 3 'check, explain and replay write such reports' -- "$assay" fuzz $option
  # shellcheck disable=SC2086
  expect 3 'check, explain and replay write such reports' -- "$assay" spec list $option
done

# Malformed input fails a CI job.
expect 3 -- "$assay" check --junit "$work/j.xml" --sarif "$work/s.json" --html "$work/h.html" \
  "$good" "$twice" "$work/cut"
expect 0 'errors="1"' -- cat "$work/j.xml"
expect 0 '<error type="assay.malformed-input"' -- cat "$work/j.xml"
expect 0 '<failure type="create_vcpu.' -- cat "$work/j.xml"
expect 0 'assay.malformed-input' -- cat "$work/s.json"
expect 0 'malformed: expected' -- cat "$work/h.html"
valid "$here/sarif.schema.json" -- cat "$work/s.json"
# What decided was written by line 6: a related location.
python3 - "$work/s.json" <<'END' && passed=$((passed + 1)) || failed=$((failed + 1))
import json, sys
run = json.load(open(sys.argv[1]))["runs"][0]
results = run["results"]
one = [r for r in results if r["ruleId"].startswith("create_vcpu.")][0]
lines = [l["physicalLocation"]["region"]["startLine"] for l in one["relatedLocations"]]
region = one["locations"][0]["physicalLocation"]["region"]
assert region == {"startLine": 7, "startColumn": 4}, region
assert 6 in lines, lines
assert one["level"] == "error" and "suppressions" not in one
malformed = [r for r in results if r["ruleId"] == "assay.malformed-input"][0]
assert malformed["level"] == "error" and not run["invocations"][0]["executionSuccessful"]
for r in results:
    assert run["tool"]["driver"]["rules"][r["ruleIndex"]]["id"] == r["ruleId"]
END

# What a header expects is no failure; another verdict than it expects is one.
sed '2a # expect violates create_vcpu.id_in_use' "$twice" >"$work/expected.trace"
name=$("$assay" check --json "$twice" | sed -n 's/.*"check": "\(create_vcpu[^"]*\)".*/\1/p' | head -1)
sed -i "s/create_vcpu.id_in_use/$name/" "$work/expected.trace"
expect 0 'violates, as expected' -- "$assay" check --junit "$work/j.xml" --sarif "$work/s.json" \
  "$work/expected.trace"
expect 0 'failures="0"' -- cat "$work/j.xml"
expect 0 '"suppressions"' -- cat "$work/s.json"
expect_not '"error"' -- cat "$work/s.json"
valid "$here/sarif.schema.json" -- cat "$work/s.json"
sed 's/^# expect.*/# expect violates create_vcpu.x/' "$good" >"$work/too-good.trace"
expect 1 'conforms, expected: violates' -- "$assay" check --junit "$work/j.xml" --sarif "$work/s.json" \
  "$work/too-good.trace"
expect 0 'failures="1"' -- cat "$work/j.xml"
expect 0 'assay.unexpected-verdict' -- cat "$work/s.json"
valid "$here/sarif.schema.json" -- cat "$work/s.json"

# Any bytes of a trace end up in valid documents.
printf '# assay-trace 1\n7 ioctl(3<\001\377\n' >"$work/by tes%:.trace"
expect 3 -- "$assay" check --junit "$work/j.xml" --sarif "$work/s.json" --github "$work/by tes%:.trace"
expect 0 -- python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$work/j.xml"
valid "$here/sarif.schema.json" -- cat "$work/s.json"
valid "$schema" -- "$assay" check --json "$work/by tes%:.trace"

# What was found before an input breaks off is reported, too.
{ cat "$work/twice.trace"; echo '96 ioctl('; } >"$work/broken.trace"
expect 3 'title=create_vcpu.duplicate_id' -- "$assay" check --github --junit "$work/j.xml" \
  --sarif "$work/s.json" "$work/broken.trace"
expect 0 '<failure type="create_vcpu.duplicate_id"' -- cat "$work/j.xml"
expect 0 '<error type="assay.malformed-input"' -- cat "$work/j.xml"
expect 0 '"ruleId": "create_vcpu.duplicate_id"' -- cat "$work/s.json"

# Annotations: where, what, and nothing that the header expects.
expect 1 "::error file=$twice,line=7,col=4,title=create_vcpu." -- "$assay" check --github "$twice"
expect 3 'by tes%25%3A.trace,line=2,col=' -- "$assay" check --github "$work/by tes%:.trace"
expect_not '::error' -- "$assay" check --github "$work/expected.trace"
expect 2 '::warning' -- "$assay" check --github "$work/empty"

# replay says what was violated, with the lines of the file.
expect 1 'twice.trace:7: create_vcpu.' -- "$assay" replay "$twice" --target cmd:cat
expect 0 'conforms' -- "$assay" replay "$twice"

# What is printed to be pasted can be pasted.
line=$("$assay" fuzz --target "cmd:cat; : 'a b'" --cases 1 | sed -n 's/^ *again: assay //p' | head -1)
expect 1 'again: assay fuzz --target' -- bash -c "'$assay' $line"
finish
