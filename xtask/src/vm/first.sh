#!/bin/busybox sh
# Runs as process 1 from the initramfs: mounts the host's root below an overlay in memory, and moves there.
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
for module in @MODULES@; do
    $b insmod "/modules/$module" || echo "umbra-vm: cannot load $module" >/dev/kmsg
done
$b mkdir /mnt/host /mnt/memory /mnt/root
$b mount -t virtiofs -o ro host /mnt/host &&
    $b mount -t tmpfs memory /mnt/memory &&
    $b mkdir /mnt/memory/upper /mnt/memory/work &&
    $b mount -t overlay -o lowerdir=/mnt/host,upperdir=/mnt/memory/upper,workdir=/mnt/memory/work overlay /mnt/root &&
    $b mount -t devtmpfs dev /mnt/root/dev &&
    exec $b switch_root -c /dev/ttyS0 /mnt/root /bin/sh @SECOND@
echo "umbra-vm: cannot mount the host's root" >/dev/kmsg
echo b >/proc/sysrq-trigger
