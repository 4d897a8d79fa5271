//! The table of everything that a machine needs, and why.

use clap::ValueEnum;

use super::check::Check;

/// What a machine is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Need {
    /// Compile agent and collector.
    Build,
    /// Start them.
    Run,
    /// The tests on this kernel.
    Test,
    /// The tests under other kernels.
    Vm,
    /// Fuzz the parsers.
    Fuzz,
    /// Peers for the scorecard.
    Peers,
}

/// How a missing thing gets onto the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Install {
    /// One of these packages: the first that the distribution offers.
    Package(&'static [&'static str]),
    /// A package that brings services, which are not to run: its name, and theirs, parted by spaces.
    Service(&'static str, &'static str),
    /// A Rust with library source.
    Rust,
    /// bpf-linker, and the LLVM that it is linked with.
    Linker,
    /// A program from crates.io, of this version.
    Crate(&'static str, &'static str),
}

/// A thing that a machine needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Requirement {
    /// What a person calls it.
    pub name: &'static str,
    /// What it is good for here.
    pub why: &'static str,
    /// Who cannot do without it.
    pub needed_by: &'static [Need],
    /// How to see that it is there.
    pub check: Check,
    /// How to get it.
    pub install: Install,
    /// Without it only some test is skipped: going on is better than stopping.
    pub optional: bool,
}

const BUILD: &[Need] = &[Need::Build, Need::Run, Need::Test, Need::Vm];
const TEST: &[Need] = &[Need::Test];
const FUZZ: &[Need] = &[Need::Test, Need::Fuzz];
const PEERS: &[Need] = &[Need::Peers];
const IN_VM: &[Need] = &[Need::Test, Need::Vm];

const fn required(
    name: &'static str,
    why: &'static str,
    needed_by: &'static [Need],
    check: Check,
    install: Install,
) -> Requirement {
    Requirement {
        name,
        why,
        needed_by,
        check,
        install,
        optional: false,
    }
}

const fn for_test(
    name: &'static str,
    why: &'static str,
    needed_by: &'static [Need],
    check: Check,
    packages: &'static [&'static str],
) -> Requirement {
    Requirement {
        optional: true,
        ..required(name, why, needed_by, check, Install::Package(packages))
    }
}

/// A server that the tests start themselves, as a child of theirs.
const fn served(
    name: &'static str,
    why: &'static str,
    check: Check,
    package: &'static str,
    service: &'static str,
) -> Requirement {
    Requirement {
        optional: true,
        ..required(name, why, TEST, check, Install::Service(package, service))
    }
}

/// Everything, in the order in which it is installed.
#[rustfmt::skip]
pub(crate) const ALL: &[Requirement] = &[
    required("C compiler", "SQLite, ring and zstd are compiled", BUILD, Check::Command("cc"), Install::Package(&["build-essential"])),
    required("Rust with library source", "the kernel programs compile their own core", BUILD, Check::Rust, Install::Rust),
    required("bpf-linker", "links the kernel programs", BUILD, Check::Linker, Install::Linker),

    required("C++ compiler", "libFuzzer is compiled", FUZZ, Check::Command("c++"), Install::Package(&["build-essential"])),
    required("cargo-fuzz", "builds the fuzz targets", FUZZ, Check::Subcommand("fuzz"), Install::Crate("cargo-fuzz", "^0.13")),

    required("ip", "network namespaces for the tests", IN_VM, Check::Command("ip"), Install::Package(&["iproute2"])),
    required("bpftool", "the tests look at the kernel's own count of programs and maps", IN_VM, Check::Command("bpftool"), Install::Package(&["bpftool", "linux-tools-generic"])),
    required("unshare", "namespaces and other users for the tests", IN_VM, Check::Command("unshare"), Install::Package(&["util-linux"])),
    required("ps", "the tests look at processes", IN_VM, Check::Command("ps"), Install::Package(&["procps"])),
    required("openssl", "a TLS client, and the tests' certificates", IN_VM, Check::Command("openssl"), Install::Package(&["openssl"])),

    for_test("curl", "a TLS client (OpenSSL)", IN_VM, Check::Command("curl"), &["curl"]),
    for_test("wget", "a TLS client (GnuTLS)", IN_VM, Check::Command("wget"), &["wget"]),
    for_test("python3", "a TLS client behind an interpreter", IN_VM, Check::Command("python3"), &["python3"]),
    for_test("gnutls-cli", "a TLS client (GnuTLS)", TEST, Check::Command("gnutls-cli"), &["gnutls-bin"]),
    for_test("node", "a TLS client (JavaScript)", TEST, Check::Command("node"), &["nodejs"]),
    for_test("npm", "gets Bun, Deno and axe-core", TEST, Check::Command("npm"), &["npm"]),
    for_test("java", "a TLS client (JVM)", TEST, Check::Command("javac"), &["default-jdk-headless"]),
    for_test("go", "a TLS client that is linked statically", TEST, Check::Command("go"), &["golang-go"]),
    for_test("perl", "a client behind an interpreter", TEST, Check::Command("perl"), &["perl"]),
    for_test("ruby", "a client behind an interpreter", TEST, Check::Command("ruby"), &["ruby"]),
    for_test("php", "a client behind an interpreter", TEST, Check::Command("php"), &["php-cli"]),
    for_test("tclsh", "a client behind an interpreter", TEST, Check::Command("tclsh"), &["tcl"]),
    for_test("chromium", "a real browser", TEST, Check::Command("chromium"), &["chromium"]),
    for_test("chromedriver", "drives the browser through the collector's pages", TEST, Check::Command("chromedriver"), &["chromium-driver"]),
    for_test("firefox", "a real browser (NSS), also over QUIC", TEST, Check::File(&["/usr/bin/firefox-esr", "/usr/bin/firefox"]), &["firefox-esr", "firefox"]),
    for_test("faketime", "gives a program a clock that is wrong", TEST, Check::Command("faketime"), &["faketime"]),
    for_test("python3 -m venv", "holds aioquic (QUIC), Schemathesis (the collector's API) and receivers of alerts, from PyPI", TEST, Check::Python("venv, ensurepip"), &["python3-venv"]),
    served("postgres", "the collector's other database", Check::File(super::check::INITDB), "postgresql", "postgresql"),
    served("pgbouncer", "a pooler before PostgreSQL", Check::Command("pgbouncer"), "pgbouncer", "pgbouncer"),
    served("alertmanager", "takes the collector's alerts", Check::Command("prometheus-alertmanager"), "prometheus-alertmanager", "prometheus-alertmanager"),
    served("rsyslog", "takes the collector's alerts", Check::Command("rsyslogd"), "rsyslog", "rsyslog syslog.socket"),
    for_test("rsyslog's TLS", "takes the collector's alerts", TEST, Check::Package("rsyslog-gnutls"), &["rsyslog-gnutls"]),
    served("squid", "a proxy: CONNECT, passwords, plain HTTP", Check::Command("squid"), "squid", "squid"),
    for_test("tinyproxy", "a proxy that asks another one", TEST, Check::Command("tinyproxy"), &["tinyproxy-bin"]),
    served("dante", "a proxy for SOCKS 4 and 5", Check::Command("danted"), "dante-server", "danted"),
    for_test("certutil", "makes browsers trust the tests' certificates", TEST, Check::Command("certutil"), &["libnss3-tools"]),
    for_test("dnsmasq", "a name server inside the tests", TEST, Check::Command("dnsmasq"), &["dnsmasq-base"]),
    for_test("bash", "a script that opens a socket itself", IN_VM, Check::Command("bash"), &["bash"]),
    for_test("systemd-socket-activate", "hands sockets over", IN_VM, Check::Command("systemd-socket-activate"), &["systemd"]),
    for_test("slirp4netns", "a rootless container's network", IN_VM, Check::Command("slirp4netns"), &["slirp4netns"]),
    for_test("pasta", "a rootless container's network", IN_VM, Check::Command("pasta"), &["passt"]),
    served("nscd", "a resolver that programs ask through a Unix socket", Check::Command("nscd"), "nscd", "nscd"),
    for_test("runc", "starts containers for podman, Docker and containerd", TEST, Check::Command("runc"), &["runc"]),
    for_test("newuidmap", "a user's podman", TEST, Check::Command("newuidmap"), &["uidmap"]),
    served("podman", "a container runtime", Check::Command("podman"), "podman", "podman.socket podman podman-restart podman-auto-update.timer"),
    served("docker", "a container runtime", Check::Command("dockerd"), "docker.io", "docker.socket docker"),
    served("containerd", "a container runtime, with its client ctr", Check::Command("ctr"), "containerd", "containerd"),
    served("sshd", "lets people in, inside the tests", Check::Command("sshd"), "openssh-server", "ssh"),
    served("cron", "sets jobs off, inside the tests", Check::Command("cron"), "cron", "cron"),
    for_test("ssh", "comes in as a person does", TEST, Check::Command("ssh"), &["openssh-client"]),
    served("lxc", "a container runtime", Check::Command("lxc-execute"), "lxc", "lxc lxc-net"),
    for_test("sudo", "becomes another user, as a person does", TEST, Check::Command("sudo"), &["sudo"]),
    for_test("sqlite3", "looks into spool and store from outside", TEST, Check::Command("sqlite3"), &["sqlite3"]),

    for_test("tshark", "a peer for the scorecard", PEERS, Check::Command("tshark"), &["tshark"]),
    for_test("dumpcap", "captures packets for peers", PEERS, Check::Command("dumpcap"), &["wireshark-common"]),
    Requirement { optional: true, ..required("suricata", "a peer for the scorecard; Debian 12 has it in backports", PEERS, Check::Command("suricata"), Install::Service("suricata", "suricata")) },

    for_test("qemu", "boots other kernels", IN_VM, Check::Command("qemu-system-x86_64"), &["qemu-system-x86"]),
    for_test("virtiofsd", "shows this machine's files to them", IN_VM, Check::File(super::check::VIRTIOFSD), &["virtiofsd", "qemu-system-common"]),
    for_test("busybox", "their first program", IN_VM, Check::Package("busybox-static"), &["busybox-static"]),
    for_test("cpio", "packs their first file system", IN_VM, Check::Command("cpio"), &["cpio"]),
    for_test("depmod", "orders their modules", IN_VM, Check::Command("depmod"), &["kmod"]),
    for_test("xz", "unpacks their modules", IN_VM, Check::Command("xz"), &["xz-utils"]),
];
