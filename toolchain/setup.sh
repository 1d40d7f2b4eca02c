#!/bin/sh
# Installs what is missing of one group of toolchain/debian-packages: setup.sh GROUP STAMP
# Runs once: the Makefile calls it again only when the list or this script changes, and the stamp remembers which list
# it was. Asks nothing; with SETUP=0 it installs nothing. Ends with 0 when bondbox can go on, 1 with a sentence when it
# cannot.
set -u
group=$1
stamp=$2
list=$(dirname "$0")/debian-packages

say() { printf '%s\n' "$*" >&2; }

packages=$(awk -v want="[$group]" '{ sub(/#.*/, "") } /^\[/ { inside = ($1 == want); next } inside && NF { print $1 }' "$list")
[ -n "$packages" ] || { say "setup: toolchain/debian-packages has no group '$group'"; exit 1; }
key=$(cksum < "$list")

done_with() {
  mkdir -p "$(dirname "$stamp")" && printf '%s\n' "$key" > "$stamp"
  exit
}
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$key" ] && { touch "$stamp"; exit 0; }

# Builders of packages see to that themselves.
if [ "${SETUP:-1}" = 0 ]; then
  mkdir -p "$(dirname "$stamp")" && : > "$stamp"
  exit
fi

# Other systems name their packages otherwise: what counts there is whether the program can be compiled.
can_compile() {
  command -v g++ > /dev/null || return 1
  for header in toml++/toml.h boost/asio.hpp pcap/pcap.h; do
    printf '#include <%s>\n' "$header" | g++ -std=c++20 -E -x c++ - > /dev/null 2>&1 || { say "setup: no header <$header>"; return 1; }
  done
}
group_works() {
  case $group in
    build) can_compile ;;
    run) for tool in ip unshare ping iperf3; do command -v "$tool" > /dev/null || { say "setup: no command $tool"; return 1; }; done ;;
    test) printf '#include <boost/test/unit_test.hpp>\n' | g++ -std=c++20 -E -x c++ - > /dev/null 2>&1 ;;
    bpf) why_on="without them the program is built without the BPF path" ;;
    link) why_on="without it the program is some 50 kB larger" ;;
    live | unpacked) why_on="without them the tests beside the kernel's driver, Open vSwitch, ifupdown and programs that read our files are skipped" ;;
    bench | bench-unpacked) why_on="without them the bench skips what it needs them for" ;;
    page) why_on="without it the tests that look at the status page in a browser are skipped" ;;
    image) why_on="without them no image is booted and its tests are skipped" ;;
    cross-*) command -v "${group#cross-}-g++" > /dev/null ;;
    check) command -v clang-format > /dev/null ;;
  esac
}
go_on_or_stop() {
  say "setup: $1"
  say "setup: the '$group' group of toolchain/debian-packages is:" $packages
  if group_works; then
    say "setup: ${why_on:-what it is needed for was found all the same}; going on"
    # What is optional is tried again the next time.
    [ -z "${why_on:-}" ] || exit 0
    done_with
  fi
  say "setup: please install these, or what your system calls them, and try again"
  exit 1
}

command -v dpkg-query > /dev/null && command -v apt-get > /dev/null || go_on_or_stop "this is not Debian, so nothing was installed"

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]; }
missing() { for package in $packages; do is_installed "$package" || printf '%s ' "$package"; done; }
wanted=$(missing)
[ -n "$wanted" ] || done_with

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

case $group in *unpacked)
  place=$(dirname "$stamp")/$group
  unpack() (
    rm -rf "$place" && mkdir -p "$place" && cd "$place" && apt-get download -q $wanted || exit 1
    for archive in *.deb; do dpkg-deb -x "$archive" . && rm "$archive" || exit 1; done
  )
  say "  GET   $wanted"
  unpack > "$log" 2>&1 < /dev/null && done_with
  tail -n 5 "$log" >&2
  go_on_or_stop "apt-get could not download: $wanted"
esac

if [ "$(id -u)" = 0 ]; then
  as_root=
elif command -v sudo > /dev/null && sudo -n true 2> /dev/null; then
  as_root='sudo -n'
else
  go_on_or_stop "not root, so nothing was installed; missing: $wanted- as root: apt-get install -y $wanted"
fi

install() {
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
    -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=120 $wanted > "$log" 2>&1 < /dev/null
}
say "  APT   $wanted"
# A package list that was fetched recently is good enough; only a failure asks for a new one.
install || { $as_root apt-get update -q > "$log" 2>&1 < /dev/null; install; } || {
  tail -n 5 "$log" >&2
  go_on_or_stop "apt-get could not install: $wanted"
}
done_with
