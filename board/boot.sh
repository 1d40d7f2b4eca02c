#!/bin/sh
# Boots what board/image.sh built: boot.sh BOARD DIRECTORY WAY [QEMU-WORD...]
# What the environment has as KERNEL_WORDS stands on the kernel's command line, too.
# Without further words the serial console is this terminal, and both cables lead to one network with a gateway. With
# them they say where the cables net0 and net1, the serial lines and the monitor lead.
set -eu
board=$1
directory=$2
way=$3
shift 3
. "$(dirname "$0")/$board/board.conf"

[ -f "$directory/$way.cpio.gz" ] || {
  ways=$(for file in "$directory"/*.cpio.gz; do basename "$file" .cpio.gz; done)
  echo "boot: $directory has no way to boot called '$way'; it has:" $ways >&2
  exit 1
}

if [ $# = 0 ]; then
  cat >&2 << EOF
  BOOT  $board, $way. The router is 192.168.10.52, the gateway 192.168.10.254.
        Leave with \`poweroff\`, or with ctrl-a x. To pull a cable: ctrl-a c, then \`set_link eth0 off\`
        (and \`set_link eth0 on\`), then ctrl-a c again.
EOF
  set -- -serial mon:stdio \
    -netdev user,id=gateway,net=192.168.10.0/24,host=192.168.10.254 \
    -netdev hubport,id=uplink,hubid=0,netdev=gateway -netdev hubport,id=net0,hubid=0 -netdev hubport,id=net1,hubid=0
fi
exec $qemu -accel tcg -display none -nodefaults -no-reboot \
  -kernel "$directory/kernel" -initrd "$directory/$way.cpio.gz" \
  -append "console=$console quiet panic=5 $words ${KERNEL_WORDS-} $(cat "$directory/$way.words")" \
  -device "$nic,id=eth0,netdev=net0,mac=02:00:00:00:0a:00,romfile=" \
  -device "$nic,id=eth1,netdev=net1,mac=02:00:00:00:0a:01,romfile=" "$@"
