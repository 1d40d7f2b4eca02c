#!/bin/sh
# Runs the test binaries in DIRECTORY, and what several threads share under ThreadSanitizer, and ends with one line:
# N passed, N failed, N skipped.
#   tests/run.sh [DIRECTORY]    environment: BONDBOX (the program under test), ONLY (suite/case of one binary),
#                               THREADS (the binary built with ThreadSanitizer; none: not run)
#   tests/run.sh --suite BINARY SUITE    what it calls itself with: one suite, for a run of several side by side
# The exit status is 0 only when nothing failed and every binary told its result.
# A case on real interfaces or machines that failed beside others runs once more by itself, at the end. When it passes
# there it has passed, and is told as `unsteady: SUITE/CASE: FIRST MESSAGE` before the last line.
set -u
if [ "${1:-}" = --suite ]; then
  directory=$(dirname "$2")
else
  directory=${1:-}
fi
passed=0 failed=0 skipped=0
# What failed, a line each, told once more at the very end: whoever reads the end of a long output sees it.
failures=${directory:-$(dirname "$THREADS")}/failures.txt
# The cases that failed and may have a second try, a line each: the binary, the case, its message, tabs between them. Where
# time is simulated nothing depends on the machine, and there is none; neither when cases were chosen by name.
seconds=${directory:-$(dirname "$THREADS")}/seconds.txt
# More than so many, and it is not the machine that is unsteady.
seconds_max=5
may_try_again=
# A binary that hangs is a failure, not a wait without end.
minutes_max=${TEST_MINUTES:-15}

number() {
  found=$(sed -n "s/.*<TestSuite [^>]*$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1)
  echo "${found:-0}"
}

# Boost.Test says why it skips only in its log: one line for each reason, with the cases that share it.
print_skipped() {
  tr '>' '\n' < "$1" | awk -v suite="$suite" '
    function value(key) { return match($0, key "=\"[^\"]*\"") ? substr($0, RSTART + length(key) + 2, RLENGTH - length(key) - 3) : "" }
    /<Test(Case|Suite) / && /skipped="yes"/ {
      why = value("reason"); if (suite != "" && why == "disabled") next
      gsub(/&quot;/, "\"", why); gsub(/&apos;/, "\047", why); gsub(/&lt;/, "<", why); gsub(/&gt;/, ">", why); gsub(/&amp;/, "\\&", why)
      sub(/^precondition failed:? */, "", why)
      print "  skipped: " value("name") ": " (why == "" ? "disabled in the source" : why)
    }'
}

# The failed cases of one binary, each with the first line of its first error, or of how it was aborted, after a tab. An
# error outside of any case has no name before the tab.
list_failed() {
  awk '
    function words(text) { gsub(/&quot;/, "\"", text); gsub(/&apos;/, "\047", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&amp;/, "\\&", text); return text }
    function value(key) { return match($0, key "=\"[^\"]*\"") ? substr($0, RSTART + length(key) + 2, RLENGTH - length(key) - 3) : "" }
    BEGIN { RS = "<" }
    /^TestSuite / && !/\/>/ { suite[++depth] = value("name") }
    /^\/TestSuite>/ { --depth }
    /^TestCase / { name = value("name"); told = 0 }
    /^\/TestCase>/ { name = ""; told = 0 }
    /^(Error|FatalError|Exception)[ >]/ && !told { told = 1; waiting = 1 }
    waiting && /^!\[CDATA\[/ { waiting = 0; reading = 1; text = substr($0, 9) }
    # The text may hold the separator of records itself.
    reading && !/^!\[CDATA\[/ { text = text "<" $0 }
    reading && /\]\]>/ {
      reading = 0
      sub(/\]\]>.*/, "", text); sub(/^[ \n]+/, "", text); sub(/\n.*/, "", text)
      gsub(/\t/, " ", text)
      path = ""
      for (i = 2; i <= depth; ++i) path = path suite[i] "/"
      print (name == "" ? "" : path words(name)) "\t" substr(text, 1, 300)
    }' "$1"
}

# note_failed BINARY NAME LOG: what failed, for second tries where there may be any. There are none after a crash, which ends
# the run before the other cases, and after an error that is no case's.
note_failed() {
  again=$may_try_again
  list_failed "$3" > "$3.failed"
  if grep -q 'CDATA\[Test is aborted\]' "$3" || grep -q '^	' "$3.failed"; then again=; fi
  awk -F '\t' -v again="$again" -v binary="$1" -v name="$2" -v failures="$failures" -v seconds="$seconds" '
    $1 == "" { print "  failed: " name ", outside of any case: " $2 >> failures; next }
    again == "" { print "  failed: " $1 ": " $2 >> failures; next }
    { print binary "\t" $1 "\t" $2 >> seconds }' "$3.failed"
  rm -f "$3.failed"
}

# run_binary BINARY [COMMAND...]: by way of the command. With suite set: that one suite, and reports of its own.
run_binary() {
  binary=$1
  shift
  name=$(basename "$binary")${suite:+ $suite}
  report=$binary${suite:+.$suite}.report.xml
  log=$binary${suite:+.$suite}.log.xml
  rm -f "$report" "$log"
  echo "  TEST  $name"
  timeout -k 10 $((minutes_max * 60)) "$@" "$binary" ${suite:+--run_test="$suite"} ${ONLY:+--run_test="$ONLY"} --color_output=no \
    --logger=HRF,error,stdout:XML,test_suite,"$log" --report_format=XML --report_level=short --report_sink="$report"
  status=$?
  if ! grep -qs '<TestSuite ' "$report"; then
    # With ONLY the chosen tests may live in another binary.
    if [ -n "${ONLY:-}" ] && [ $status -eq 200 ]; then return; fi
    echo "  failed: $name gave no result: exit status $status" >> "$failures"
    failed=$((failed + 1))
    return
  fi
  print_skipped "$log"
  [ $status -eq 0 ] || note_failed "$binary" "$name" "$log"
  bad=$(number test_cases_failed "$report")
  passed=$((passed + $(number test_cases_passed "$report")))
  # Boost.Test counts what was not asked for as skipped.
  if [ -n "$suite" ]; then
    skipped=$((skipped + $(cases_of "$binary" "$suite") - $(number test_cases_passed "$report") - bad))
  else
    skipped=$((skipped + $(number test_cases_skipped "$report")))
  fi
  # Something outside the cases failed: a global fixture, a leak found at exit, a crash after the report.
  if [ "$bad" -eq 0 ] && [ $status -ne 0 ]; then
    echo "  failed: $name, outside of any case: exit status $status" >> "$failures"
    bad=1
  fi
  failed=$((failed + bad))
}

suites_of() { "$1" --list_content 2>&1 | sed -n 's/^\([^ *]*\)\*.*/\1/p'; }

# cases_of BINARY SUITE: how many there are. A line of the list is a case when none beneath it stands further in.
cases_of() {
  "$1" --list_content 2>&1 | awk -v suite="$2*" '
    { match($0, /^ */); if (RLENGTH <= last && within && last > 0) ++n; last = RLENGTH }
    !/^ / { within = $0 == suite }
    END { if (within && last > 0) ++n; print n + 0 }'
}

# run_side_by_side BINARY: its suites, two at a time for each CPU. Each has namespaces of its own, and all together they
# use less than a quarter of one CPU: they wait.
run_side_by_side() {
  if [ -n "${ONLY:-}" ]; then
    run_binary "$1"
    return
  fi
  rm -f "$1".*.tally
  suites=$(suites_of "$1")
  if [ -z "$suites" ]; then
    echo "  failed: $(basename "$1") tells no suites" >> "$failures"
    failed=$((failed + 1))
    return
  fi
  echo "$suites" | xargs -P "$((2 * $(nproc 2> /dev/null || echo 2)))" -n 1 "$0" --suite "$1"
  for suite in $suites; do
    if read -r good bad without 2> /dev/null < "$1.$suite.tally"; then
      passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + without))
    else
      echo "  failed: $(basename "$1") $suite gave no result" >> "$failures"
      failed=$((failed + 1))
    fi
  done
  suite=
}

# Those that failed beside others, each by itself; what passes now was counted as failed before.
unsteady=0
run_again() {
  if [ "$(wc -l < "$seconds")" -gt $seconds_max ]; then
    echo "  more than $seconds_max cases failed: none has a second try"
    awk -F '\t' '{ print "  failed: " $2 ": " $3 }' "$seconds" >> "$failures"
    return
  fi
  while IFS='	' read -r binary case message <&3; do
    report=$binary.again.report.xml
    rm -f "$report"
    echo "  AGAIN $(basename "$binary") $case"
    # Time for the slowest of them, and for all within what CI allows.
    timeout -k 10 240 "$binary" --run_test="$case" --color_output=no --log_level=error --report_format=XML \
      --report_level=short --report_sink="$report" 3<&-
    status=$?
    # Another result than one passed case (skipped, not found, killed) leaves the first one as it is.
    if [ $status -eq 0 ] && [ "$(number test_cases_passed "$report")" -eq 1 ]; then
      passed=$((passed + 1)) failed=$((failed - 1)) unsteady=$((unsteady + 1))
      echo "  unsteady: $case: $message" >> "$failures"
    else
      echo "  failed: $case, by itself, too: $message" >> "$failures"
    fi
  done 3< "$seconds"
}

suite=
if [ "${1:-}" = --suite ]; then
  suite=$3
  may_try_again=1
  # What several print does not mix.
  run_binary "$2" > "$2.$suite.output" 2>&1
  cat "$2.$suite.output"
  rm -f "$2.$suite.output"
  echo "$passed $failed $skipped" > "$2.$suite.tally"
  exit 0
fi
: > "$failures"
: > "$seconds"

# ThreadSanitizer needs parts of the address space that the kernel gives away at random (GCC 12: unless
# vm.mmap_rnd_bits is 28 or less), hence without randomisation where that may be asked for.
run_threads() {
  fixed="setarch $(uname -m) -R"
  $fixed true 2> /dev/null || fixed=
  refusal=$($fixed "$THREADS" --list_content 2>&1 | grep -m 1 'FATAL: ThreadSanitizer')
  if [ -n "$refusal" ]; then
    echo "  skipped: $(basename "$THREADS"): $refusal"
    skipped=$((skipped + 1))
    return
  fi
  TSAN_OPTIONS="halt_on_error=1 ${TSAN_OPTIONS:-}"
  export TSAN_OPTIONS
  # shellcheck disable=SC2086  # words
  run_binary "$THREADS" $fixed
}

if [ -n "${EMULATOR:-}" ]; then
  run_binary "$directory/bondbox-tests" "$EMULATOR"
elif [ -n "$directory" ]; then
  run_binary "$directory/bondbox-tests"
  run_binary "$directory/bondbox-swarm"
  [ -n "${ONLY:-}" ] || may_try_again=1
  run_side_by_side "$directory/bondbox-lab"
  run_binary "$directory/bondbox-live"
  # There is none of the sanitizers' builds: an image holds the static program.
  if [ -e "$directory/bondbox-image" ]; then run_binary "$directory/bondbox-image"; fi
  may_try_again=
fi
[ -z "${THREADS:-}" ] || run_threads
[ ! -s "$seconds" ] || run_again

if [ $((passed + failed)) -eq 0 ] && [ -n "${ONLY:-}" ]; then
  echo "  failed: no test is called '$ONLY'" >> "$failures"
  failed=1
fi
cat "$failures"
[ $unsteady -eq 0 ] || echo "$unsteady unsteady: failed beside others and passed alone"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
