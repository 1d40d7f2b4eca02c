#!/bin/sh
# In make's place while a recipe is played: notes its words in $SAID and lays the program under test where it would be
# built, so that nothing is compiled.
set -eu
echo "make $*" >> "$SAID"
while [ $# -gt 0 ]; do
  if [ "$1" = -C ]; then cd "$2"; fi
  shift
done
[ -e Makefile ] || { echo "there is no Makefile in $PWD" >&2; exit 1; }
mkdir -p build
cp "$BONDBOX" build/bondbox
