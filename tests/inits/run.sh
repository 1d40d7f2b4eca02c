#!/bin/sh
# A whole Debian whose first process is a real init, in user-mode-linux: bondbox by the service that board/services has for
# it, two cables, and the story in story.sh. Usage: tests/inits/run.sh INIT, which is systemd or sysvinit; BONDBOX is the
# program. The root is made once, by debootstrap, in build/inits/INIT. Ends with 0 when all held.
set -u
init=$1
program=${BONDBOX:-$PWD/build/bondbox}
here=$PWD/tests/inits
services=$PWD/board/services
root=$PWD/build/inits/$init
log=$PWD/build/inits/$init.log
limit_s=${LIMIT:-600}

say() { printf '%s\n' "$*" >&2; }
for tool in debootstrap depmod linux.uml; do
  command -v $tool > /dev/null || { say "inits: there is no $tool (packages debootstrap, kmod, user-mode-linux)"; exit 77; }
done
[ "$(id -u)" = 0 ] || { say "inits: a root of other files needs root"; exit 77; }

case $init in
  systemd) packages=systemd-sysv,udev ;;
  sysvinit) packages=sysvinit-core,sysv-rc,udev ;;
  *) say "usage: tests/inits/run.sh systemd|sysvinit"; exit 2 ;;
esac
packages=$packages,iproute2,iputils-ping,kmod,procps,ifupdown

if [ ! -e "$root/.made" ]; then
  say "  ROOT  build/inits/$init"
  rm -rf "$root"
  mkdir -p "$root"
  # shellcheck disable=SC2016 # a word of apt's
  mirror=$(apt-get indextargets --format '$(SITE)' | head -n 1)
  debootstrap --variant=minbase --include=$packages bookworm "$root" "$mirror" > "$log" 2>&1 || {
    tail -n 3 "$log" >&2
    say "inits: debootstrap could not make $root"
    exit 1
  }
  version=$(linux.uml --version)
  mkdir -p "$root/lib/modules"
  cp -a "/usr/lib/uml/modules/$version" "$root/lib/modules/" && depmod -b "$root" "$version" || exit 1
  : > "$root/.made"
fi

rm -rf "$root/lab" && cp -r "$here" "$root/lab"
cp "$program" "$root/sbin/bondbox.new" && mv "$root/sbin/bondbox.new" "$root/sbin/bondbox"
cat > "$root/etc/bondbox.toml" << 'X'
[bond.bond0]
ports = ["eth0", "eth1"]
mode = "active-backup"
miimon = 50
address = ["192.168.10.52/24"]
X
chmod 0644 "$root/etc/bondbox.toml"
echo 0123456789abcdef0123456789abcdef > "$root/etc/machine-id"
echo box > "$root/etc/hostname"
"$root/lab/install-$init.sh" "$root" "$services" || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && timeout -k 5 "$limit_s" linux.uml rootfstype=hostfs rootflags="$root" rw init=/sbin/init mem=512M \
  uml_dir="$work" con=null con0=fd:0,fd:1 ssl=null quiet < /dev/null > "$log" 2>&1)
grep -aE '^(ok|FAILED) ' "$log"
if grep -aq '^FAILED ' "$log" || ! grep -aq '^the end' "$log"; then
  say "inits: not all of $init's story held; all that the console showed is in $log"
  exit 1
fi
