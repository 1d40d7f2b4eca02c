#!/bin/sh
# Runs the unit, scenario and oracle tests of builds for other machines under QEMU's user emulation: cross.sh TRIPLE...
# It emulates a processor, not a kernel: what needs privileges or bpf(2) there is skipped by the tests themselves, as is
# what the kernel writes in its own byte order where that is another.
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
  # What the tests call as the program is that machine's, too.
  program=$PWD/build/$triple/tests/bondbox.sh
  printf '#!/bin/sh\nexec qemu-%s-static %s "$@"\n' "$machine" "'$PWD/build/$triple/bondbox'" > "$program"
  chmod +x "$program"
  # A machine that is emulated needs its time.
  BONDBOX=$program BONDBOX_EMULATED=1 EMULATOR=qemu-$machine-static TEST_MINUTES=40 "$here/run.sh" "build/$triple/tests" > "$output" || status=1
  sed '$!b
    s/^/  /' "$output"
  tail -n 1 "$output" | tr -cd '0-9 \n' > "$output.sum"
  read -r good bad without < "$output.sum"
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + without))
done
echo "$passed passed, $failed failed, $skipped skipped"
exit $status
