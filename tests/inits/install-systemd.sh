#!/bin/sh
# The units: bondbox's own as it is, and those of the story. Usage: install-systemd.sh ROOT SERVICES
root=$1
units=$root/etc/systemd/system
cp "$2/systemd/bondbox.service" "$units/" || exit 1
cat > "$units/lab-cables.service" << 'X'
[Unit]
DefaultDependencies=no
Before=bondbox.service
After=local-fs.target systemd-modules-load.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/lab/cables.sh
X
cat > "$units/lab-network.service" << 'X'
[Unit]
Wants=network-online.target
After=network-online.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/lab/at-network.sh
X
cat > "$units/lab-upgrade.service" << 'X'
[Service]
Type=oneshot
ExecStart=/sbin/bondbox upgrade
X
cat > "$units/lab-story.service" << 'X'
[Unit]
After=multi-user.target lab-network.service
[Service]
Type=oneshot
StandardOutput=tty
StandardError=inherit
TTYPath=/dev/console
TimeoutStartSec=infinity
ExecStart=/lab/story.sh systemd
X
mkdir -p "$units/multi-user.target.wants" "$units/graphical.target.wants"
for unit in bondbox lab-cables lab-network; do ln -sf "../$unit.service" "$units/multi-user.target.wants/"; done
ln -sf ../lab-story.service "$units/graphical.target.wants/"
ln -sf /lib/systemd/system/graphical.target "$units/default.target"
