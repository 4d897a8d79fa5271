use std::fs;

use super::*;

/// Where `name` is found when user 1000 calls `called` in `/srv/app`, in a root with these files.
fn found(files: &[&str], executable: &str, called: &str, name: &str) -> Option<String> {
    let directory = tempfile::tempdir().expect("a directory");
    for path in files.iter().chain(&["/etc/passwd"]) {
        let path = directory.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().expect("below the root")).expect("made");
        fs::write(path, "ann:x:1000:1000::/home/ann:/bin/sh\n").expect("written");
    }
    let root = Root::open(&directory.path().to_string_lossy()).expect("there");
    let module = Module {
        name: name.to_owned(),
        called: Some(called.to_owned()),
        directory: Some("/srv/app".to_owned()),
        uid: 1000,
    };
    find(&root, executable, &module).map(|file| file.path)
}

const PYTHON: &str = "/usr/bin/python3.11";

#[test]
fn python_s_order_is_followed() {
    let all = [
        "/srv/app/llm.py",
        "/usr/lib/python3.11/llm.py",
        "/home/ann/.local/lib/python3.11/site-packages/llm/__main__.py",
        "/usr/local/lib/python3.11/dist-packages/llm/__main__.py",
        "/usr/lib/python3.11/site-packages/llm/__main__.py",
        "/usr/lib64/python3.11/site-packages/llm/__main__.py",
        "/usr/lib/python3/dist-packages/llm.py",
    ];
    for first in 0..all.len() {
        let there = &all[first..];
        assert_eq!(found(there, PYTHON, "python3", "llm").as_deref(), Some(there[0]));
    }
    assert_eq!(found(&[], PYTHON, "python3", "llm"), None);
}

#[test]
fn an_environment_has_its_own() {
    let own = "/srv/app/.venv/lib/python3.11/site-packages/llm/__main__.py";
    let files = [
        "/srv/app/.venv/pyvenv.cfg",
        own,
        "/usr/lib/python3/dist-packages/llm.py",
        "/usr/lib/python3/dist-packages/other.py",
        "/usr/lib/python3.11/http/server.py",
    ];
    for called in [".venv/bin/python", "/srv/app/.venv/bin/python3"] {
        assert_eq!(found(&files, PYTHON, called, "llm").as_deref(), Some(own));
        assert_eq!(found(&files, PYTHON, called, "other"), None);
        let standard = found(&files, PYTHON, called, "http.server");
        assert_eq!(standard.as_deref(), Some("/usr/lib/python3.11/http/server.py"));
    }
}

#[test]
fn of_several_versions_none_is_guessed() {
    let one = ["/opt/py/lib/python3.12/site-packages/llm.py"];
    let python = "/opt/py/bin/python3";
    assert_eq!(found(&one, python, python, "llm").as_deref(), Some(one[0]));
    let two = [one[0], "/opt/py/lib/python3.13/site-packages/llm.py"];
    assert_eq!(found(&two, python, python, "llm"), None);
}

#[test]
fn what_is_no_name_leads_nowhere() {
    let files = ["/srv/app/a.py", "/srv/a.py", "/etc/secret.py"];
    assert!(found(&files, PYTHON, "python3", "a").is_some());
    for name in ["", ".", "..a", "a.", "../a", "/etc/secret", "a/../a", "a\0"] {
        assert_eq!(found(&files, PYTHON, "python3", name), None, "{name:?}");
    }
}
