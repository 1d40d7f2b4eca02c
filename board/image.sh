#!/bin/sh
# Builds what a board boots from: image.sh BOARD BONDBOX DIRECTORY
# DIRECTORY gets `kernel` and, for every way to boot in board/common/boot, an initramfs NAME.cpio.gz. All that is not of
# this tree comes from Debian's packages; nothing is installed and no privilege is needed.
set -eu
PATH=$PATH:/usr/sbin:/sbin  # depmod, for whoever is not root
board=$1
program=$2
out=$3
here=$(dirname "$0")
. "$here/$board/board.conf"

packages=build/deps/boards/$debian_arch
"$here/../toolchain/unpack.sh" "$debian_arch" "$packages" "$kernel_package" busybox-static
version=$(basename "$packages"/lib/modules/*)
modules_root=$packages/lib/modules/$version
[ -f "$modules_root/modules.dep" ] || depmod -b "$packages" "$version"

rm -rf "$out"
mkdir -p "$out"
cp "$packages/boot/vmlinuz-$version" "$out/kernel"

# What the modules named need before them, each once, in the order of loading; a built-in one needs nothing.
in_order() {
  for name; do
    file=$(sed -n "s,^\(.*/$name\.ko[.xz]*\):.*,\1,p" "$modules_root/modules.dep")
    if [ -n "$file" ]; then
      # modules.dep has what is needed first at the end.
      sed -n "s,^$file: *,,p" "$modules_root/modules.dep" | tr ' ' '\n' | tac
      echo "$file"
    elif ! grep -q "/$name\.ko" "$modules_root/modules.builtin"; then
      echo "image: the kernel of board $board has no module $name" >&2
      exit 1
    fi
  done | awk 'NF && !seen[$0]++'
}
copy_modules() {
  to=$1
  shift
  files=$(in_order "$@")
  mkdir -p "$to"
  number=10
  for file in $files; do
    name=$(basename "$file" | sed 's/\.ko.*//')
    case $file in
      *.xz) xz -dc "$modules_root/$file" > "$to/$number-$name.ko" ;;
      *) cp "$modules_root/$file" "$to/$number-$name.ko" ;;
    esac
    number=$((number + 1))
  done
}
# The same tree gives the same bytes: names sorted, times fixed, owned by root whoever builds it.
pack() {
  find "$1" -exec touch -h -d @0 {} +
  (cd "$1" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0 --reproducible) | gzip -9n > "$2"
}

alone=$out/tree.alone
mkdir -p "$alone/sbin" "$alone/etc" "$alone/dev" "$alone/proc" "$alone/sys" "$alone/run"
cp "$program" "$alone/sbin/bondbox"
cp "$here/$board/bondbox.toml" "$alone/etc/bondbox.toml"
copy_modules "$alone/lib/bondbox/modules" $modules

router=$out/tree.router
cp -R "$alone" "$router"
mkdir -p "$router/bin" "$router/usr/bin" "$router/usr/sbin" "$router/tmp" "$router/root"
cp "$packages/bin/busybox" "$router/bin/busybox"
for applet in bin/sh sbin/init; do ln -s /bin/busybox "$router/$applet"; done
ln -s /sbin/init "$router/init"
cp -R "$here"/common/rootfs/. "$router/"
copy_modules "$router/lib/kernel-bond" bonding

# The status page is for whoever can reach bond0, so a board has to ask for it.
if [ -n "${page:-}" ]; then
  mkdir -p "$router/www/cgi-bin"
  cp "$here/page/cgi-bin/bondbox" "$router/www/cgi-bin/"
  printf 'root:x:0:\nwww:x:33:\n' > "$router/etc/group"
  printf 'root:x:0:0:root:/root:/bin/sh\nwww:x:33:33:www:/www:/bin/false\n' > "$router/etc/passwd"
  sed -i '1i readers = "www"' "$router/etc/bondbox.toml"
fi

for way in "$here"/common/boot/*; do
  name=$(basename "$way")
  tree=$router
  if [ -f "$way/inittab" ]; then
    sed "s/@CONSOLE@/$console/" "$way/inittab" |
      if [ -n "$second_console" ]; then sed "s/@SECOND_CONSOLE@/$second_console/"; else sed /@SECOND_CONSOLE@/d; fi \
        > "$router/etc/inittab"
    [ -z "${page:-}" ] || [ "$name" = kernel ] ||
      echo "::respawn:/bin/busybox httpd -f -p 80 -u www:www -h /www" >> "$router/etc/inittab"
  else
    tree=$alone
  fi
  pack "$tree" "$out/$name.cpio.gz"
  cp "$way/words" "$out/$name.words"
done
rm -rf "$alone" "$router"

size() { stat -c %s "$1"; }
echo "  IMAGE $out: Linux $version $(size "$out/kernel") bytes, bondbox $(size "$program")"
for file in "$out"/*.cpio.gz; do echo "        $(basename "$file") $(size "$file") bytes"; done
