#!/bin/sh
# Two cables to a switch in another namespace; and how the ports were.
modprobe -a veth bridge tun sch_ingress cls_bpf af_packet
ip netns add town
for i in 0 1; do ip link add eth$i type veth peer name port$i netns town; done
ip -n town link add br0 type bridge
ip -n town addr add 192.168.10.254/24 dev br0
for i in 0 1; do ip -n town link set port$i master br0 up; done
ip -n town link set br0 up
# udev gives a veth an address of its own choice.
! command -v udevadm > /dev/null || udevadm settle
/lab/portrait.sh > /run/lab-before
