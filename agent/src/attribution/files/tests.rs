use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::fs::symlink,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use rustix::{
    fs::{CWD, Mode, Timespec, Timestamps, UTIME_OMIT, mkfifoat, utimensat},
    process::geteuid,
};
use tempfile::{TempDir, tempdir};

use super::*;
use crate::{attribution::procfs, clock::since_boot_ns};

/// SHA-256 of `hello`, by sha256sum(1).
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

/// A program that waits until it is dropped.
struct Running {
    child: Child,
    executable: String,
}

impl Running {
    /// A copy of `cat` in `directory`.
    fn start(directory: &Path) -> Self {
        let executable = directory.join("program");
        fs::copy("/bin/cat", &executable).expect("cat is there");
        // While another test forks, the file that was just written may be busy.
        let child = (0..1_000)
            .find_map(|_| {
                Command::new(&executable)
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .spawn()
                    .ok()
            })
            .expect("it starts");
        let mut running = Self {
            child,
            executable: executable.to_string_lossy().into_owned(),
        };
        // Once it answers, it has been executed.
        let (mut input, mut answer) = (running.child.stdin.as_ref().expect("piped"), [0]);
        input.write_all(b"x").expect("it reads");
        let output = running.child.stdout.as_mut().expect("piped");
        output.read_exact(&mut answer).expect("it answers");
        running
    }

    fn subject(&self) -> Subject {
        let seen = procfs::read(self.child.id()).expect("it runs");
        let ticks = rustix::param::clock_ticks_per_second();
        let started_ns = seen.started_ticks * (1_000_000_000 / ticks);
        Subject {
            pid: self.child.id(),
            started_ns,
            executable: Some(self.executable.clone()),
            executed: seen.image.file,
            script: None,
            module: None,
            on_host: true,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().expect("it is ours");
        self.child.wait().expect("it is ours");
    }
}

/// Someone who has gone, and whose script this is.
fn gone(script: &Path, started_ns: u64) -> Subject {
    Subject {
        pid: 0,
        started_ns,
        executable: None,
        executed: None,
        script: Some(script.to_string_lossy().into_owned()),
        module: None,
        on_host: true,
    }
}

/// The host's root is read from `/proc/1/root`: not for everybody.
fn examiner() -> Option<Examiner> {
    let examiner = Examiner::new();
    if examiner.host.is_none() {
        println!(
            "skipped: needs to read /proc/1/root (user {})",
            geteuid().as_raw()
        );
        return None;
    }
    Some(examiner)
}

fn file(name: &str, content: &[u8]) -> (TempDir, std::path::PathBuf) {
    let directory = tempdir().expect("a directory");
    let path = directory.path().join(name);
    fs::write(&path, content).expect("written");
    (directory, path)
}

/// Nanoseconds since boot, so many seconds from now.
fn later(seconds: i64) -> u64 {
    since_boot_ns().saturating_add_signed(seconds * 1_000_000_000)
}

#[test]
fn a_running_executable_is_hashed_and_intact() {
    let directory = tempdir().expect("a directory");
    let running = Running::start(directory.path());
    let facts = Examiner::new().examine(&running.subject());
    assert_eq!(facts.executable.state, State::Intact);
    assert_eq!(
        facts.executable.sha256,
        Ok(of_bytes(&fs::read("/bin/cat").expect("there")))
    );
    assert_eq!(facts.program(), &facts.executable);
}

#[test]
fn a_deleted_or_replaced_executable_is_said_to_be_and_still_hashed() {
    let directory = tempdir().expect("a directory");
    let running = Running::start(directory.path());
    let ran = Ok(of_bytes(&fs::read("/bin/cat").expect("there")));
    let mut examiner = Examiner::new();

    fs::remove_file(&running.executable).expect("there");
    let deleted = examiner.examine(&running.subject()).executable;
    assert_eq!((deleted.state, deleted.sha256), (State::Deleted, ran));

    fs::write(&running.executable, "another").expect("written");
    let replaced = examiner.examine(&running.subject()).executable;
    assert_eq!((replaced.state, replaced.sha256), (State::Replaced, ran));
}

#[test]
fn another_process_with_the_same_id_is_not_looked_at() {
    let directory = tempdir().expect("a directory");
    let running = Running::start(directory.path());
    let subject = Subject {
        started_ns: running.subject().started_ns + 1_000_000_000,
        on_host: false,
        ..running.subject()
    };
    assert_eq!(Examiner::new().examine(&subject).executable, FileFact::UNKNOWN);
}

#[test]
fn what_a_process_executes_now_is_not_what_it_executed_then() {
    let directory = tempdir().expect("a directory");
    let running = Running::start(directory.path());
    let (_kept, other) = file("other", b"hello");
    let subject = Subject {
        executable: Some(other.to_string_lossy().into_owned()),
        ..running.subject()
    };
    let fact = Examiner::new().examine(&subject).executable;
    assert_ne!(fact.sha256, Ok(of_bytes(&fs::read("/bin/cat").expect("there"))));
}

#[test]
fn an_older_file_in_the_place_of_what_ran_is_not_taken_for_it() {
    let Some(mut examiner) = examiner() else { return };
    let (_kept, path) = file("program", b"hello");
    let stat = rustix::fs::stat(&path).expect("just written");
    let executed = |inode| Executed {
        device: stat.st_dev,
        inode,
        nameless: Some(false),
    };
    // By its times it could be what ran: it is older than the process.
    let subject = |inode| Subject {
        executable: Some(path.to_string_lossy().into_owned()),
        executed: Some(executed(inode)),
        script: None,
        ..gone(&path, later(10))
    };
    let fact = examiner.examine(&subject(stat.st_ino)).executable;
    assert_eq!((fact.state, fact.sha256), (State::Intact, Ok(of_bytes(b"hello"))));
    let fact = examiner.examine(&subject(stat.st_ino + 1)).executable;
    assert_eq!((fact.state, fact.sha256), (State::Replaced, Err(Unhashed::Gone)));
}

#[test]
fn a_script_of_someone_who_has_gone_is_found_on_the_host() {
    let Some(mut examiner) = examiner() else { return };
    let (_kept, path) = file("bot.py", b"hello");
    let fact = *examiner.examine(&gone(&path, later(0))).program();
    assert_eq!(fact.state, State::Intact);
    assert_eq!(fact.sha256.map(|sha256| sha256.to_string()), Ok(HELLO.to_owned()));

    let elsewhere = Subject {
        on_host: false,
        ..gone(&path, later(0))
    };
    assert_eq!(examiner.examine(&elsewhere).program(), &FileFact::UNKNOWN);
}

#[test]
fn a_script_written_to_after_the_start_is_replaced_and_has_no_hash() {
    let Some(mut examiner) = examiner() else { return };
    let (_kept, path) = file("bot.py", b"hello");
    let fact = *examiner.examine(&gone(&path, later(-60))).program();
    assert_eq!((fact.state, fact.sha256), (State::Replaced, Err(Unhashed::Gone)));

    fs::remove_file(&path).expect("there");
    let fact = *examiner.examine(&gone(&path, later(-60))).program();
    assert_eq!((fact.state, fact.sha256), (State::Deleted, Err(Unhashed::Gone)));
}

#[test]
fn a_last_write_that_was_set_back_does_not_make_a_young_file_intact() {
    let Some(mut examiner) = examiner() else { return };
    let (_kept, path) = file("bot.py", b"hello");
    let past = Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: 1_000_000_000,
            tv_nsec: 0,
        },
    };
    utimensat(CWD, &path, &past, rustix::fs::AtFlags::empty()).expect("ours");
    let fact = *examiner.examine(&gone(&path, later(-60))).program();
    // File systems without a time of birth leave it open.
    assert!(matches!(fact.state, State::Replaced | State::Unknown), "{fact:?}");
}

#[test]
fn names_that_the_interpreter_completes_are_found() {
    let Some(mut examiner) = examiner() else { return };
    let (directory, path) = file("server.js", b"hello");
    let short = directory.path().join("server");
    assert_eq!(
        examiner.examine(&gone(&short, later(0))).program().state,
        State::Intact
    );
    fs::rename(&path, directory.path().join("__main__.py")).expect("there");
    let fact = *examiner.examine(&gone(directory.path(), later(0))).program();
    assert_eq!(fact.state, State::Intact);
}

#[test]
fn fifos_devices_and_directories_are_not_opened() {
    let Some(mut examiner) = examiner() else { return };
    let directory = tempdir().expect("a directory");
    let fifo = directory.path().join("fifo");
    mkfifoat(CWD, &fifo, Mode::RUSR).expect("made");
    for path in [
        &fifo,
        Path::new("/dev/zero"),
        directory.path(),
        Path::new("/proc/self/fd/0"),
    ] {
        let fact = *examiner.examine(&gone(path, later(0))).program();
        assert_eq!(fact, FileFact::UNKNOWN, "{}", path.display());
    }
}

#[test]
fn what_is_too_large_is_not_read() {
    let Some(mut examiner) = examiner() else { return };
    let (_kept, path) = file("model.py", b"");
    let sparse = fs::File::options().write(true).open(&path).expect("there");
    sparse.set_len(HASHED_MAX + 1).expect("sparse");
    let fact = *examiner.examine(&gone(&path, later(0))).program();
    assert_eq!(fact.sha256, Err(Unhashed::TooLarge));
}

#[test]
fn a_new_version_of_a_file_is_hashed_anew() {
    let Some(mut examiner) = examiner() else { return };
    let (_kept, path) = file("bot.py", b"hello");
    let mut seen = Vec::new();
    for content in ["hello", "jello", "hello"] {
        fs::write(&path, content).expect("written");
        let fact = *examiner.examine(&gone(&path, later(0))).program();
        seen.push(fact.sha256.expect("read").to_string());
    }
    assert_eq!([seen[0].as_str(), seen[2].as_str()], [HELLO; 2]);
    assert_ne!(seen[1], HELLO);
}

#[test]
fn links_do_not_lead_out_of_a_root() {
    let directory = tempdir().expect("a directory");
    fs::create_dir(directory.path().join("etc")).expect("made");
    fs::write(directory.path().join("etc/inside"), "hello").expect("written");
    symlink("/etc/inside", directory.path().join("absolute")).expect("linked");
    symlink("../../../../../../etc/passwd", directory.path().join("climbing")).expect("linked");
    symlink("/proc/self/root/etc/passwd", directory.path().join("magic")).expect("linked");
    let root = Root::open(&directory.path().to_string_lossy()).expect("there");

    assert_eq!(root.text("/absolute", 100).as_deref(), Some("hello"));
    let opened = root.file("/absolute").expect("there");
    assert_eq!(opened.path, "/etc/inside");
    for path in ["/climbing", "/magic", "/etc/passwd", "/../etc/passwd"] {
        assert!(root.file(path).is_err(), "{path}");
    }
    // The kernel tells a process's paths from its mount namespace's root, not from its own.
    let outside = directory.path().join("etc/inside");
    assert_eq!(
        root.file(&outside.to_string_lossy()).expect("there").path,
        "/etc/inside"
    );
}

#[test]
fn what_is_read_is_bounded() {
    let (directory, _) = file("long", &[b'x'; 100]);
    let root = Root::open(&directory.path().to_string_lossy()).expect("there");
    assert_eq!(root.read("/long", 99), None);
    assert_eq!(root.read("/long", 100).map(|content| content.len()), Some(100));
    for number in 0..10 {
        fs::write(directory.path().join(number.to_string()), "").expect("written");
    }
    assert_eq!(root.names("/", 5).len(), 5);
}

#[test]
fn unreadable_directories_give_no_names() {
    let directory = tempdir().expect("a directory");
    let root = Root::open(&directory.path().to_string_lossy()).expect("there");
    assert_eq!(root.names("/none", 5), Vec::<String>::new());
}

#[test]
fn the_memory_is_bounded_and_keeps_what_is_asked_for() {
    let mut recent = Recent::new(4);
    for number in 0..100 {
        recent.insert(number, number);
        assert_eq!(recent.get(&0), Some(0));
        assert!(recent.len() <= 8);
    }
    assert_eq!(recent.get(&50), None);
}

#[test]
fn examiners_go_to_worker_threads() {
    let mut examiner = Examiner::new();
    let directory = tempdir().expect("a directory");
    let running = Running::start(directory.path());
    let subject = running.subject();
    let facts = thread::spawn(move || examiner.examine(&subject))
        .join()
        .expect("no panic");
    assert_eq!(facts.executable.state, State::Intact);
}

fn of_bytes(bytes: &[u8]) -> Sha256 {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    Sha256(digest.as_ref().try_into().expect("32 bytes"))
}
