#!/bin/sh
# Prints the sizes of programs in bytes, each beside its limit: size.sh PROGRAM:LIMIT...
# Ends with 1 when one is too large.
set -eu
status=0
for item; do
  program=${item%:*}
  limit=${item##*:}
  bytes=$(stat -c %s "$program")
  printf '  SIZE  %-40s %9d bytes of %9d\n' "$program:" "$bytes" "$limit"
  [ "$bytes" -le "$limit" ] && continue
  echo "$program is too large by $((bytes - limit)) bytes" >&2
  status=1
done
exit $status
