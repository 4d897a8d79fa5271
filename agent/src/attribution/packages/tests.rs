mod languages;

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    process::Command,
    time::{Duration, Instant},
};

use tempfile::{TempDir, tempdir};

use super::*;

/// A root with these files.
fn root(files: &[(&str, &str)]) -> (TempDir, Root) {
    let directory = tempdir().expect("a directory");
    for (path, content) in files {
        let path = directory.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().expect("below the root")).expect("made");
        fs::write(path, content).expect("written");
    }
    let root = Root::open(&directory.path().to_string_lossy()).expect("there");
    (directory, root)
}

fn owner(root: &Root, path: &str) -> Option<(&'static str, String, Option<String>)> {
    let file = root.file(path).expect("there");
    let package = Packages::default().owner(root, false, &file)?;
    Some((package.manager, package.name, package.version))
}

/// What is expected, in the same form.
#[allow(clippy::unnecessary_wraps, reason = "the form that is compared with")]
fn package(
    manager: &'static str,
    name: &str,
    version: &str,
) -> Option<(&'static str, String, Option<String>)> {
    Some((manager, name.to_owned(), Some(version.to_owned())))
}

/// What `dpkg-query` says, the first line of it.
fn dpkg_query(arguments: &[&str]) -> Option<String> {
    let output = Command::new("dpkg-query").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(str::to_owned)
}

#[test]
fn this_hosts_packages_are_those_that_dpkg_query_tells() {
    if dpkg_query(&["--version"]).is_none() {
        println!("skipped: needs dpkg-query, of a Debian host");
        return;
    }
    let root = Root::open("/").expect("there");
    let mut packages = Packages::default();
    for path in [
        "/bin/bash",
        "/usr/bin/dpkg",
        "/usr/bin/env",
        "/usr/bin/perl",
        "/sbin/ldconfig",
        "/etc/debian_version",
    ] {
        let Ok(file) = root.file(path) else {
            println!("skipped: {path} is not here");
            continue;
        };
        let found = packages
            .owner(&root, false, &file)
            .unwrap_or_else(|| panic!("nobody owns {path}"));
        // It knows a file by one of its spellings alone.
        let owner = spellings(&file.path)
            .iter()
            .find_map(|path| dpkg_query(&["--search", path]))
            .expect("dpkg knows it");
        let name = owner.split([':', ',']).next().expect("a name");
        let version = dpkg_query(&["--show", "--showformat", "${Version}\n", name]);
        assert_eq!(
            (found.manager, found.name.as_str(), found.version),
            ("dpkg", name, version),
            "{path}"
        );
    }
}

#[test]
fn a_file_that_nobody_installed_has_no_owner() {
    let (_kept, root) = root(&[
        ("/var/lib/dpkg/info/curl.list", "/.\n/usr/bin/curl\n"),
        ("/var/lib/dpkg/status", "Package: curl\nVersion: 1\n"),
        ("/usr/bin/curl2", ""),
        ("/usr/bin/cur", ""),
        ("/srv/usr/bin/curl", ""),
        ("/home/ann/curl", ""),
    ]);
    for path in [
        "/usr/bin/curl2",
        "/usr/bin/cur",
        "/srv/usr/bin/curl",
        "/home/ann/curl",
    ] {
        assert_eq!(owner(&root, path), None, "{path}");
    }
}

#[test]
fn dpkgs_diversions_and_architectures_are_heeded() {
    let (_kept, root) = root(&[
        ("/var/lib/dpkg/info/dash.list", "/.\n/bin/sh\n/bin/dash"),
        ("/var/lib/dpkg/info/other.list", "/.\n/bin/sh\n"),
        ("/var/lib/dpkg/info/tool:amd64.list", "/.\n/usr/lib/tool/tool\n"),
        ("/var/lib/dpkg/diversions", "/bin/sh\n/bin/sh.distrib\nother\n"),
        (
            "/var/lib/dpkg/status",
            "Package: dash\nVersion: 1\n\nPackage: tool\nArchitecture: i386\nVersion: 3\n\n\
             Package: tool\nArchitecture: amd64\nVersion: 2:4-5\n\nPackage: other\nVersion: 6\n",
        ),
        ("/bin/sh", ""),
        ("/bin/sh.distrib", ""),
        ("/usr/bin/dash", ""),
        ("/lib/tool/tool", ""),
    ]);
    assert_eq!(owner(&root, "/bin/sh"), package("dpkg", "other", "6"));
    assert_eq!(owner(&root, "/bin/sh.distrib"), package("dpkg", "dash", "1"));
    // By its other name in the merged /usr, and at the end of a list.
    assert_eq!(owner(&root, "/usr/bin/dash"), package("dpkg", "dash", "1"));
    assert_eq!(owner(&root, "/lib/tool/tool"), package("dpkg", "tool", "2:4-5"));
}

#[test]
fn other_systems_databases_are_read() {
    let (_kept, distroless) = root(&[
        (
            "/var/lib/dpkg/status.d/python3.11",
            "Package: python3.11\nVersion: 3.11.2-6\n",
        ),
        (
            "/var/lib/dpkg/status.d/python3.11.md5sums",
            "0123  usr/bin/python3.11\n",
        ),
        ("/usr/bin/python3.11", ""),
    ]);
    assert_eq!(
        owner(&distroless, "/usr/bin/python3.11"),
        package("dpkg", "python3.11", "3.11.2-6")
    );

    let (_kept, alpine) = root(&[
        (
            "/lib/apk/db/installed",
            "C:Q1x\nP:busybox\nV:1.36.1-r5\nF:bin\nR:busybox\n\nC:Q1y\nP:curl\nV:8.5.0-r0\nF:usr\nF:usr/bin\nR:curl\nZ:Q1z\n",
        ),
        ("/usr/bin/curl", ""),
        ("/bin/busybox", ""),
        ("/usr/bin/other", ""),
    ]);
    assert_eq!(
        owner(&alpine, "/usr/bin/curl"),
        package("apk", "curl", "8.5.0-r0")
    );
    assert_eq!(
        owner(&alpine, "/bin/busybox"),
        package("apk", "busybox", "1.36.1-r5")
    );
    assert_eq!(owner(&alpine, "/usr/bin/other"), None);

    let (_kept, arch) = root(&[
        (
            "/var/lib/pacman/local/curl-8.5.0-1/desc",
            "%NAME%\ncurl\n\n%VERSION%\n8.5.0-1\n",
        ),
        (
            "/var/lib/pacman/local/curl-8.5.0-1/files",
            "%FILES%\nusr/\nusr/bin/\nusr/bin/curl\n",
        ),
        ("/var/lib/pacman/local/ALPM_DB_VERSION", "9\n"),
        ("/usr/bin/curl", ""),
    ]);
    assert_eq!(
        owner(&arch, "/usr/bin/curl"),
        package("pacman", "curl", "8.5.0-1")
    );
}

/// A program in rpm's place.
fn rpm(script: &str) -> (TempDir, String) {
    let directory = tempdir().expect("a directory");
    let path = directory.path().join("rpm");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("ours");
    let path = path.to_string_lossy().into_owned();
    (directory, path)
}

#[test]
fn rpm_is_asked_for_the_path_and_not_waited_for_long() {
    let (_kept, program) = rpm(concat!(
        r#"while [ "$1" != -- ]; do shift; done; printf 'curl\t8.5.0-1.fc40\n'; "#,
        r#"case "$2" in /hanging) exec sleep 600;; /usr/bin/curl) ;; *) exit 1;; esac"#,
    ));
    // While another test forks, the script that was just written may be busy.
    let patience = Duration::from_secs(20);
    let found = (0..1_000)
        .find_map(|_| rpm::ask(&program, "/var/lib/rpm", "/usr/bin/curl", patience))
        .expect("an answer");
    assert_eq!(
        (found.name.as_str(), found.version.as_deref()),
        ("curl", Some("8.5.0-1.fc40"))
    );
    assert_eq!(
        rpm::ask(&program, "/var/lib/rpm", "/usr/bin/other", patience),
        None
    );

    let started = Instant::now();
    assert_eq!(
        rpm::ask(&program, "/var/lib/rpm", "/hanging", Duration::from_millis(500)),
        None
    );
    let took = started.elapsed();
    assert!(
        took >= Duration::from_millis(500) && took < Duration::from_mins(1),
        "{took:?}"
    );
}

#[test]
fn what_packages_say_of_themselves_is_cut_and_cleaned() {
    let name = "x".repeat(10_000);
    let manifest = format!(r#"{{"name": "{name}", "version": "1\u001b[2J\n2"}}"#);
    let (_kept, root) = root(&[
        ("/node_modules/x/package.json", &manifest),
        ("/node_modules/x/x.js", ""),
    ]);
    let (_, name, version) = owner(&root, "/node_modules/x/x.js").expect("named");
    assert_eq!((name.len(), version.as_deref()), (TEXT_MAX, Some("1[2J2")));
}

#[test]
fn a_database_that_is_a_fifo_or_endless_is_passed_over() {
    let (directory, root) = root(&[
        ("/usr/bin/curl", ""),
        ("/var/lib/dpkg/info/a.list", "/usr/bin/curl\n"),
    ]);
    let place = |path: &str| directory.path().join(path);
    rustix::fs::mkfifoat(
        rustix::fs::CWD,
        place("var/lib/dpkg/status"),
        rustix::fs::Mode::RUSR,
    )
    .expect("made");
    // Sparse, and larger than any list may be.
    let huge = fs::File::create(place("var/lib/dpkg/info/huge.list")).expect("made");
    huge.set_len(1 << 40).expect("sparse");
    assert_eq!(
        owner(&root, "/usr/bin/curl"),
        Some(("dpkg", "a".to_owned(), None))
    );
}

#[test]
fn reading_ends_with_the_budget() {
    let (directory, root) = root(&[("/usr/bin/curl", ""), ("/var/lib/dpkg/info/z", "")]);
    // 40 lists of 15 MiB: more than may be read for one file.
    for number in 0..40 {
        let list = fs::File::create(directory.path().join(format!("var/lib/dpkg/info/{number}.list")))
            .expect("made");
        list.set_len(15 << 20).expect("sparse");
    }
    let reader = Reader::new(&root);
    assert_eq!(dpkg::owner(&reader, "/usr/bin/curl"), None);
    let read = (0..40)
        .filter(|number| {
            reader
                .text(&format!("/var/lib/dpkg/info/{number}.list"), 15 << 20)
                .is_some()
        })
        .count();
    assert_eq!(read, 0, "the budget was used up");
}

#[test]
fn an_owner_is_looked_for_once() {
    let (directory, root) = root(&[
        ("/node_modules/x/package.json", r#"{"name": "x", "version": "1"}"#),
        ("/node_modules/x/x.js", ""),
    ]);
    let mut packages = Packages::default();
    let file = root.file("/node_modules/x/x.js").expect("there");
    let first = packages.owner(&root, false, &file);
    fs::remove_file(directory.path().join("node_modules/x/package.json")).expect("there");
    assert_eq!(packages.owner(&root, false, &file), first);
    assert!(first.is_some());
}
