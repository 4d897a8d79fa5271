//! By the files of each runtime, in the form that it gives them.

use super::*;

/// Of Docker 28; what is not read is left out, but for a secret.
pub(super) const DOCKER: &str = r#"{"State":{"Running":true,"Pid":4242},"ID":"OWN","Created":"2026-01-02T03:04:05Z",
"Config":{"Hostname":"bot","Env":["OPENAI_API_KEY=secret"],"Image":"nginx:1.27","Labels":{"maintainer":"ann"}},
"Image":"sha256:5134bd2d52658be2b8f86f8767c3111ca491e1f884cb8f24f0140090d97e7c68","Name":"/web","Driver":"overlay2"}"#;

#[test]
fn docker() {
    let expected = facts(&[("name", "web"), ("image", "docker.io/library/nginx:1.27")]);
    for (runtime, folder, daemon) in [
        (Runtime::Docker, "/var/lib/docker", None),
        (Runtime::Unknown, "/var/lib/docker", None),
        (
            Runtime::Docker,
            "/srv/docker",
            Some(r#"{"data-root": "/srv/docker", "debug": true}"#),
        ),
        (Runtime::Docker, "/var/snap/docker/common/var-lib-docker", None),
    ] {
        let host = Host::new();
        host.write(
            &format!("{folder}/containers/{ID}/config.v2.json"),
            DOCKER.replace("OWN", ID),
        );
        if let Some(daemon) = daemon {
            host.write("/etc/docker/daemon.json", daemon);
        }
        let expected = told(runtime, Runtime::Docker, &expected);
        assert_eq!(host.ask(&container(runtime)), expected, "{folder}");
        assert_eq!(
            host.ask(&container(Runtime::Podman)),
            ContainerFacts::default(),
            "{folder}"
        );
    }
}

#[test]
fn docker_by_an_images_id() {
    let id = "sha256:5134bd2d52658be2b8f86f8767c3111ca491e1f884cb8f24f0140090d97e7c68";
    for asked in ["5134bd2d5265", id] {
        let host = Host::new();
        host.write(
            &docker_file(),
            DOCKER.replace("nginx:1.27", asked).replace("OWN", ID),
        );
        let expected = facts(&[("name", "web"), ("image", id)]);
        assert_eq!(host.ask(&container(Runtime::Docker)), expected, "{asked}");
    }
}

#[test]
fn docker_for_a_kubelet() {
    let labels = r#""Labels":{"io.kubernetes.container.name":"app","io.kubernetes.pod.name":"web-5d78c9869d-x2k7l",
        "io.kubernetes.pod.namespace":"shop","io.kubernetes.pod.uid":"1858680e"}"#;
    let host = Host::new();
    let text = DOCKER.replace(r#""Labels":{"maintainer":"ann"}"#, labels);
    host.write(&docker_file(), text.replace("OWN", ID));
    let expected = facts(&[
        ("name", "app"),
        ("image", "docker.io/library/nginx:1.27"),
        ("pod", "web-5d78c9869d-x2k7l"),
        ("namespace", "shop"),
        ("workload", "Deployment/web"),
    ]);
    assert_eq!(host.ask(&in_pod(Runtime::Docker)), expected);
}

#[test]
fn docker_of_a_user() {
    let host = Host::new();
    host.write(
        "/etc/passwd",
        "ann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n",
    );
    let file = format!("/home/ann/.local/share/docker/containers/{ID}/config.v2.json");
    host.write(&file, DOCKER.replace("OWN", ID));
    for (owner, is_known) in [(Some(1_000), true), (Some(1_001), false), (None, false)] {
        let container = ContainerRef {
            owner,
            ..container(Runtime::Docker)
        };
        assert_eq!(host.ask(&container).name.is_some(), is_known, "{owner:?}");
    }
}

#[test]
fn containerd_for_a_kubelet() {
    let annotations = r#"{"ociVersion":"1.2.0","process":{"env":["TOKEN=secret"]},"annotations":{
        "io.kubernetes.cri.container-name":"app","io.kubernetes.cri.container-type":"container",
        "io.kubernetes.cri.image-name":"ghcr.io/shop/app:1.4","io.kubernetes.cri.sandbox-id":"55ba2819dd45",
        "io.kubernetes.cri.sandbox-name":"web-0","io.kubernetes.cri.sandbox-namespace":"shop"}}"#;
    let expected = facts(&[
        ("name", "app"),
        ("image", "ghcr.io/shop/app:1.4"),
        ("pod", "web-0"),
        ("namespace", "shop"),
    ]);
    for state in ["/run/containerd", "/run/k3s/containerd"] {
        let host = Host::new();
        let folder = format!("{state}/io.containerd.runtime.v2.task");
        host.write(&format!("{folder}/moby/{OTHER}/config.json"), "{}");
        host.write(&format!("{folder}/k8s.io/{ID}/config.json"), annotations);
        for runtime in [Runtime::Containerd, Runtime::Unknown] {
            let expected = told(runtime, Runtime::Containerd, &expected);
            assert_eq!(host.ask(&in_pod(runtime)), expected, "{state}");
        }
    }
}

#[test]
fn containerd_by_nerdctl() {
    let host = Host::new();
    host.write(
        &format!("/run/containerd/io.containerd.runtime.v2.task/default/{ID}/config.json"),
        r#"{"annotations":{"nerdctl/name":"bot","nerdctl/namespace":"default"}}"#,
    );
    assert_eq!(
        host.ask(&container(Runtime::Containerd)),
        facts(&[("name", "bot")])
    );
}

#[test]
fn crio() {
    let host = Host::new();
    host.write(
        &format!("/run/containers/storage/overlay-containers/{ID}/userdata/config.json"),
        r#"{"annotations":{"io.kubernetes.cri-o.ContainerType":"container",
        "io.kubernetes.cri-o.ImageName":"quay.io/shop/app:1.4","io.kubernetes.cri-o.Image":"0011",
        "io.kubernetes.cri-o.Labels":"{\"io.kubernetes.container.name\":\"app\",\"io.kubernetes.pod.name\":\"web-0\",\"io.kubernetes.pod.namespace\":\"shop\"}",
        "io.kubernetes.cri-o.Name":"k8s_app_web-0_shop_1858680e_0"}}"#,
    );
    host.write(
        "/var/lib/containers/storage/overlay-containers/containers.json",
        storage("k8s_app_web-0", "\\\"pod-id\\\":\\\"7\\\","),
    );
    let expected = facts(&[
        ("name", "app"),
        ("image", "quay.io/shop/app:1.4"),
        ("pod", "web-0"),
        ("namespace", "shop"),
    ]);
    assert_eq!(host.ask(&in_pod(Runtime::Crio)), expected);
}

/// A list of podman 4.3's.
fn storage(name: &str, more: &str) -> String {
    format!(
        r#"[{{"id":"{OTHER}","names":["other"]}},{{"id":"{ID}","names":["{name}"],"image":"5134bd2d","layer":"1938",
        "metadata":"{{{more}\"image-name\":\"quay.io/ann/bot:2\",\"image-id\":\"5134\",\"name\":\"{name}\"}}",
        "created":"2026-11-26T01:42:05Z","flags":{{"MountLabel":""}}}}]"#
    )
}

#[test]
fn podman() {
    let expected = facts(&[("name", "bot"), ("image", "quay.io/ann/bot:2")]);
    for list in [
        "overlay-containers/containers.json",
        "vfs-containers/volatile-containers.json",
    ] {
        let host = Host::new();
        host.write(&format!("/var/lib/containers/storage/{list}"), storage("bot", ""));
        assert_eq!(host.ask(&container(Runtime::Podman)), expected, "{list}");
    }
}

#[test]
fn podman_of_a_user() {
    let host = Host::new();
    host.write("/etc/passwd", "ann:x:1000:1000::/home/ann:/bin/sh\n");
    let list = "/home/ann/.local/share/containers/storage/overlay-containers/containers.json";
    host.write(list, storage("bot", ""));
    let own = ContainerRef {
        owner: Some(1_000),
        ..container(Runtime::Podman)
    };
    assert_eq!(host.ask(&own).name.as_deref(), Some("bot"));
    // The system's podman knows nothing of it, so a user cannot name its containers.
    assert_eq!(host.ask(&container(Runtime::Podman)), ContainerFacts::default());
}

#[test]
fn logs_of_the_kubelet() {
    let by_container = format!("/var/log/containers/web-5d78c9869d-x2k7l_shop_app-{ID}.log");
    let by_pod = format!("/var/log/pods/shop_web-5d78c9869d-x2k7l_{UID}/app/0.log");
    for (path, name) in [(by_container, Some("app")), (by_pod, None)] {
        let host = Host::new();
        host.write(&path, "");
        host.write("/var/log/pods/other_other_0000/app/0.log", "");
        let expected = ContainerFacts {
            name: name.map(str::to_owned),
            ..facts(&[
                ("pod", "web-5d78c9869d-x2k7l"),
                ("namespace", "shop"),
                ("workload", "Deployment/web"),
            ])
        };
        assert_eq!(host.ask(&in_pod(Runtime::Unknown)), expected, "{path}");
    }
}

#[test]
fn files_that_say_nothing_are_passed_over() {
    let deep = "[".repeat(100_000);
    let long = DOCKER
        .replace("/web", &"x".repeat(FACT_MAX + 1))
        .replace("OWN", ID);
    let control = DOCKER.replace("/web", r"a\u0007\u001b[31m").replace("OWN", ID);
    for (text, image) in [
        (b"".as_slice(), false),
        (b"{}", false),
        (b"\xff\xfe", false),
        (deep.as_bytes(), false),
        // Another container's.
        (DOCKER.replace("OWN", OTHER).as_bytes(), false),
        (long.as_bytes(), true),
        (control.as_bytes(), true),
        (&vec![b' '; FILE_MAX + 1], false),
    ] {
        let host = Host::new();
        host.write(&docker_file(), text);
        let found = host.ask(&container(Runtime::Docker));
        assert_eq!((found.name, found.image.is_some()), (None, image));
    }
}

#[test]
fn a_file_that_would_block_is_not_opened() {
    let host = Host::new();
    let fifo = host.path(&docker_file());
    fs::create_dir_all(fifo.parent().unwrap()).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &fifo,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    assert_eq!(host.ask(&container(Runtime::Docker)), ContainerFacts::default());
}

#[test]
fn a_link_does_not_lead_out_of_the_root() {
    let (host, outside) = (Host::new(), Host::new());
    outside.write("/config.v2.json", DOCKER.replace("OWN", ID));
    let link = host.path(&docker_file());
    fs::create_dir_all(link.parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(outside.path("/config.v2.json"), link).unwrap();
    assert!(Path::new(&outside.path("/config.v2.json")).exists());
    assert_eq!(host.ask(&container(Runtime::Docker)), ContainerFacts::default());
}

#[test]
fn a_container_in_a_container_is_looked_for_inside() {
    // In the place of an id stands what every process's cgroups contain.
    for (id, pid, is_it) in [
        ("0::", std::process::id(), true),
        (ID, std::process::id(), false),
        ("0::", 0, false),
        ("0::", u32::MAX, false),
    ] {
        let host = Host::new();
        let outer = ContainerRef {
            id: id.to_owned(),
            ..container(Runtime::Docker)
        };
        host.write(
            &format!("/var/lib/docker/containers/{id}/config.v2.json"),
            format!(r#"{{"State":{{"Pid":{pid}}}}}"#),
        );
        let root = around::root_of(host.0.path().to_str().unwrap(), &outer);
        let own = Root::open("/proc/self/root").unwrap();
        assert_eq!(root.is_some_and(|root| root.is(&own)), is_it, "{id} {pid}");
    }
}
