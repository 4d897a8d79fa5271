//! What container runtimes say of a container is told with its flows: podman, Docker, containerd and LXC, as they are. A client
//! that lingers for a second finds them still knowing it, which they forget at its end; [`place`](crate::place) has the paths of other runtimes' control groups.

use std::path::Path;
use std::time::Duration;

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::containers::{Containerd, Docker, Image, Lxc, Podman, REFERENCE, RootlessPodman};
use umbra_tests::event::{Container, Event};
use umbra_tests::owner::Owner;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, skip, spared};
use umbra_tests::wait::eventually;

use crate::expect::SOON;
use crate::names::{OPENAI, bed};

const ID: &str = "6d62726100000000000000000000000000000000000000000000000000000002";
/// A user without an account.
const ANN: u32 = 70_005;
/// The client in a container: at the image's root.
const CLIENT: [&str; 6] = ["/owner", "plain", "127.0.0.1", "443", "/hello", "linger"];
/// The same, over within milliseconds, and its container with it.
const GONE: [&str; 5] = ["/owner", "plain", "127.0.0.1", "443", "/hello"];

#[test]
fn podman_tells_name_and_image() {
    let Some((bed, image)) = container_bed(&["podman", "runc"].map(Need::Program)) else {
        return;
    };
    let podman = match Podman::new(&bed, &image) {
        Ok(podman) => podman,
        Err(why) => return skip(&why),
    };
    let agent = Agent::start(&Setup::default());
    check(
        &told(&agent, &mut podman.start("bot", &CLIENT), &CLIENT),
        "podman",
    );
    check_gone(&told(&agent, &mut podman.start("gone", &GONE), &GONE), "podman");
    assert!(agent.stop().success());
}

#[test]
fn a_users_podman_tells_name_and_image() {
    let needs = ["podman", "runc", "newuidmap"].map(Need::Program);
    let Some((bed, image)) = container_bed(&needs) else {
        return;
    };
    let podman = match RootlessPodman::new(&image) {
        Ok(podman) => podman,
        Err(why) => return skip(&why),
    };
    let agent = Agent::start(&Setup::default());
    let mut run = podman.start(&bed, ANN, "bot", &CLIENT);
    check(&told(&agent, &mut run, &CLIENT), "podman");
    // Root in the container.
    assert_eq!(agent.flows(|event| event.user.uid == ANN).len(), 1);
    assert!(agent.stop().success());
}

#[test]
fn docker_tells_name_and_image() {
    let Some((bed, image)) = container_bed(&["dockerd", "docker", "runc"].map(Need::Program)) else {
        return;
    };
    let docker = match Docker::new(&bed, &image) {
        Ok(docker) => docker,
        Err(why) => return skip(&why),
    };
    let agent = Agent::start(&asking("docker_socket", &docker.socket()));
    check(
        &told(&agent, &mut docker.start("bot", &CLIENT), &CLIENT),
        "docker",
    );
    check_gone(&told(&agent, &mut docker.start("gone", &GONE), &GONE), "docker");
    assert!(agent.stop().success());
}

#[test]
fn lxc_s_containers_have_names() {
    if spared("container runtimes") {
        return;
    }
    let Some(bed) = bed(&[Need::Program("lxc-execute")]) else {
        return;
    };
    let lxc = Owner::new(&bed, OPENAI.name).and_then(|owner| Lxc::new(&bed, &[&owner.exe, &owner.hello]));
    let lxc = match lxc {
        Ok(lxc) => lxc,
        Err(why) => return skip(&why),
    };
    let agent = Agent::start(&Setup::default());
    let container = told(&agent, &mut lxc.start("bot", &CLIENT), &CLIENT);
    let expected = Container {
        id: "bot".to_owned(),
        runtime: Some("lxc".to_owned()),
        name: Some("bot".to_owned()),
        ..Container::default()
    };
    assert_eq!(container, expected);
    assert!(agent.stop().success());
}

#[test]
fn containerd_tells_image_and_labels() {
    let Some((bed, image)) = container_bed(&["containerd", "ctr", "runc"].map(Need::Program)) else {
        return;
    };
    let containerd = match Containerd::new(&bed, &image) {
        Ok(containerd) => containerd,
        Err(why) => return skip(&why),
    };
    let agent = Agent::start(&asking("containerd_socket", &containerd.socket()));
    // As the kubelet labels them.
    let labels = [
        "io.kubernetes.container.name=bot",
        "io.kubernetes.pod.name=web-0",
        "io.kubernetes.pod.namespace=production",
    ];
    let container = told(&agent, &mut containerd.start(ID, &labels, &CLIENT), &CLIENT);
    let expected = Container {
        id: ID.to_owned(),
        runtime: Some("containerd".to_owned()),
        name: Some("bot".to_owned()),
        image: Some(REFERENCE.to_owned()),
        pod: Some("web-0".to_owned()),
        namespace: Some("production".to_owned()),
        ..Container::default()
    };
    assert_eq!(container, expected);
    // With a name of a person's choice, which its control group's path does not tell from any other's.
    let container = told(&agent, &mut containerd.start("bot-1", &[], &GONE), &GONE);
    let (id, runtime) = (container.id.as_str(), container.runtime.as_deref());
    assert_eq!((id, runtime), ("bot-1", Some("containerd")), "{container:?}");
    assert!(agent.stop().success());
}

/// The container is called `bot`, and all is told of it that there is.
fn check(container: &Container, runtime: &str) {
    assert_eq!(container.id.len(), 64, "{container:?}");
    let expected = Container {
        id: container.id.clone(),
        runtime: Some(runtime.to_owned()),
        name: Some("bot".to_owned()),
        image: Some(REFERENCE.to_owned()),
        ..Container::default()
    };
    assert_eq!(*container, expected);
}

/// Of a container that is gone, which one it was is told at least.
fn check_gone(container: &Container, runtime: &str) {
    let is_as_expected = container.id.len() == 64 && container.runtime.as_deref() == Some(runtime);
    assert!(is_as_expected, "{container:?}");
}

/// An agent that asks a runtime there.
fn asking(key: &str, socket: &Path) -> Setup {
    Setup {
        more: format!("[containers]\n{key} = '{}'\n", socket.display()),
        ..Setup::default()
    }
}

/// A bed, and an image with the client in it.
fn container_bed(needs: &[Need]) -> Option<(TestBed, Image)> {
    if spared("container runtimes") {
        return None;
    }
    let bed = bed(needs)?;
    let image = Owner::new(&bed, OPENAI.name).and_then(|owner| Image::of(&[&owner.exe, &owner.hello]));
    match image {
        Ok(image) => Some((bed, image)),
        Err(why) => {
            skip(&why);
            None
        }
    }
}

/// The container of the only flow that the run of a client with these arguments makes, as it is told when the flow has opened.
fn told(agent: &Agent, run: &mut Process, client: &[&str]) -> Container {
    run.succeed(Duration::from_secs(30));
    let is_clients = |event: &Event| event.process.args.as_deref().is_some_and(|args| args == client);
    eventually(SOON, || {
        let flows = agent.flows(is_clients);
        let [flow] = &flows[..] else {
            return Err(format!("{} flows of containers: {flows:?}", flows.len()));
        };
        // Whatever a container calls its files, they are not the host's.
        assert_eq!(flow.open.process.exe.as_deref(), Some("/owner"), "{flow:?}");
        flow.open
            .container
            .clone()
            .ok_or_else(|| format!("no container: {flow:?}"))
    })
}
