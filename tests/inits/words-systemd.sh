#!/bin/sh
# What the story says to systemd.
is_running() { [ "$(systemctl is-active bondbox)" = active ]; }
revive() { :; }  # it does so itself
reload() { systemctl reload bondbox; }
restart() { systemctl restart bondbox; }
stop() { systemctl stop bondbox; }
start() { systemctl start bondbox; }
# One process, and systemd knows it.
watches() {
  pid=$(cat /run/bondbox/pid)
  [ "$(systemctl show -p MainPID --value bondbox)" = "$pid" ] &&
    [ "$(cat /sys/fs/cgroup/system.slice/bondbox.service/cgroup.procs)" = "$pid" ]
}
upgrade_by_a_service() { systemctl start lab-upgrade; }
has_supervisor() { return 1; }
tell() {
  systemctl --failed --no-legend
  journalctl -u bondbox --no-pager -o cat | tail -n 60
}
end_machine() { systemctl poweroff --force --force; }
