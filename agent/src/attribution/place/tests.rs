use super::*;

const ID: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[test]
fn units_and_containers_are_read_from_paths() {
    let table = [
        ("/".to_owned(), None, None),
        (
            "/system.slice/cron.service".to_owned(),
            None,
            Some("cron.service"),
        ),
        (
            "/user.slice/user-1000.slice/session-3.scope".to_owned(),
            None,
            Some("session-3.scope"),
        ),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/code.scope".to_owned(),
            None,
            Some("code.scope"),
        ),
        (format!("/system.slice/docker-{ID}.scope"), Some(ID), None),
        (
            format!("/machine.slice/libpod-{ID}.scope/container"),
            Some(ID),
            None,
        ),
        (
            format!("/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope"),
            Some(ID),
            None,
        ),
        (format!("/docker/{ID}"), Some(ID), None),
        (
            "/system.slice/docker-0123.scope".to_owned(),
            None,
            Some("docker-0123.scope"),
        ),
    ];
    for (path, container, unit) in table {
        let expected = Place {
            container: container.map(str::to_owned),
            unit: unit.map(str::to_owned),
        };
        assert_eq!(of_path(&path), expected, "{path}");
    }
}

#[test]
fn on_a_hybrid_host_systemd_s_hierarchy_tells() {
    let text = "12:pids:/system.slice/cron.service\n1:name=systemd:/system.slice/cron.service\n0::/\n";
    assert_eq!(of_process(text).unit.as_deref(), Some("cron.service"));
}

#[test]
fn without_systemd_a_v1_controller_tells() {
    let text = format!("4:memory:/docker/{ID}\n0::/\n");
    assert_eq!(of_process(&text).container.as_deref(), Some(ID));
}
