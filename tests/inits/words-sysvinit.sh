#!/bin/sh
# What the story says to sysvinit and its scripts, which watch nobody: what was killed is started again by hand.
is_running() { service bondbox status; }
revive() { service bondbox start; }
reload() { service bondbox reload; }
restart() { service bondbox restart; }
stop() { service bondbox stop; }
start() { service bondbox start; }
watches() { service bondbox status; }
upgrade_by_a_service() { sh -c 'bondbox upgrade'; }
has_supervisor() { return 1; }
tell() { dmesg | grep bondbox | tail -n 60; }
end_machine() { echo o > /proc/sysrq-trigger; sleep 10; }
