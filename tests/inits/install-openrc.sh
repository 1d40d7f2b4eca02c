#!/bin/sh
# OpenRC's script as it is, in the runlevel in which Debian has its networking. Usage: install-openrc.sh ROOT SERVICES
root=$1
cp "$2/openrc/bondbox" "$root/etc/init.d/bondbox" || exit 1
script() {
  cat > "$root/etc/init.d/$1"
  chmod 0755 "$root/etc/init.d/$1"
}
script lab-cables << 'X'
#!/sbin/openrc-run
depend() {
  after mountall
  before bondbox
}
start() { /lab/cables.sh; }
X
script lab-network << 'X'
#!/sbin/openrc-run
depend() { after net networking; }
start() { /lab/at-network.sh; }
X
script lab-story << 'X'
#!/sbin/openrc-run
depend() { after '*'; }
start() { /lab/story.sh openrc > /dev/console 2>&1 & }
X
for name in lab-cables lab-network bondbox; do chroot "$root" rc-update add $name sysinit; done
chroot "$root" rc-update add lab-story default
cat > "$root/etc/inittab" << 'X'
id:2:initdefault:
si::sysinit:/etc/init.d/rcS
l2:2:wait:/etc/init.d/rc 2
X
