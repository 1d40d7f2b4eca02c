#!/bin/sh
# A whole Debian whose first process is a real init, in user-mode-linux: bondbox by the service that board/services has for
# it, two cables, and the story in story.sh. Usage: tests/inits/run.sh INIT; BONDBOX is the
# program. The root is made once, by debootstrap, in build/inits. Ends with 0 when all held. INIT is
#   systemd           with its unit
#   sysvinit          with Debian's rc and the script of board/services/busybox
#   openrc            openrc-init and OpenRC's runlevels, with OpenRC's script: supervise-daemon
#   openrc-sysvinit   sysvinit as the first process and OpenRC's runlevels, as Debian installs it, with the same script
set -u
init=$1
program=${BONDBOX:-$PWD/build/bondbox}
here=$PWD/tests/inits
services=$PWD/board/services
log=$PWD/build/inits/$init.log
limit_s=${LIMIT:-600}

say() { printf '%s\n' "$*" >&2; }
for tool in debootstrap depmod linux.uml; do
  command -v $tool > /dev/null || { say "inits: there is no $tool (packages debootstrap, kmod, user-mode-linux)"; exit 77; }
done
[ "$(id -u)" = 0 ] || { say "inits: a root of other files needs root"; exit 77; }

# kind: whose words and services. late: packages that apt has to choose between others for, which debootstrap cannot.
kind=$init
first=/sbin/init
late=
case $init in
  systemd) packages=systemd-sysv,udev ;;
  sysvinit) packages=sysvinit-core,sysv-rc,udev ;;
  openrc) packages=udev kind=openrc late="openrc sysvinit-core" first=/sbin/openrc-init ;;
  openrc-sysvinit) packages=udev kind=openrc late="openrc sysvinit-core" ;;
  *) say "usage: tests/inits/run.sh systemd|sysvinit|openrc|openrc-sysvinit"; exit 2 ;;
esac
root=$PWD/build/inits/$kind
packages=$packages,iproute2,iputils-ping,kmod,procps,ifupdown

if [ ! -e "$root/.made" ]; then
  say "  ROOT  build/inits/$kind"
  rm -rf "$root"
  mkdir -p "$root"
  # shellcheck disable=SC2016 # a word of apt's
  mirror=$(apt-get indextargets --format '$(SITE)' | head -n 1)
  debootstrap --variant=minbase --include=$packages bookworm "$root" "$mirror" > "$log" 2>&1 || {
    tail -n 3 "$log" >&2
    say "inits: debootstrap could not make $root"
    exit 1
  }
  if [ -n "$late" ]; then
    # Nothing is started in there.
    printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d" && chmod 0755 "$root/usr/sbin/policy-rc.d"
    # shellcheck disable=SC2086 # several
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -y --no-install-recommends install $late >> "$log" 2>&1 || {
      tail -n 3 "$log" >&2
      say "inits: apt-get could not install $late in $root"
      exit 1
    }
  fi
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
# Fails when bond0 is not there: what brings the network up has to come after bondbox.
printf 'auto bond0\niface bond0 inet static\n  address 192.168.20.52/24\n' > "$root/etc/network/interfaces.d/lab"
"$root/lab/install-$kind.sh" "$root" "$services" || exit 1

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
(cd "$work" && timeout -k 5 "$limit_s" linux.uml rootfstype=hostfs rootflags="$root" rw init="$first" mem=512M \
  uml_dir="$work" con=null con0=fd:0,fd:1 ssl=null quiet < /dev/null > "$log" 2>&1)
grep -aE '^(ok|FAILED) ' "$log"
if grep -aq '^FAILED ' "$log" || ! grep -aq '^the end' "$log"; then
  say "inits: not all of $init's story held; all that the console showed is in $log"
  exit 1
fi
