#!/bin/sh
# `make run`: an appliance with two cables, in network namespaces of its own. Nothing of this machine's network is
# touched and nothing is left behind. Environment: BONDBOX, the program (build/bondbox unless given).
set -u
LC_ALL=C
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL PATH

bondbox=${BONDBOX:-$(dirname "$0")/../../build/bondbox}
box=bondbox-box-$$
house=bondbox-house-$$
pids=
work=

stop_saying() {
  printf 'make run cannot start: %s\n' "$1" >&2
  shift
  for line; do printf '  %s\n' "$line" >&2; done
  exit 1
}

# ---- What the machine must allow -------------------------------------------------------------------------------------

[ -x "$bondbox" ] || stop_saying "there is no program $bondbox" "\`make\` builds it."
for tool in ip ping iperf3 awk mktemp; do
  command -v "$tool" > /dev/null || stop_saying "the command $tool is missing" \
    "toolchain/debian-packages lists what is needed; \`make run\` as root installs it on Debian."
done
if [ ! -e /dev/net/tun ]; then
  stop_saying "there is no /dev/net/tun, from which bond0 is made" "As root: modprobe tun"
fi

if [ "$(id -u)" != 0 ]; then
  if ! [ -r /dev/net/tun ] || ! [ -w /dev/net/tun ]; then
    stop_saying "you are not root and may not open /dev/net/tun, from which bond0 is made" \
      "Either run it as root:        sudo make run" \
      "or let every user open it:    sudo chmod 0666 /dev/net/tun     (Debian's usual setting)"
  fi
  if ! unshare -Urnm true 2> /dev/null; then
    stop_saying "you are not root and this machine lets users make no user namespaces" \
      "Either run it as root:        sudo make run" \
      "or allow user namespaces:     sudo sysctl -w user.max_user_namespaces=10000" \
      "and, where these exist:       sudo sysctl -w kernel.unprivileged_userns_clone=1" \
      "                              sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
  fi
  echo "Not root: running in a user namespace."
  BONDBOX=$(realpath "$bondbox")
  export BONDBOX
  # `ip netns` keeps its names in /run, which only becomes ours inside.
  exec unshare -Urnm sh -c 'mount -t tmpfs tmpfs /run && exec "$0"' "$(realpath "$0")"
fi

# ---- Cleaning up, on every way out -----------------------------------------------------------------------------------

is_running() { kill -0 "$1" 2> /dev/null; }

stop_process() {
  is_running "$1" || return 0
  kill "$1" 2> /dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    is_running "$1" || return 0
    sleep 0.1
  done
  kill -KILL "$1" 2> /dev/null
}

clean_up() {
  trap '' INT TERM HUP
  for pid in $pids; do stop_process "$pid"; done
  ip netns del "$box" 2> /dev/null
  ip netns del "$house" 2> /dev/null
  [ -z "$work" ] || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

work=$(mktemp -d) || exit 1
export BONDBOX_RUN_DIR="$work/run"
mkdir "$BONDBOX_RUN_DIR"

# A background process is started without these functions, so that $! is its own number and not a shell's.
in_box() { ip netns exec "$box" "$@"; }
ask() { in_box "$bondbox" "$@"; }

started=$(date +%s%N)
step() {
  awk -v now="$(date +%s%N)" -v then="$started" -v text="$1" \
    'BEGIN { printf "\n[%4.1f s] %s\n", (now - then) / 1e9, text }'
}
indent() { sed 's/^/    /'; }
seconds_now() { date +%s.%N; }

# ---- The house -------------------------------------------------------------------------------------------------------

build_house() {
  ip netns add "$box" && ip netns add "$house" &&
    ip -n "$house" link add switch type bridge stp_state 0 forward_delay 0 mcast_snooping 0 &&
    ip -n "$house" link set lo up && ip -n "$box" link set lo up || return 1
  for n in 0 1; do
    ip -n "$box" link add "eth$n" type veth peer name "port$((n + 1))" netns "$house" &&
      ip -n "$house" link set "port$((n + 1))" master switch up || return 1
  done
  ip -n "$house" addr add 192.168.10.254/24 dev switch && ip -n "$house" link set switch up
}

cat << 'PICTURE'
bondbox gives a machine ONE network interface with ONE address over SEVERAL
cables. When a cable, a plug or a switch port fails, the traffic goes on over
another one. The Linux kernel can do this with a driver called "bonding"; bondbox
is an ordinary program and needs no such driver.

This is the house that is built for you now, out of network namespaces:

    +------- the appliance -------+           +-------- the house --------+
    |                             |           |                           |
    |                   +-- eth0 =|= cable 1 =|= port1 --+                |
    | programs - bond0 -+         |           |          +-- switch, with |
    |    192.168.10.52  +-- eth1 =|= cable 2 =|= port2 --+   a gateway at |
    |                             |           |           192.168.10.254  |
    +-----------------------------+           +---------------------------+
PICTURE

build_house 2> "$work/house.log" || stop_saying "the network namespaces could not be made: $(tail -n 1 "$work/house.log")" \
  "Root is needed with CAP_NET_ADMIN and CAP_SYS_ADMIN (in a container: --privileged), and a kernel with veth and bridge."

cat > "$work/bondbox.toml" << 'CONFIG'
[bond.bond0]
mode = "active-backup"           # one cable carries, the other waits
ports = ["eth0", "eth1"]
primary = "eth0"                 # eth0 whenever it has link
miimon = 100                     # look at the link every 100 ms, if no event comes sooner
address = ["192.168.10.52/24"]
gateway = "192.168.10.254"
CONFIG

step "starting bondbox in the appliance, with this as its whole configuration:"
indent < "$work/bondbox.toml"
ip netns exec "$box" "$bondbox" run -c "$work/bondbox.toml" > "$work/daemon.log" 2>&1 &
daemon=$!
pids="$daemon"

fail_with_log() {
  printf 'bondbox: %s. It said:\n' "$1" >&2
  indent < "$work/daemon.log" >&2
  exit 1
}
for _ in 1 2 3 4 5 6 7 8 9 10; do
  in_box ping -c 1 -W 0.5 -n 192.168.10.254 > /dev/null 2>&1 && break
  is_running "$daemon" || fail_with_log "the daemon ended at once"
  sleep 0.2
done
in_box ping -c 1 -W 1 -n 192.168.10.254 > /dev/null 2>&1 || fail_with_log "no answer from the gateway through bond0"
echo
echo "    The gateway answers through bond0."

# ---- Traffic, a pulled cable, the cable back ---------------------------------------------------------------------------

step "before: \`bondbox status bond0\` says"
ask status bond0 | indent || fail_with_log "status failed"
active=$(ask get bond0 active_slave)
case $active in
  eth0) port=port1 other=eth1 ;;
  eth1) port=port2 other=eth0 ;;
  *) fail_with_log "no port is active: '$active'" ;;
esac

step "traffic: a ping every 10 ms or so to the gateway, and one TCP stream of 500 Mbit/s"
ip netns exec "$house" iperf3 -s -1 > "$work/iperf-server.log" 2>&1 &
pids="$pids $!"
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  ip netns exec "$house" ss -Hltn 'sport = :5201' 2> /dev/null | grep -q . && break
  sleep 0.1
done
# Both end by themselves: a background process of a script ignores the interrupt that makes ping print its sums.
ip netns exec "$box" ping -D -n -i 0.01 -w 7 192.168.10.254 > "$work/ping.log" 2>&1 &
ping=$!
ip netns exec "$box" iperf3 -c 192.168.10.254 -t 7 -b 500M -i 0 > "$work/iperf.log" 2>&1 &
stream=$!
pids="$pids $ping $stream"
sleep 1.5

step "PULLING ${active}'s CABLE, while the traffic runs"
pulled=$(seconds_now)
ip -n "$house" link set "$port" down
sleep 1.5
echo
echo "    during: \`bondbox status bond0\` says"
ask status bond0 | indent
carrying=$(ask get bond0 active_slave)

step "putting ${active}'s cable back"
back=$(seconds_now)
ip -n "$house" link set "$port" up
sleep 2
echo
echo "    after: \`bondbox status bond0\` says"
ask status bond0 | indent
finally=$(ask get bond0 active_slave)

wait "$stream"
stream_status=$?
wait "$ping"

step "what happened, in bondbox's own words: \`bondbox events bond0\`"
ask events bond0 | indent

# ---- What it cost ------------------------------------------------------------------------------------------------------

# The outage is the longest time between two answers, less the interval; without a lost answer there was none.
awk -v pulled="$pulled" -v back="$back" '
  /icmp_seq=/ {
    time = substr($1, 2) + 0
    match($0, /icmp_seq=[0-9]+/)
    sequence = substr($0, RSTART + 9, RLENGTH - 9) + 0
    if (!first) { first = sequence; first_time = time }
    if (last && sequence > last) {
      phase = time < pulled ? 0 : time < back ? 1 : 2
      missing = sequence - last - 1
      lost[phase] += missing
      if (missing && time - last_time > silence[phase]) silence[phase] = time - last_time
    }
    if (sequence > last) { last = sequence; last_time = time }
  }
  function outage(phase, interval) { return silence[phase] ? (silence[phase] - interval) * 1000 + 0.5 : 0 }
  / packets transmitted/ { sent = $1; received = $4 }
  END {
    # ping rounds its interval up to the ticks of the kernel; what it was is seen from the answers.
    interval = last > first ? (last_time - first_time) / (last - first) : 0
    printf "%d %d %d %d %d %d %d\n", sent, received, lost[1], lost[2], outage(1, interval), outage(2, interval), interval * 1000 + 0.5
  }
' "$work/ping.log" > "$work/result"
read -r sent received lost_pull lost_back outage_pull outage_back interval_ms < "$work/result"
tcp=$(awk '/ sender$/ { printf "%s %s carried, %s segments sent again", $5, $6, $9 }' "$work/iperf.log")

step "the result"
cat << RESULT
    cable pulled     pings lost: $lost_pull, outage $outage_pull ms; $carrying took over from $active
    cable back       pings lost: $lost_back, outage $outage_back ms; $finally carries again
    in all           pings sent: $sent, one every $interval_ms ms; lost: $((sent - received))
    TCP stream       ${tcp:-broke off}
RESULT

verdict=0
bad() {
  printf '    FAILED: %s\n' "$1"
  verdict=1
}
[ "$carrying" = "$other" ] || bad "after the pull $carrying was active, not $other"
[ "$finally" = eth0 ] || bad "with the cable back $finally was active, not the primary eth0"
[ "$stream_status" = 0 ] || { bad "the TCP stream broke off"; indent < "$work/iperf.log"; }
[ "$sent" -gt 0 ] && [ "$received" -gt 0 ] || bad "the pings told nothing"
[ "$((sent - received))" -le 50 ] || bad "more than half a second of pings was lost"
is_running "$daemon" || fail_with_log "the daemon has ended"

if [ "$verdict" = 0 ]; then
  echo
  echo "    One cable was pulled, the address stayed reachable and no connection was lost."
fi
exit "$verdict"
