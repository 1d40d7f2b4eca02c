#!/bin/sh
# Compiles hal/linux/bpf/NAME.bpf.cpp for the kernel's BPF machine and writes their instructions as arrays into a
# header: bpf.sh HEADER DIRECTORY FLAGS NAME...
# In the environment: BPF (1: fail where a tool is missing), CLANG, OBJCOPY, READELF, CXX (whose byte order counts).
set -eu
header=$1
place=$2
flags=$3
shift 3
mkdir -p "$place"

for tool in "$CLANG" "$OBJCOPY" "$READELF"; do
  command -v "$tool" > /dev/null && continue
  if [ "$BPF" = 1 ]; then
    echo "bpf: BPF=1, but there is no command $tool; install clang and llvm" >&2
    exit 1
  fi
  echo "bpf: no command $tool, so the program is built without the BPF path" >&2
  echo '#define BONDBOX_NO_BPF 1' > "$header"
  exit 0
done

case $(echo __BYTE_ORDER__ | $CXX -E -P -x c++ -) in
  4321) machine=bpfeb endian=big ;;
  *) machine=bpfel endian=little ;;
esac
{
  echo '// Written by toolchain/bpf.sh: instructions for the BPF machine, in its byte order.'
  echo '#pragma once'
  echo
  echo '#include <cstdint>'
  echo
  echo 'namespace bondbox::lnx {'
} > "$header.new"
for name in "$@"; do
  object=$place/$name.o
  "$CLANG" -target $machine $flags -c "hal/linux/bpf/$name.bpf.cpp" -o "$object"
  # The loader patches placeholders and knows no other relocation; and there is no map for data of the compiler's own.
  if "$READELF" -r "$object" | grep -q 'R_BPF'; then
    echo "bpf: $name.bpf.cpp needs relocations:" >&2
    "$READELF" -r "$object" >&2
    exit 1
  fi
  "$OBJCOPY" -O binary --only-section=program "$object" "$place/$name.code"
  [ -s "$place/$name.code" ] || { echo "bpf: $name.bpf.cpp has no section \"program\"" >&2; exit 1; }
  {
    echo
    echo "inline constexpr std::uint64_t bpf_${name}_code[] = {"
    od -An -v -tx8 -w32 --endian=$endian "$place/$name.code" | sed 's/ \([0-9a-f][0-9a-f]*\)/ 0x\1,/g; s/^/   /'
    echo '};'
  } >> "$header.new"
done
{
  echo
  echo '}  // namespace bondbox::lnx'
} >> "$header.new"
mv "$header.new" "$header"
