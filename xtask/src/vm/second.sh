# Runs as process 1 on the host's files: mounts what a booted system has, runs the command, says how it ended.
export PATH=@PATH@ HOME=/root LANG=C.UTF-8 @ENVIRONMENT@
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs run /run
mkdir -p /dev/pts /dev/shm /run/lock "/lib/modules"
mount -t devpts pts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t tracefs trace /sys/kernel/tracing
mount -t bpf bpf /sys/fs/bpf
ln -sfn @MODULES@ "/lib/modules/$(uname -r)"
ip link set lo up
# Lines as they are, without carriage returns.
stty -F /dev/ttyS1 raw 115200
cd @FOLDER@ && sh -c @COMMAND@ </dev/null >/dev/ttyS1 2>&1
# <1>: urgent enough for the console whatever its log level.
echo "<1>umbra-vm: exit $?" >/dev/kmsg
echo b >/proc/sysrq-trigger
sleep 60
