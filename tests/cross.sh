#!/bin/sh
# Runs the unit, scenario and oracle tests of builds for other machines under QEMU's user emulation: cross.sh TRIPLE...
# It emulates a processor, not a kernel: what needs privileges or bpf(2) there is skipped by the tests themselves.
set -u
here=$(dirname "$0")
status=0
passed=0 failed=0 skipped=0
output=$(mktemp) || exit 1
trap 'rm -f "$output" "$output.sum"' EXIT

for triple; do
  machine=${triple%%-*}
  echo "== $triple"
  : > "$output"
  # A machine that is emulated needs its time.
  EMULATOR=qemu-$machine-static TEST_MINUTES=40 "$here/run.sh" "build/$triple/tests" > "$output" || status=1
  sed '$!b
    s/^/  /' "$output"
  tail -n 1 "$output" | tr -cd '0-9 \n' > "$output.sum"
  read -r good bad without < "$output.sum"
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + without))
done
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
