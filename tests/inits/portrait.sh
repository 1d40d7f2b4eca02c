#!/bin/sh
# How the ports are. What a port sends by is the kernel's affair once it has been up.
for port in eth0 eth1; do
  ip -o link show $port | sed 's/^[0-9]*: //; s/ qdisc [a-z]*//; s/ state [A-Z]*//'
  cat /proc/sys/net/ipv6/conf/$port/disable_ipv6
  tc qdisc show dev $port | grep -v -e noop -e noqueue
done
exit 0
