use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const INNER: &str = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210";
const UID: &str = "1858680e-b044-4fd5-9dd4-f137e30e2180";
const STATIC_UID: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

fn container(runtime: Runtime, id: &str) -> ContainerRef {
    ContainerRef {
        id: id.to_owned(),
        runtime,
        pod: None,
        owner: None,
        outer: None,
    }
}

fn in_pod(runtime: Runtime, uid: &str, quality: Quality) -> ContainerRef {
    ContainerRef {
        pod: Some(Pod {
            uid: uid.to_owned(),
            quality,
        }),
        ..container(runtime, ID)
    }
}

/// `ID` and `INNER` stand for ids in the paths, `UID` for a pod's, `U_D` for the same in a slice.
fn of(path: &str) -> Place {
    let path = path
        .replace("INNER", INNER)
        .replace("STATIC_UID", STATIC_UID)
        .replace("UID", UID)
        .replace("U_D", &UID.replace('-', "_"))
        .replace("ID", ID);
    path::place(&path)
}

#[test]
fn units_are_the_systems_and_the_users() {
    for (path, unit, slice, user_unit, manager) in [
        ("/", None, None, None, None),
        ("/init.scope", Some("init.scope"), None, None, None),
        (
            "/system.slice/cron.service",
            Some("cron.service"),
            Some("system.slice"),
            None,
            None,
        ),
        // A template, in the slice of its instances; a name that systemd escaped; a cgroup of the service's own.
        (
            r"/system.slice/system-getty.slice/getty@tty1.service",
            Some("getty@tty1.service"),
            Some("system-getty.slice"),
            None,
            None,
        ),
        (
            r"/system.slice/run-user-1000-gvfs\x2dfuse.mount/worker",
            Some(r"run-user-1000-gvfs\x2dfuse.mount"),
            Some("system.slice"),
            None,
            None,
        ),
        (
            "/system.slice/docker.service",
            Some("docker.service"),
            Some("system.slice"),
            None,
            None,
        ),
        (
            "/user.slice/user-1000.slice/session-3.scope",
            Some("session-3.scope"),
            Some("user-1000.slice"),
            None,
            None,
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/init.scope",
            Some("user@1000.service"),
            Some("user-1000.slice"),
            Some("init.scope"),
            Some(1000),
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-code-1234.scope",
            Some("user@1000.service"),
            Some("user-1000.slice"),
            Some("app-gnome-code-1234.scope"),
            Some(1000),
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/app-org.gnome.Terminal.slice/\
             vte-spawn-f6c35e8c-5e2a-4c0c-9b1b-1f3c2d1e0f9a.scope",
            Some("user@1000.service"),
            Some("user-1000.slice"),
            Some("vte-spawn-f6c35e8c-5e2a-4c0c-9b1b-1f3c2d1e0f9a.scope"),
            Some(1000),
        ),
        // Read in a cgroup namespace.
        (
            "/../../system.slice/cron.service",
            Some("cron.service"),
            Some("system.slice"),
            None,
            None,
        ),
        // No unit, and no container: too short, not hexadecimal.
        (
            "/system.slice/docker-0123.scope",
            Some("docker-0123.scope"),
            Some("system.slice"),
            None,
            None,
        ),
        ("/.service", None, None, None, None),
    ] {
        let text = |text: Option<&str>| text.map(str::to_owned);
        let expected = Place {
            unit: text(unit),
            slice: text(slice),
            user_unit: text(user_unit),
            manager,
            container: None,
        };
        assert_eq!(of(path), expected, "{path}");
    }
}

#[test]
fn containers_are_known_by_their_runtimes_forms() {
    use Runtime::{Buildkit, Containerd, Crio, Docker, Lxc, Nspawn, Podman, Unknown};
    const BUILD: &str = "y4nk8w2m0qz7x5c3v1b9n6l8k";
    for (path, runtime, id) in [
        // Docker with either driver, and with a parent of the user's choice.
        ("/system.slice/docker-ID.scope", Docker, ID),
        ("/docker/ID", Docker, ID),
        ("/actions_job/ID", Unknown, ID),
        ("/ecs/0123456789abcdef0123456789abcdef/ID", Unknown, ID),
        (
            "/ecstasks.slice/ecstasks-0123456789abcdef.slice/docker-ID.scope",
            Docker,
            ID,
        ),
        // podman: either driver, the container's own cgroups, and in the unit that started it (quadlet).
        ("/machine.slice/libpod-ID.scope", Podman, ID),
        ("/machine.slice/libpod-ID.scope/container", Podman, ID),
        ("/libpod_parent/libpod-ID", Podman, ID),
        ("/system.slice/web.service/libpod-payload-ID", Podman, ID),
        // containerd by nerdctl and ctr; CRI-O.
        ("/system.slice/nerdctl-ID.scope", Containerd, ID),
        ("/default/ID", Containerd, ID),
        ("/system.slice/containerd.service/ID", Containerd, ID),
        ("/system.slice/crio-ID.scope", Crio, ID),
        // Steps of builds.
        ("/docker/buildkit/y4nk8w2m0qz7x5c3v1b9n6l8k", Buildkit, BUILD),
        // LXC before and since version 4, Incus with a project, and what runs below.
        ("/lxc/web/ns/system.slice/nginx.service", Lxc, "web"),
        ("/lxc.payload.dev_web/system.slice/nginx.service", Lxc, "dev_web"),
        ("/lxc.payload/101", Lxc, "101"),
        // systemd-nspawn.
        ("/machine.slice/machine-debian.scope/payload", Nspawn, "debian"),
        (
            "/machine.slice/systemd-nspawn@debian.service/payload/system.slice",
            Nspawn,
            "debian",
        ),
    ] {
        let place = of(path);
        assert_eq!(place.container, Some(container(runtime, id)), "{path}");
        assert_eq!(place.user_unit, None, "{path}");
    }
}

#[test]
fn what_helps_containers_runs_outside() {
    for path in [
        "/machine.slice/libpod-conmon-ID.scope",
        "/system.slice/crio-conmon-ID.scope",
        "/lxc.monitor.web",
        r"/machine.slice/machine-qemu\x2d1\x2dwin.scope/libvirt/emulator",
        "/system.slice/containerd.service",
        "/system.slice/web.service/runtime",
        "/kubepods.slice",
        "/kubepods/besteffort/podUID",
    ] {
        assert_eq!(of(path).container, None, "{path}");
    }
}

#[test]
fn pods_are_known_with_either_driver() {
    use Quality::{BestEffort, Burstable, Guaranteed};
    use Runtime::{Containerd, Crio, Docker, Unknown};
    for (path, expected) in [
        (
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podU_D.slice/cri-containerd-ID.scope",
            in_pod(Containerd, UID, Burstable),
        ),
        (
            "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-podU_D.slice/crio-ID.scope/container",
            in_pod(Crio, UID, BestEffort),
        ),
        (
            "/kubepods.slice/kubepods-podU_D.slice/docker-ID.scope",
            in_pod(Docker, UID, Guaranteed),
        ),
        (
            "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podSTATIC_UID.slice/cri-containerd-ID.scope",
            in_pod(Containerd, STATIC_UID, Burstable),
        ),
        ("/kubepods/burstable/podUID/ID", in_pod(Unknown, UID, Burstable)),
        (
            "/kubepods/besteffort/podUID/crio-ID",
            in_pod(Crio, UID, BestEffort),
        ),
        ("/kubepods/podUID/ID", in_pod(Unknown, UID, Guaranteed)),
        // With a cgroup root of the kubelet's.
        (
            "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/\
             kubelet-kubepods-burstable-podU_D.slice/cri-containerd-ID.scope",
            in_pod(Containerd, UID, Burstable),
        ),
        (
            "/kubelet/kubepods/besteffort/podUID/ID",
            in_pod(Unknown, UID, BestEffort),
        ),
        // systemd's names with a driver that does not speak to systemd.
        (
            "/system.slice/containerd.service/kubepods-besteffort-podU_D.slice:cri-containerd:ID",
            in_pod(Containerd, UID, BestEffort),
        ),
        (
            "/kubepods-podU_D.slice:cri-containerd:ID",
            in_pod(Containerd, UID, Guaranteed),
        ),
    ] {
        assert_eq!(of(path).container, Some(expected), "{path}");
    }
}

#[test]
fn the_innermost_container_counts_and_tells_the_outer_ones() {
    // kind: Docker runs a node, in which a kubelet runs pods.
    let place = of(
        "/system.slice/docker-INNER.scope/kubelet.slice/kubelet-kubepods.slice/\
                    kubelet-kubepods-podU_D.slice/cri-containerd-ID.scope",
    );
    let expected = ContainerRef {
        outer: Some(Box::new(container(Runtime::Docker, INNER))),
        ..in_pod(Runtime::Containerd, UID, Quality::Guaranteed)
    };
    assert_eq!(place.container, Some(expected));
    // Docker in Docker. A unit inside of a container is not the host's.
    let place = of("/docker/INNER/system.slice/web.service/docker/ID");
    let inner = place.container.unwrap();
    assert_eq!((inner.id.as_str(), inner.runtime), (ID, Runtime::Docker));
    assert_eq!(inner.outer.unwrap().id, INNER);
    assert_eq!(place.unit, None);
    // As deep as somebody may care to make directories.
    let deep = of(&"/docker/ID".repeat(1_000)).container.unwrap();
    assert_eq!(deep.depth(), 4);
}

#[test]
fn whoever_runs_containers_of_his_own_owns_them() {
    for (path, runtime, user_unit) in [
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-ID.scope/container",
            Runtime::Podman,
            None,
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-ID",
            Runtime::Podman,
            Some("web.service"),
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-ID.scope",
            Runtime::Docker,
            None,
        ),
    ] {
        let place = of(path);
        let owned = ContainerRef {
            owner: Some(1000),
            ..container(runtime, ID)
        };
        assert_eq!(place.container, Some(owned), "{path}");
        assert_eq!(place.unit.as_deref(), Some("user@1000.service"), "{path}");
        assert_eq!(place.user_unit.as_deref(), user_unit, "{path}");
    }
    let place = of("/system.slice/web.service/libpod-payload-ID");
    assert_eq!(place.unit.as_deref(), Some("web.service"));
    assert_eq!(place.container.unwrap().owner, None);
}

#[test]
fn on_a_hybrid_host_systemd_s_hierarchy_tells() {
    let text = "12:pids:/system.slice/cron.service\n1:name=systemd:/system.slice/cron.service\n0::/\n";
    assert_eq!(of_process(text, None).unit.as_deref(), Some("cron.service"));
}

#[test]
fn a_controller_tells_of_a_container_that_v2_does_not() {
    for v2 in ["/", "/system.slice/containerd.service"] {
        let text = format!("4:memory:/docker/{ID}\n1:name=systemd:/docker/{ID}\n0::{v2}\n");
        let place = of_process(&text, None);
        assert_eq!(place.container, Some(container(Runtime::Docker, ID)), "{v2}");
        assert_eq!(place.unit, None, "{v2}");
    }
    let text = format!("4:memory:/docker/{ID}\n0::/\n");
    assert_eq!(
        of_process(&text, None).container,
        Some(container(Runtime::Docker, ID))
    );
}

#[test]
fn a_process_that_has_moved_is_told_where_it_opened_its_flow() {
    let (then, now) = ("/system.slice/cron.service", "/system.slice/web.service");
    let place = of_process(&format!("0::{now}\n"), Some(then));
    assert_eq!(place.unit.as_deref(), Some("cron.service"));
    let place = of_process(&format!("0::{now} (deleted)\n"), None);
    assert_eq!(place.unit.as_deref(), Some("web.service"));
    // Of what it is in of other hierarchies nothing older is known.
    let text = format!("4:memory:/docker/{ID}\n0::{now}\n");
    assert_eq!(
        of_process(&text, Some(then)).container,
        Some(container(Runtime::Docker, ID))
    );
}
