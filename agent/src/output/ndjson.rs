//! One JSON object a line. The fields' names are a contract: they are told in `docs/NDJSON.md`, and are not changed.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::Serialize;
use umbra_catalog::Kind;
use umbra_report::{Evidence, Protocol};

use super::Told;
use crate::{
    attribution::{
        Ancestor, Attributed,
        containers::ContainerFacts,
        files::{FileFact, State},
        people::Kind as UserKind,
    },
    flows::Step,
};

#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    event: &'static str,
    flow_id: &'a str,
    host: &'a str,
    name: &'a str,
    evidence: Evidence,
    vendor: &'a str,
    service: &'a str,
    kind: Kind,
    protocol: Protocol,
    dst: Destination,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<Via>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ech: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    relays: Option<&'a str>,
    process: Process<'a>,
    user: User<'a>,
    origin: Origin<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<Container<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    slice: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_out: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes_in: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
}

#[derive(Serialize)]
struct Destination {
    ip: IpAddr,
    port: u16,
}

/// The first proxy, and how many there are.
#[derive(Serialize)]
struct Via {
    protocol: &'static str,
    ip: IpAddr,
    port: u16,
    hops: u8,
}

#[derive(Serialize)]
struct Process<'a> {
    pid: u32,
    ppid: u32,
    exe: Option<&'a str>,
    args: &'a [String],
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    args_cut: bool,
    cwd: Option<&'a str>,
    program: &'a str,
    script: Option<&'a str>,
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exe_sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exe_state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script_state: Option<&'static str>,
    package: Option<Package<'a>>,
    started: Option<Timestamp>,
    session_id: Option<u32>,
    namespaces: Namespaces,
    ancestors: &'a [Ancestor],
}

/// Inode numbers.
#[derive(Serialize)]
struct Namespaces {
    pid: Option<u32>,
    net: Option<u32>,
    mnt: Option<u32>,
    user: Option<u32>,
}

#[derive(Serialize)]
struct Package<'a> {
    manager: &'static str,
    name: &'a str,
    version: Option<&'a str>,
}

#[derive(Serialize)]
struct User<'a> {
    uid: u32,
    gid: Option<u32>,
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<&'a [String]>,
    login_uid: Option<u32>,
    login_name: Option<&'a str>,
}

#[derive(Serialize)]
struct Origin<'a> {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tty: Option<&'a str>,
}

#[derive(Serialize)]
struct Container<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    runtime: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image_digest: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pod_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workload: Option<&'a str>,
}

/// The object, without the line's end.
pub(super) fn line(told: &Told<'_>, host: &str) -> String {
    let Told {
        change,
        name,
        service,
        attributed,
        relays,
    } = *told;
    let flow = &change.flow;
    let closed = change.step == Step::Closed;
    let duration = change.time.duration_since(flow.opened).as_millis();
    let line = Line {
        time: change.time,
        event: if closed { "flow_close" } else { "flow_open" },
        flow_id: &flow.id,
        host,
        name,
        evidence: flow.evidence,
        vendor: &service.vendor,
        service: &service.service,
        kind: service.kind,
        protocol: flow.protocol,
        dst: Destination {
            ip: flow.remote.ip(),
            port: flow.remote.port(),
        },
        via: flow.via.map(|via| Via {
            protocol: via.protocol.as_str(),
            ip: flow.remote.ip(),
            port: flow.remote.port(),
            hops: via.hops,
        }),
        ech: flow.ech,
        relays,
        process: process(attributed),
        user: User {
            uid: attributed.user.uid,
            gid: attributed.user.gid,
            name: attributed.user.name.as_deref(),
            kind: attributed.user.kind.map(UserKind::as_str),
            groups: attributed.user.groups.as_deref(),
            login_uid: attributed.user.login_uid,
            login_name: attributed.user.login_name.as_deref(),
        },
        origin: Origin {
            kind: attributed.origin.kind.as_str(),
            name: attributed.origin.name.as_deref(),
            peer: attributed.origin.peer,
            tty: attributed.origin.terminal.as_deref(),
        },
        container: container(attributed),
        unit: attributed.place.unit.as_deref(),
        slice: attributed.place.slice.as_deref(),
        user_unit: attributed.place.user_unit.as_deref(),
        bytes_out: closed.then_some(change.bytes_out),
        bytes_in: closed.then_some(change.bytes_in),
        duration_ms: closed.then_some(u64::try_from(duration).unwrap_or(0)),
    };
    // Strings, numbers and lists of them: nothing here can fail.
    serde_json::to_string(&line).unwrap_or_default()
}

fn container(attributed: &Attributed) -> Option<Container<'_>> {
    let container = attributed.place.container.as_ref()?;
    let facts = attributed.container.as_ref();
    let fact = |of: fn(&ContainerFacts) -> &Option<String>| facts.and_then(|facts| of(facts).as_deref());
    Some(Container {
        id: &container.id,
        runtime: container.runtime.as_str().or_else(|| facts?.runtime?.as_str()),
        name: fact(|facts| &facts.name),
        image: fact(|facts| &facts.image),
        image_digest: fact(|facts| &facts.image_digest),
        pod: fact(|facts| &facts.pod),
        pod_uid: container.pod.as_ref().map(|pod| pod.uid.as_str()),
        namespace: fact(|facts| &facts.namespace),
        workload: fact(|facts| &facts.workload),
    })
}

fn process(attributed: &Attributed) -> Process<'_> {
    let process = &attributed.process;
    let files = process.files.as_ref();
    let script = files.and_then(|files| files.script.as_ref());
    let hash = |fact: &FileFact| fact.sha256.ok().map(|sha256| sha256.to_string());
    let known = |inode: u32| (inode != 0).then_some(inode);
    let changed =
        |fact: &FileFact| matches!(fact.state, State::Deleted | State::Replaced).then(|| fact.state.as_str());
    Process {
        pid: process.pid,
        ppid: process.ppid,
        exe: process.image.executable.as_deref(),
        args: &process.image.arguments,
        args_cut: process.image.arguments_cut,
        cwd: process.image.directory.as_deref(),
        program: &process.program.name,
        script: process.program.script.as_deref(),
        sha256: files.and_then(|files| hash(files.program())),
        exe_sha256: files
            .filter(|_| script.is_some())
            .and_then(|files| hash(&files.executable)),
        exe_state: files.and_then(|files| changed(&files.executable)),
        script_state: script.and_then(changed),
        package: files
            .and_then(|files| files.package.as_ref())
            .map(|package| Package {
                manager: package.manager,
                name: &package.name,
                version: package.version.as_deref(),
            }),
        started: process.started,
        session_id: process.session_id,
        namespaces: Namespaces {
            pid: known(process.namespaces.pid),
            net: known(process.namespaces.net),
            mnt: known(process.namespaces.mnt),
            user: known(process.namespaces.user),
        },
        ancestors: &process.ancestors,
    }
}
