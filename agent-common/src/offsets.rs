//! Where fields lie in the running kernel's structs. The agent reads them from the kernel's BTF at load and sets them
//! as the programs' global [`Offsets`]; an absent field is switched off, never guessed.

/// The kernel has no such field.
pub const ABSENT: u32 = u32::MAX;

macro_rules! offsets {
    ($($(#[$doc:meta])* $field:ident: $struct:literal . $member:literal,)*) => {
        /// Byte offsets within kernel structs.
        #[repr(C)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct Offsets {
            $($(#[$doc])* pub $field: u32,)*
        }

        /// Fields of [`Offsets`], as struct and member names in the kernel's BTF, in order.
        pub const FIELDS: &[(&str, &str)] = &[$(($struct, $member)),*];

        impl Offsets {
            /// Nothing is known: every field that needs an offset is switched off.
            pub const UNKNOWN: Self = Self { $($field: ABSENT),* };

            /// From offsets in the order of [`FIELDS`].
            pub const fn from_fields(offsets: [u32; FIELDS.len()]) -> Self {
                let [$($field),*] = offsets;
                Self { $($field),* }
            }
        }
    };
}

offsets! {
    /// Thread group id.
    task_tgid: "task_struct"."tgid",
    /// Thread id.
    task_pid: "task_struct"."pid",
    /// Credentials that count for what the task does.
    task_cred: "task_struct"."cred",
    /// Leader of the thread group.
    task_group_leader: "task_struct"."group_leader",
    /// Parent at fork.
    task_real_parent: "task_struct"."real_parent",
    /// Start, in ns since boot (5.5 and later).
    task_start_boottime: "task_struct"."start_boottime",
    /// Address space.
    task_mm: "task_struct"."mm",
    /// Root and working directory.
    task_fs: "task_struct"."fs",
    /// Open files.
    task_files: "task_struct"."files",
    /// Login user id; absent when the kernel has no audit.
    task_loginuid: "task_struct"."loginuid",
    /// Number of the login session, likewise.
    task_sessionid: "task_struct"."sessionid",
    /// Its namespaces, but for those of pids and users; null in a task that has ended.
    task_nsproxy: "task_struct"."nsproxy",
    /// Its ids, one a level of pid namespaces.
    task_thread_pid: "task_struct"."thread_pid",
    /// Its control groups, one a hierarchy.
    task_cgroups: "task_struct"."cgroups",
    /// That of v2.
    css_set_default: "css_set"."dfl_cgrp",
    /// What the threads share.
    task_signal: "task_struct"."signal",
    /// Threads that have not ended.
    signal_live: "signal_struct"."live",
    /// Controlling terminal.
    signal_tty: "signal_struct"."tty",
    /// What drives the terminal.
    tty_driver: "tty_struct"."driver",
    /// Which of the driver's terminals it is.
    tty_index: "tty_struct"."index",
    /// Device number of the driver's first terminal.
    tty_driver_major: "tty_driver"."major",
    /// Likewise.
    tty_driver_minor: "tty_driver"."minor_start",
    /// Real user id, in the first user namespace.
    cred_uid: "cred"."uid",
    /// Real group id, likewise.
    cred_gid: "cred"."gid",
    /// User namespace.
    cred_user_ns: "cred"."user_ns",
    /// Network namespace.
    nsproxy_net_ns: "nsproxy"."net_ns",
    /// Mount namespace.
    nsproxy_mnt_ns: "nsproxy"."mnt_ns",
    /// How deep the innermost pid namespace is; 0: the first.
    pid_level: "pid"."level",
    /// The ids: a `struct upid` a level.
    pid_numbers: "pid"."numbers",
    /// The id's namespace, which is the last member of `struct upid`.
    upid_ns: "upid"."ns",
    /// What all kinds of namespaces have in common.
    net_ns: "net"."ns",
    /// Likewise.
    mnt_namespace_ns: "mnt_namespace"."ns",
    /// Likewise.
    pid_namespace_ns: "pid_namespace"."ns",
    /// Likewise.
    user_namespace_ns: "user_namespace"."ns",
    /// Inode number, as in `/proc/PID/ns`.
    ns_common_inum: "ns_common"."inum",
    /// The path that was given to `execve`.
    bprm_filename: "linux_binprm"."filename",
    /// The program for it, when it is a script.
    bprm_interp: "linux_binprm"."interp",
    /// First byte of the arguments.
    mm_arg_start: "mm_struct"."arg_start",
    /// Behind their last byte.
    mm_arg_end: "mm_struct"."arg_end",
    /// The executable.
    mm_exe_file: "mm_struct"."exe_file",
    /// Where the file lies.
    file_path: "file"."f_path",
    /// What the file is.
    file_inode: "file"."f_inode",
    /// Of a socket's file: the socket.
    file_private: "file"."private_data",
    /// Table of open files.
    files_table: "files_struct"."fdt",
    /// A pointer a descriptor.
    table_files: "fdtable"."fd",
    /// What kind of file it is.
    inode_mode: "inode"."i_mode",
    /// Its number in the file system.
    inode_number: "inode"."i_ino",
    /// Its file system.
    inode_sb: "inode"."i_sb",
    /// How many names it has.
    inode_links: "inode"."__i_nlink",
    /// The file system's device.
    sb_device: "super_block"."s_dev",
    /// Working directory.
    fs_pwd: "fs_struct"."pwd",
    /// Mount of a path.
    path_mnt: "path"."mnt",
    /// Directory entry of a path.
    path_dentry: "path"."dentry",
    /// Parent directory.
    dentry_parent: "dentry"."d_parent",
    /// Name in the parent directory.
    dentry_name: "dentry"."d_name",
    /// The name's characters.
    qstr_name: "qstr"."name",
    /// Hash, and behind it (little endian: 4 bytes on) the name's length.
    qstr_hash_len: "qstr"."hash_len",
    /// The public part of a mount.
    mount_mnt: "mount"."mnt",
    /// The mount that it is mounted on.
    mount_parent: "mount"."mnt_parent",
    /// The directory entry that it is mounted on.
    mount_mountpoint: "mount"."mnt_mountpoint",
    /// Root of the mounted tree.
    vfsmount_root: "vfsmount"."mnt_root",
    /// The hierarchy that a control group is in.
    cgroup_root: "cgroup"."root",
    /// Its directory.
    cgroup_kn: "cgroup"."kn",
    /// The hierarchy's number; 0: v2.
    cgroup_root_hierarchy: "cgroup_root"."hierarchy_id",
    /// A directory's number, which is the control group's id.
    kernfs_id: "kernfs_node"."id",
    /// The part of a socket that the network knows.
    socket_sock: "socket"."sk",
    /// Address family.
    sock_family: "sock_common"."skc_family",
    /// Remote IPv4 address.
    sock_remote: "sock_common"."skc_daddr",
    /// Remote IPv6 address.
    sock_remote_v6: "sock_common"."skc_v6_daddr",
    /// `SOCK_*` flags; `struct sock` begins with its `sock_common`.
    sock_flags: "sock_common"."skc_flags",
}

const _: () = assert!(size_of::<Offsets>() == 4 * FIELDS.len());

#[cfg(feature = "user")]
// SAFETY: `repr(C)`, one integer type: any bit pattern is a value.
unsafe impl aya::Pod for Offsets {}
