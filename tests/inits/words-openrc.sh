#!/bin/sh
# What the story says to OpenRC, whose supervise-daemon starts again what was killed.
is_running() { rc-service bondbox status | grep -q started; }
revive() { :; }
reload() { rc-service bondbox reload; }
restart() { rc-service bondbox restart; }
stop() { rc-service bondbox stop; }
start() { rc-service bondbox start; }
# What the supervisor started: the one that runs, or the placeholder of one that was replaced.
watches() {
  supervisor=$(pgrep -x supervise-daemo)
  [ -n "$supervisor" ] && [ "$(pgrep -c -P "$supervisor")" = 1 ]
}
upgrade_by_a_service() { sh -c 'bondbox upgrade'; }
has_supervisor() { :; }
lose_supervisor() { pkill -9 -x supervise-daemo; }
regain() { rc-service bondbox zap && rc-service bondbox start; }
tell() {
  rc-status -a
  dmesg | grep bondbox | tail -n 60
}
end_machine() { echo o > /proc/sysrq-trigger; sleep 10; }
