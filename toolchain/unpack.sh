#!/bin/sh
# Downloads Debian packages of any architecture and unpacks them: unpack.sh ARCHITECTURE DIRECTORY PACKAGE...
# Nothing is installed and this machine's set of architectures stays as it is: apt works on lists of its own in
# build/deps/apt-ARCHITECTURE. In the environment: RELEASE (trixie), where this machine's own release does not have the
# architecture; it comes from the same mirror. A metapackage (linux-image-amd64) stands for what it depends on first.
# Runs once: the directory remembers what is in it. Ends with 0 when all is there, 1 with a sentence when it is not.
set -u
architecture=$1
directory=$2
shift 2
release=${RELEASE:-}
key="$architecture ${release:+$release }$*"
[ "$(cat "$directory/.unpacked" 2> /dev/null)" = "$key" ] && exit 0

say() { printf '%s\n' "$*" >&2; }
command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || {
  say "unpack: this is not Debian, so these cannot be had: $*"
  exit 1
}

state=$PWD/build/deps/apt-$architecture
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$state/new" || exit 1
: > "$state/status"
log=$state/log
set_apart="-o Dir::State=$state -o Dir::State::status=$state/status -o Dir::Cache=$state/cache \
  -o APT::Architecture=$architecture -o APT::Architectures=$architecture -o APT::Sandbox::User=root -o Acquire::Languages=none"

if [ -n "$release" ]; then
  mirror=$(apt-get indextargets --format '$(SITE)' | head -n 1)
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" > "$state/sources.list"
  set_apart="$set_apart -o Dir::Etc::sourcelist=$state/sources.list -o Dir::Etc::sourceparts=/dev/null"
fi

real_names() {
  for package; do
    case $package in
      linux-image-*) apt-cache $set_apart depends --no-recommends "$package" | awk '/Depends: linux-image-/ { print $2; exit }' ;;
      *) echo "$package" ;;
    esac
  done
}
download() (
  names=$(real_names "$@")
  [ -n "$names" ] && cd "$state/new" && rm -f ./*.deb && apt-get -q $set_apart download $names
)

say "  GET   $* ($architecture)"
{ apt-get -q $set_apart update; download "$@"; } > "$log" 2>&1 < /dev/null || {
  tail -n 5 "$log" >&2
  say "unpack: apt-get could not download: $*"
  exit 1
}
rm -rf "$directory" && mkdir -p "$directory" || exit 1
for archive in "$state"/new/*.deb; do
  dpkg-deb -x "$archive" "$directory" && rm "$archive" || { say "unpack: cannot unpack $archive"; exit 1; }
done
printf '%s\n' "$key" > "$directory/.unpacked"
