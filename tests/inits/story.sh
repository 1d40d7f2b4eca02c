#!/bin/sh
# Told inside the machine when the first process has started everything. Each line of what has to hold begins with "ok"
# or "FAILED"; the last one is "the end". $1: which init; its words are in words-$1.sh beside this.
# shellcheck disable=SC1090,SC1091 # beside this
. /lab/words-"$1".sh
far=192.168.10.254
config=/etc/bondbox.toml

check() {
  name=$1
  shift
  if "$@" > /run/lab-output 2>&1; then
    echo "ok $name"
  else
    echo "FAILED $name: $*: $(tr '\n' ' ' < /run/lab-output)"
  fi
}
refuses() { ! "$@"; }
# Until it holds, a quarter of a minute at least.
comes() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ $tries -le 30 ] || return 1
    sleep 0.5
  done
}
answers() { comes ping -c 1 -W 1 $far; }
is_set_to() { [ "$(bondbox get bond0 miimon)" = "$1" ]; }
want() { sed -i "s/^miimon.*/miimon = $1/" $config; }
is_given_back() {
  ! ip link show bond0 && /lab/portrait.sh | diff /run/lab-before -
}
pid_of() { cat /run/bondbox/pid; }
is_another_than() { [ -n "$(pid_of)" ] && [ "$(pid_of)" != "$1" ] && bondbox status; }

check "bond0 had its address and carrier when the network was said to be there" \
  sh -c 'grep -q "192.168.10.52/24" /run/at-network && grep -qx 1 /run/at-network'
check "what brings the network up has found it and added its own" grep -q 192.168.20.52/24 /run/at-network
check "the far side answers" answers
check "the init says that it runs" is_running

want 60
check "reload" reload
check "reload has changed it" is_set_to 60

old=$(pid_of)
kill -9 "$old"
revive
check "a killed one is started again" comes is_another_than "$old"
check "and goes on where it stood" sh -c 'bondbox events bond0 | grep -q "goes on where it stood"'
check "and the far side answers" answers

for round in 1 2; do
  old=$(pid_of)
  check "upgrade $round" bondbox upgrade
  check "upgrade $round has put another one in its place" comes is_another_than "$old"
  check "the far side answers after upgrade $round" answers
  check "the init says that it runs after upgrade $round" comes is_running
done
check "it watches the one that runs" watches
check "an upgrade by a service that ends then" upgrade_by_a_service
sleep 1
check "the far side answers after that" answers
check "the init says that it runs after that" is_running
old=$(pid_of)
kill -9 "$old"
revive
check "an upgraded one that was killed is started again" comes is_another_than "$old"
bondbox upgrade
want 70
check "reload after an upgrade" reload
check "reload after an upgrade has changed it" comes is_set_to 70
old=$(pid_of)
check "restart after an upgrade" restart
check "restart has begun another one" comes is_another_than "$old"
check "the far side answers after a restart" answers
bondbox upgrade
check "stop after an upgrade" stop
check "the ports are given back" comes is_given_back
check "nothing of it runs" sh -c '! pgrep -x bondbox'
check "start" start
check "the far side answers after a start" answers
# Where the init has a supervisor apart from itself.
if has_supervisor; then
  cp $config /run/lab-config
  sed -i 's/^mode.*/mode = "nonsense"/' $config
  check "a restart with a file that is wrong is refused" refuses restart
  check "and has stopped nothing" answers
  cp /run/lab-config $config
  old=$(pid_of)
  lose_supervisor
  check "without its supervisor it goes on" answers
  check "another supervisor takes it over" regain
  check "that has put another one in its place" comes is_another_than "$old"
  check "it is watched again" watches
  check "the far side answers after that takeover" answers
  lose_supervisor
  check "stop without a supervisor" stop
  check "the ports are given back even so" comes is_given_back
  check "start after that" start
  check "the far side answers at the end" answers
fi
tell
echo "the end"
end_machine
