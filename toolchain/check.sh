#!/bin/bash
# The checks that need no running program: check.sh BUILD_DIRECTORY
# Format, clang-tidy (a file is looked at again only when it or a header of it changed), include rules.
set -u
build=$1
status=0

files=$(find firmware hal policies tests -name '*.[ch]pp' | sort)
echo '  CHECK format'
clang-format --dry-run --Werror $files || status=1

if command -v clang-tidy > /dev/null; then
  # Its result is remembered by a stamp beside the object file, which follows every header.
  for source in $(find firmware hal policies -name '*.cpp' ! -name '*.bpf.cpp' | sort); do
    object=$build/obj/${source%.cpp}.o
    stamp=$build/tidy/${source%.cpp}.ok
    [ -f "$stamp" ] && [ "$stamp" -nt "$object" ] && [ "$stamp" -nt .clang-tidy ] && continue
    echo "$source"
  done | xargs -r -P "$(nproc 2> /dev/null || echo 2)" -I '{}' sh -c '
    echo "  TIDY  $1"
    clang-tidy --quiet "$1" -- -std=c++20 -I. -I"$2/generated" 2> /dev/null || exit 1
    stamp=$2/tidy/${1%.cpp}.ok
    mkdir -p "$(dirname "$stamp")" && : > "$stamp"' sh '{}' "$build" || status=1
else
  echo '  skipped: clang-tidy is not installed'
fi

echo '  CHECK include rules'
"$build/tests/bondbox-tests" --run_test=include_rules --color_output=no || status=1
[ $status -eq 0 ] && echo 'all checks passed'
exit $status
