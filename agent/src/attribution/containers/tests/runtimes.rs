//! By the sockets of each runtime, also of those that hang or talk nonsense.

use std::{
    io::Write as _,
    net::TcpListener,
    os::unix::net::UnixStream,
    thread,
    time::{Duration, Instant},
};

use super::{
    server::{Method, head, inspecting, remote, serve},
    *,
};
use crate::attribution::containers::{containerd as api, protobuf::text};

const DOCKER_SOCKET: &str = "/run/docker.sock";
const SAID: &str =
    r#"{"Id":"ID","Name":"/web","Image":"sha256:5134","Config":{"Image":"nginx","Labels":null}}"#;

/// Well above what a socket may take, and below what two may.
const SLOW: Duration = Duration::from_millis(1_900);

#[test]
fn docker() {
    let host = Host::new();
    let count = serve(&host.path(DOCKER_SOCKET), inspecting(ID, &SAID.replace("ID", ID)));
    let expected = facts(&[("name", "web"), ("image", "docker.io/library/nginx:latest")]);
    assert_eq!(host.ask(&container(Runtime::Docker)), expected);
    assert_eq!(count.get(), 1);
    let other = ContainerRef {
        id: OTHER.to_owned(),
        ..container(Runtime::Docker)
    };
    assert_eq!(host.ask(&other), ContainerFacts::default());
}

#[test]
fn who_is_known_by_files_is_not_asked_for() {
    let host = Host::new();
    let count = serve(&host.path(DOCKER_SOCKET), inspecting(ID, "{}"));
    host.write(&docker_file(), files::DOCKER.replace("OWN", ID));
    assert_eq!(host.ask(&container(Runtime::Docker)).name.as_deref(), Some("web"));
    assert_eq!(count.get(), 0);
}

#[test]
fn podman() {
    let said = SAID.replace(
        "\"Image\":\"sha256:5134\"",
        "\"Image\":\"5134\",\"ImageName\":\"quay.io/ann/bot:2\"",
    );
    let host = Host::new();
    let socket = host.path("/run/podman/podman.sock");
    serve(&socket, inspecting(ID, &said.replace("ID", ID)));
    let expected = facts(&[("name", "web"), ("image", "quay.io/ann/bot:2")]);
    assert_eq!(host.ask(&container(Runtime::Podman)), expected);
}

#[test]
fn a_users_socket_is_served_by_that_user() {
    let me = rustix::process::getuid().as_raw();
    for (owner, is_asked) in [(me, true), (me + 1, false)] {
        let host = Host::new();
        let socket = host.path(&format!("/run/user/{owner}/podman/podman.sock"));
        serve(&socket, inspecting(ID, &SAID.replace("ID", ID)));
        let container = ContainerRef {
            owner: Some(owner),
            ..container(Runtime::Podman)
        };
        assert_eq!(host.ask(&container).name.is_some(), is_asked, "{owner}");
    }
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    // Tests' texts are ASCII or messages that hold none but short fields.
    text(number, std::str::from_utf8(bytes).unwrap())
}

fn entry(number: u8, key: &str, value: &str) -> Vec<u8> {
    field(number, &[text(1, key), text(2, value)].concat())
}

/// A `ContainerStatusResponse`.
fn status(id: &str, image_ref: &str) -> Vec<u8> {
    let status = [
        text(1, id),
        field(2, &text(1, "app")),
        b"\x18\x01".to_vec(), // state = 3
        field(8, &text(1, "quay.io/shop/app:1.4")),
        text(9, image_ref),
        entry(12, "io.kubernetes.pod.name", "web-5d78c9869d-x2k7l"),
        entry(12, "io.kubernetes.pod.namespace", "shop"),
    ]
    .concat();
    field(1, &status)
}

/// Of this container.
fn tells_status(answer: Vec<u8>) -> Method {
    Method {
        path: "/runtime.v1.RuntimeService/ContainerStatus",
        header: None,
        question: text(1, ID),
        answer,
    }
}

#[test]
fn container_runtime_interface() {
    let expected = facts(&[
        ("name", "app"),
        ("image", "quay.io/shop/app:1.4"),
        ("image_digest", DIGEST),
        ("pod", "web-5d78c9869d-x2k7l"),
        ("namespace", "shop"),
        ("workload", "Deployment/web"),
    ]);
    for (runtime, socket) in [
        (Runtime::Crio, "/run/crio/crio.sock"),
        (Runtime::Containerd, "/run/containerd/containerd.sock"),
        (Runtime::Unknown, "/run/containerd/containerd.sock"),
        (Runtime::Unknown, "/run/crio/crio.sock"),
    ] {
        let host = Host::new();
        let answer = status(ID, &format!("quay.io/shop/app@{DIGEST}"));
        serve(&host.path(socket), remote(vec![tells_status(answer)]));
        let by = if socket.ends_with("crio.sock") {
            Runtime::Crio
        } else {
            Runtime::Containerd
        };
        let expected = told(runtime, by, &expected);
        assert_eq!(host.ask(&in_pod(runtime)), expected, "{runtime:?}");
    }
}

#[test]
fn containerd() {
    let container_message = [
        text(1, ID),
        entry(2, "nerdctl/name", "bot"),
        text(3, "docker.io/library/nginx:1.27"),
    ]
    .concat();
    let answer = field(1, &container_message);
    let expected = facts(&[("name", "bot"), ("image", "docker.io/library/nginx:1.27")]);
    // In the second of two namespaces.
    let namespaces = ["default", "builds"].map(|name| field(1, &text(1, name)));
    let host = Host::new();
    let server = remote(vec![
        Method {
            path: api::LIST,
            header: None,
            question: Vec::new(),
            answer: namespaces.concat(),
        },
        Method {
            path: api::GET,
            header: Some((api::NAMESPACE, "builds")),
            question: text(1, ID),
            answer,
        },
    ]);
    serve(&host.path("/run/containerd/containerd.sock"), server);
    assert_eq!(host.ask(&container(Runtime::Containerd)), expected);
}

#[test]
fn an_answer_on_another_container_is_none() {
    let host = Host::new();
    let server = remote(vec![tells_status(status(OTHER, DIGEST))]);
    serve(&host.path("/run/crio/crio.sock"), server);
    assert_eq!(host.ask(&in_pod(Runtime::Crio)), ContainerFacts::default());
}

#[test]
fn who_hangs_is_waited_for_once() {
    let host = Host::new();
    let hang = |_stream: UnixStream| thread::park();
    let docker = serve(&host.path(DOCKER_SOCKET), hang);
    let containerd = serve(&host.path("/run/containerd/containerd.sock"), hang);
    let crio = serve(&host.path("/run/crio/crio.sock"), hang);
    let mut informant = host.informant();
    let began = Instant::now();
    let unknown = in_pod(Runtime::Unknown);
    let silent = ContainerFacts {
        silent: true,
        ..ContainerFacts::default()
    };
    assert_eq!(informant.ask(&unknown), silent);
    // Three hang; two seconds are there for all of them.
    let took = began.elapsed();
    assert!(took >= SLOW && took < Duration::from_secs(3), "{took:?}");
    assert_eq!((containerd.get(), docker.get(), crio.get()), (1, 1, 0));
    let began = Instant::now();
    assert_eq!(informant.ask(&container(Runtime::Docker)), silent);
    assert!(
        began.elapsed() < Duration::from_millis(500),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(docker.get(), 1);
}

#[test]
fn nonsense_and_endless_answers_end() {
    let drip = |mut stream: UnixStream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        while stream.write_all(b"1\r\n[\r\n").is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    };
    let flood = |mut stream: UnixStream| {
        head(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
        while stream.write_all(&[b'['; 8_192]).is_ok() {}
    };
    let headers = |mut stream: UnixStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        while stream.write_all(b"x-more: 0123456789abcdef\r\n").is_ok() {}
    };
    let noise = |mut stream: UnixStream| drop(stream.write_all(&[0xff; 1_000]));
    let shut = |stream: UnixStream| drop(stream);
    let servers: [fn(UnixStream); 5] = [drip, flood, headers, noise, shut];
    let names = ["drip", "flood", "headers", "noise", "shut"];
    for (name, server) in names.into_iter().zip(servers) {
        let host = Host::new();
        serve(&host.path(DOCKER_SOCKET), server);
        serve(&host.path("/run/containerd/containerd.sock"), server);
        for runtime in [Runtime::Docker, Runtime::Containerd] {
            let began = Instant::now();
            // One whose answer never comes to an end has not answered; gRPC does not begin like that.
            let unknown = ContainerFacts {
                silent: name == "drip" && runtime == Runtime::Docker,
                ..ContainerFacts::default()
            };
            assert_eq!(host.ask(&container(runtime)), unknown, "{name} {runtime:?}");
            assert!(
                began.elapsed() < Duration::from_secs(3),
                "{name}: {:?}",
                began.elapsed()
            );
        }
    }
}

#[test]
fn the_kubelet_tells_what_made_a_pod() {
    for (owner, labels, workload) in [
        (
            r#"[{"kind":"ReplicaSet","name":"web-abc","controller":true}]"#,
            r#"{"pod-template-hash":"abc"}"#,
            Some("Deployment/web"),
        ),
        (
            r#"[{"kind":"ReplicaSet","name":"web-own","controller":true}]"#,
            "{}",
            Some("ReplicaSet/web-own"),
        ),
        (
            r#"[{"kind":"Config","name":"x"},{"kind":"StatefulSet","name":"web","controller":true}]"#,
            "{}",
            Some("StatefulSet/web"),
        ),
        (
            r#"[{"kind":"Node","name":"node-1","controller":true}]"#,
            "{}",
            None,
        ),
        ("[]", "{}", None),
    ] {
        let body = format!(
            r#"{{"kind":"PodList","items":[{{"metadata":{{"name":"web-x","namespace":"shop","uid":"{UID}",
            "labels":{labels},"ownerReferences":{owner}}},"spec":{{"containers":[]}}}}]}}"#
        );
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let config = config::Containers {
            kubelet: listener.local_addr().ok(),
            ..config::Containers::default()
        };
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1_024];
            let read = std::io::Read::read(&mut stream, &mut request).unwrap();
            assert!(request[..read].starts_with(b"GET /pods HTTP/1.1\r\n"));
            write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
        });
        let host = Host::new();
        let mut informant = host.configured(config);
        let found = informant.ask(&in_pod(Runtime::Containerd));
        server.join().unwrap();
        assert_eq!(found.workload.as_deref(), workload, "{owner}");
        assert_eq!(
            (found.pod.as_deref(), found.namespace.as_deref()),
            (Some("web-x"), Some("shop"))
        );
        // Known: not asked for again, by anybody.
        assert_eq!(
            informant.ask(&in_pod(Runtime::Crio)).pod.as_deref(),
            Some("web-x")
        );
    }
}
