#!/bin/sh
# The script of board/services/busybox, which has the headers that Debian's sysvinit reads. Usage: install-sysvinit.sh
# ROOT SERVICES
root=$1
cp "$2/busybox/S20bondbox" "$root/etc/init.d/bondbox" || exit 1
script() {
  cat > "$root/etc/init.d/$1"
  chmod 0755 "$root/etc/init.d/$1"
}
script lab-cables << 'X'
#!/bin/sh
### BEGIN INIT INFO
# Provides: lab-cables
# Required-Start: $local_fs
# Required-Stop:
# X-Start-Before: bondbox
# Default-Start: S
# Default-Stop:
### END INIT INFO
[ "$1" != start ] || /lab/cables.sh
X
script lab-network << 'X'
#!/bin/sh
### BEGIN INIT INFO
# Provides: lab-network
# Required-Start: $network
# Required-Stop:
# Default-Start: S
# Default-Stop:
### END INIT INFO
[ "$1" != start ] || /lab/at-network.sh
X
chroot "$root" update-rc.d lab-cables defaults
chroot "$root" update-rc.d lab-network defaults
chroot "$root" update-rc.d bondbox defaults
cat > "$root/etc/inittab" << 'X'
id:2:initdefault:
si::sysinit:/etc/init.d/rcS
l2:2:wait:/etc/init.d/rc 2
st:2:once:/lab/story.sh sysvinit > /dev/console 2>&1
X
