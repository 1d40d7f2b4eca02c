#!/bin/sh
# Builds the Debian package from a built program and the data in board/packages/debian:
#   deb.sh PROGRAM PAGES OUT ARCHITECTURE VERSION
# PAGES is the directory of the manual pages. The same program and sources give the same bytes, wherever and whenever:
# all times are SOURCE_DATE_EPOCH, or else that of the package's last change. Needs dpkg-deb, and no debhelper.
set -eu
program=$1
pages=$2
out=$3
architecture=$4
release=$5
board=$(dirname "$0")/../board
data=$board/packages/debian
top=$board/..

version=$(sed -n '1s/.*(\(.*\)).*/\1/p' "$data/changelog")
[ "${version%-*}" = "$release" ] || {
  echo "deb.sh: board/packages/debian/changelog has $version, the Makefile $release" >&2
  exit 1
}
changed=$(sed -n 's/^ -- .*>  //p' "$data/changelog" | head -n 1)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date -d "$changed" +%s)}
export SOURCE_DATE_EPOCH

tree=$out/tree
rm -rf "$tree"
umask 022
mkdir -p "$tree/DEBIAN"

put() { install -D -m "$1" "$2" "$tree/$3"; }
put_gz() {
  mkdir -p "$(dirname "$tree/$2")"
  gzip -9n < "$1" > "$tree/$2"
}
link() {
  mkdir -p "$(dirname "$tree/$2")"
  ln -s "$1" "$tree/$2"
}

put 755 "$program" sbin/bondbox
link bondbox sbin/ifenslave
put 644 "$data/bondbox.toml" etc/bondbox.toml
put 755 "$board/services/busybox/S20bondbox" etc/init.d/bondbox
put 644 "$board/services/systemd/bondbox.service" lib/systemd/system/bondbox.service
put 644 "$board/services/systemd/networking.service.d/bondbox.conf" \
  lib/systemd/system/networking.service.d/bondbox.conf
# Links, because they are to go when the package is removed: what is a file in /etc stays until it is purged. So do those
# of the package ifenslave, which would go on asking for the kernel's driver: ours have their names.
put 755 "$board/hooks/bondbox" usr/share/bondbox/ifupdown
for hook in if-pre-up.d/ifenslave if-up.d/ifenslave if-down.d/bondbox if-post-down.d/ifenslave; do
  link /usr/share/bondbox/ifupdown "etc/network/$hook"
done
put_gz "$pages/bondbox.8" usr/share/man/man8/bondbox.8.gz
put_gz "$pages/bondbox.toml.5" usr/share/man/man5/bondbox.toml.5.gz
link bondbox.8.gz usr/share/man/man8/ifenslave.8.gz
put 644 "$data/copyright" usr/share/doc/bondbox/copyright
put 644 "$data/README.Debian" usr/share/doc/bondbox/README.Debian
put_gz "$data/changelog" usr/share/doc/bondbox/changelog.Debian.gz
put_gz "$top/CHANGELOG.md" usr/share/doc/bondbox/changelog.gz
for text in "$board"/docs/*.md; do [ ! -e "$text" ] || put 644 "$text" "usr/share/doc/bondbox/$(basename "$text")"; done
put 644 "$data/lintian-overrides" usr/share/lintian/overrides/bondbox

# The sources of what is linked in, as far as this system knows them: Debian's policy, section 7.8.
built_using() {
  for package in libc6-dev libstdc++-12-dev libpcap-dev libboost1.81-dev libtomlplusplus-dev; do
    dpkg-query -W -f '${source:Package} (= ${source:Version})\n' "$package" 2> /dev/null || true
  done | LC_ALL=C sort -u | sed -e ':a' -e 'N' -e '$!ba' -e 's/\n/, /g'
}
using=$(built_using)
size=$(du -k -s --apparent-size "$tree" | cut -f 1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@INSTALLED_SIZE@/$size/" \
  -e "s/@BUILT_USING@/$using/" -e '/^Built-Using: *$/d' "$data/control.in" > "$tree/DEBIAN/control"
put 644 "$data/conffiles" DEBIAN/conffiles
for script in postinst prerm postrm; do put 755 "$data/$script" "DEBIAN/$script"; done
(cd "$tree" && find . -path ./DEBIAN -prune -o -type f -print | LC_ALL=C sort | sed 's|^\./||' | xargs md5sum > DEBIAN/md5sums)
find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" '{}' +

package=$out/bondbox_${version}_$architecture.deb
# More threads would give other bytes.
dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$tree" "$package" > "$out/log" || { cat "$out/log" >&2; exit 1; }
rm -rf "$tree" "$out/log"
printf '  DEB   %s %s\n' "$(stat -c %s "$package")" "$package"
