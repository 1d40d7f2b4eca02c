#!/bin/sh
# Runs the test binaries in DIRECTORY, and what several threads share under ThreadSanitizer, and ends with one line:
# N passed, N failed, N skipped.
#   tests/run.sh [DIRECTORY]    environment: BONDBOX (the program under test), ONLY (suite/case of one binary),
#                               THREADS (the binary built with ThreadSanitizer; none: not run)
# The exit status is 0 only when nothing failed and every binary told its result.
set -u
directory=${1:-}
passed=0 failed=0 skipped=0
# What failed, a line each, told once more at the very end: whoever reads the end of a long output sees it.
failures=${directory:-$(dirname "$THREADS")}/failures.txt
: > "$failures"
# A binary that hangs is a failure, not a wait without end.
minutes_max=${TEST_MINUTES:-15}

number() {
  found=$(sed -n "s/.*<TestSuite [^>]*$1=\"\([0-9]*\)\".*/\1/p" "$2" | head -n 1)
  echo "${found:-0}"
}

# Boost.Test says why it skips only in its log: one line for each reason, with the cases that share it.
print_skipped() {
  tr '>' '\n' < "$1" | awk '
    function value(key) { return match($0, key "=\"[^\"]*\"") ? substr($0, RSTART + length(key) + 2, RLENGTH - length(key) - 3) : "" }
    /<Test(Case|Suite) / && /skipped="yes"/ {
      why = value("reason"); gsub(/&quot;/, "\"", why); gsub(/&apos;/, "\047", why); gsub(/&lt;/, "<", why); gsub(/&gt;/, ">", why); gsub(/&amp;/, "\\&", why)
      sub(/^precondition failed:? */, "", why)
      print "  skipped: " value("name") ": " (why == "" ? "disabled in the source" : why)
    }'
}

# The failed cases of one binary, each with the first line of its first error, or of how it was aborted.
list_failed() {
  awk '
    function words(text) { gsub(/&quot;/, "\"", text); gsub(/&apos;/, "\047", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&amp;/, "\\&", text); return text }
    function value(key) { return match($0, key "=\"[^\"]*\"") ? substr($0, RSTART + length(key) + 2, RLENGTH - length(key) - 3) : "" }
    BEGIN { RS = "<" }
    /^TestSuite / { suite[++depth] = value("name") }
    /^\/TestSuite>/ { --depth }
    /^TestCase / { name = value("name"); told = 0 }
    /^(Error|FatalError|Exception)[ >]/ && !told { told = 1; waiting = 1 }
    waiting && /^!\[CDATA\[/ { waiting = 0; reading = 1; text = substr($0, 9) }
    # The text may hold the separator of records itself.
    reading && !/^!\[CDATA\[/ { text = text "<" $0 }
    reading && /\]\]>/ {
      reading = 0
      sub(/\]\]>.*/, "", text); sub(/^[ \n]+/, "", text); sub(/\n.*/, "", text)
      path = ""
      for (i = 2; i <= depth; ++i) path = path suite[i] "/"
      print "  failed: " path words(name) ": " substr(text, 1, 300)
    }' "$1" >> "$failures"
}

# run_binary BINARY [COMMAND...]: by way of the command.
run_binary() {
  binary=$1
  shift
  name=$(basename "$binary")
  report=$binary.report.xml
  log=$binary.log.xml
  rm -f "$report" "$log"
  echo "  TEST  $name"
  timeout -k 10 $((minutes_max * 60)) "$@" "$binary" ${ONLY:+--run_test="$ONLY"} --color_output=no \
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
  [ $status -eq 0 ] || list_failed "$log"
  bad=$(number test_cases_failed "$report")
  passed=$((passed + $(number test_cases_passed "$report")))
  skipped=$((skipped + $(number test_cases_skipped "$report")))
  # Something outside the cases failed: a global fixture, a leak found at exit, a crash after the report.
  if [ $bad -eq 0 ] && [ $status -ne 0 ]; then
    echo "  failed: $name, outside of any case: exit status $status" >> "$failures"
    bad=1
  fi
  failed=$((failed + bad))
}

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
  run_binary "$directory/bondbox-lab"
  run_binary "$directory/bondbox-live"
  # There is none of the sanitizers' builds: an image holds the static program.
  if [ -e "$directory/bondbox-image" ]; then run_binary "$directory/bondbox-image"; fi
fi
[ -z "${THREADS:-}" ] || run_threads

if [ $((passed + failed)) -eq 0 ] && [ -n "${ONLY:-}" ]; then
  echo "  failed: no test is called '$ONLY'" >> "$failures"
  failed=1
fi
cat "$failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
