#!/bin/sh
# Keeps, of all that fuzzing has found for each target, few and small inputs that reach most of the program:
#   keep.sh DIRECTORY TARGET...
# They go to tests/fuzz/corpus/TARGET, where the unit tests play them back. Inputs that were put there by hand, whose
# names begin with a word and not with a hash, stay.
set -u
directory=$1
shift
# Of one target: all of them together stay below 300 kB, and few enough to be looked at.
bytes_max=12000
inputs_max=40
for target; do
  kept=tests/fuzz/corpus/$target
  merged=$directory/merged/$target
  mkdir -p "$kept" "$directory/corpus/$target" "$directory/seeds/$target"
  rm -rf "$merged"
  mkdir -p "$merged"
  case $target in trace | saved_state) longest=8192 ;; *) longest=1024 ;; esac
  # By edges alone: inputs that only run a loop more often are left out.
  "$directory/$target" -merge=1 -use_value_profile=0 -max_len=$longest "$merged" "$kept" "$directory/corpus/$target" \
    "$directory/seeds/$target" > "$directory/$target.merge.log" 2>&1 || { echo "keep: $target cannot be merged" >&2; exit 1; }
  find "$kept" -type f -name '[0-9a-f]*' ! -name '*[!0-9a-f]*' -exec rm -f {} +
  # The longest first: one of them does what many short ones do.
  sum=0 count=0
  for file in $(find "$merged" -type f -printf '%s %p\n' | sort -rn | cut -d' ' -f2); do
    size=$(wc -c < "$file")
    [ $count -lt $inputs_max ] || break
    [ $((sum + size)) -le $bytes_max ] || continue
    sum=$((sum + size)) count=$((count + 1))
    cp "$file" "$kept/$(basename "$file" | cut -c1-12)"
  done
  echo "  $target: $(ls "$kept" | wc -l) inputs, $sum bytes"
done
