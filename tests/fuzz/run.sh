#!/bin/sh
# Runs fuzz targets one after the other, each for its share of the time, and ends with a line for each:
#   run.sh DIRECTORY SECONDS TARGET...
# What is found out on the way is kept in DIRECTORY/corpus/TARGET and goes on from there the next time; an input that
# breaks a promise is left in DIRECTORY/broken/TARGET-*, and the exit status is 1.
set -u
directory=$1
seconds=$2
shift 2
share=$((seconds / $#))
[ "$share" -gt 0 ] || share=1
mkdir -p "$directory/broken"
status=0
printf '  %-12s %12s %10s %8s %8s\n' target executions 'a second' edges inputs
for target; do
  corpus=$directory/corpus/$target
  log=$directory/$target.log
  mkdir -p "$corpus" "$directory/seeds/$target" "tests/fuzz/corpus/$target"
  # One process, so that a counter is of one run; small inputs, because most of what is read here is small.
  case $target in trace | saved_state) longest=16384 ;; *) longest=2048 ;; esac
  # Where an input plays with a world there are so many features that weighing them takes longer than the world.
  case $target in alb | lacp | tlb | modes) longest=1024 weigh=0 ;; *) weigh=1 ;; esac
  timeout -k 10 $((share + 60)) "$directory/$target" -max_total_time="$share" -max_len=$longest -entropic=$weigh -timeout=20 -rss_limit_mb=1500 \
    -dict="$directory/words.dict" -print_final_stats=1 -artifact_prefix="$directory/broken/$target-" \
    "$corpus" "tests/fuzz/corpus/$target" "$directory/seeds/$target" > "$log" 2>&1
  ended=$?
  awk -v target="$target" '
    /stat::number_of_executed_units/ { runs = $2 }
    /stat::average_exec_per_sec/ { rate = $2 }
    match($0, /cov: [0-9]+/) { edges = substr($0, RSTART + 5, RLENGTH - 5) }
    match($0, /corp: [0-9]+/) { inputs = substr($0, RSTART + 6, RLENGTH - 6) }
    END { printf "  %-12s %12d %10d %8d %8d\n", target, runs, rate, edges, inputs }' "$log"
  if [ $ended -ne 0 ]; then
    grep -m 1 -E 'promise broken|ERROR: |runtime error' "$log" | sed 's/^/    /'
    sed -n 's/.*Test unit written to /    the input: /p' "$log"
    status=1
  fi
done
exit $status
