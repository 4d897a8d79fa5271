//! The contract's fields, and lines that no program's name can abuse.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, mpsc},
    time::Duration,
};

use serde_json::{Value, json};
use umbra_agent_common::process::Namespaces;
use umbra_catalog::Kind;
use umbra_report::{Caller, Program, User};

use super::{lines, ndjson, writer::Writer, *};
use crate::{
    attribution::{
        Ancestor, Image, Origin, OriginKind, Person, Place, Process, Progress,
        files::{FileFact, FileFacts, Sha256, State},
        packages::Package,
        people::Kind as UserKind,
    },
    flows::made_up::flow,
};

pub(crate) fn change(step: Step) -> Change {
    let flow = flow("1f-2a");
    let opened = flow.opened;
    Change {
        flow: Arc::new(flow),
        step,
        time: opened + Duration::from_millis(2_300),
        new_out: 100,
        new_in: 200,
        bytes_out: 1_234,
        bytes_in: 33_000_000,
    }
}

pub(crate) fn service() -> Service {
    Service {
        vendor: "OpenAI".into(),
        service: "OpenAI API".into(),
        kind: Kind::Api,
        host: "api.openai.com".into(),
    }
}

pub(crate) fn attributed(program: &str) -> Attributed {
    let program = Program {
        name: program.to_owned(),
        exe: Some("/usr/bin/python3.11".to_owned()),
        script: Some("/srv/bot.py".to_owned()),
        ..Program::default()
    };
    let user = User {
        uid: 1000,
        name: Some("ann".to_owned()),
        groups: Some(vec!["ann".to_owned(), "pilots".to_owned()]),
    };
    Attributed {
        process: Process {
            pid: 4711,
            ppid: 1,
            started: Some("2026-03-01T11:59:59Z".parse().unwrap()),
            started_ns: 1,
            files: Some(files()),
            image: Arc::new(Image::new(
                Some("/usr/bin/python3.11".to_owned()),
                vec!["python3".to_owned(), "/srv/bot.py".to_owned()],
                false,
                Some("/srv".to_owned()),
            )),
            program: program.clone(),
            session_id: Some(3),
            namespaces: Namespaces {
                pid: 4_026_531_836,
                net: 4_026_532_008,
                mnt: 0,
                user: 4_026_531_837,
            },
            ancestors: vec![Ancestor {
                pid: 1,
                program: "/usr/lib/systemd/systemd".to_owned(),
                uid: Some(0),
                user: Some("root".to_owned()),
            }],
        },
        user: Person {
            uid: 1000,
            gid: Some(1000),
            name: Some("ann".to_owned()),
            kind: Some(UserKind::Person),
            groups: user.groups.clone(),
            login_uid: None,
            login_name: None,
        },
        origin: Origin {
            kind: OriginKind::Ssh,
            peer: Some("192.0.2.9".parse().unwrap()),
            terminal: Some("pts/3".to_owned()),
            ..Origin::default()
        },
        place: Place {
            unit: Some("bot.service".to_owned()),
            ..Place::default()
        },
        container: None,
        caller: Arc::new(Caller {
            user,
            program,
            container: None,
            unit: None,
        }),
        progress: Progress::Complete,
    }
}

fn files() -> FileFacts {
    let fact = |byte, state| FileFact {
        sha256: Ok(Sha256([byte; 32])),
        state,
    };
    FileFacts {
        executable: fact(0xab, State::Intact),
        script: Some(fact(0xcd, State::Replaced)),
        package: Some(Package {
            manager: "pip",
            name: "bots".to_owned(),
            version: Some("1.2".to_owned()),
        }),
    }
}

fn told(step: Step, program: &str, print: impl Fn(&Told<'_>) -> String) -> String {
    let (change, service, attributed) = (change(step), service(), attributed(program));
    print(&Told {
        change: &change,
        name: "api.openai.com",
        service: &service,
        attributed: &attributed,
        relays: None,
    })
}

#[test]
fn a_close_has_every_field_of_the_contract() {
    let line = told(Step::Closed, "python3 /srv/bot.py", |told| {
        ndjson::line(told, "web-1")
    });
    let expected = json!({
        "time": "2026-03-01T12:00:02.3Z",
        "event": "flow_close",
        "flow_id": "1f-2a",
        "host": "web-1",
        "name": "api.openai.com",
        "evidence": "tls_sni",
        "vendor": "OpenAI",
        "service": "OpenAI API",
        "kind": "api",
        "protocol": "tcp",
        "dst": {"ip": "192.0.2.7", "port": 443},
        "process": {
            "pid": 4711,
            "ppid": 1,
            "exe": "/usr/bin/python3.11",
            "args": ["python3", "/srv/bot.py"],
            "cwd": "/srv",
            "program": "python3 /srv/bot.py",
            "script": "/srv/bot.py",
            "sha256": "cd".repeat(32),
            "exe_sha256": "ab".repeat(32),
            "script_state": "replaced",
            "package": {"manager": "pip", "name": "bots", "version": "1.2"},
            "started": "2026-03-01T11:59:59Z",
            "session_id": 3,
            "namespaces": {
                "pid": 4_026_531_836_u32,
                "net": 4_026_532_008_u32,
                "mnt": null,
                "user": 4_026_531_837_u32,
            },
            "ancestors": [{"pid": 1, "program": "/usr/lib/systemd/systemd", "uid": 0, "user": "root"}],
        },
        "user": {
            "uid": 1000,
            "gid": 1000,
            "name": "ann",
            "kind": "person",
            "groups": ["ann", "pilots"],
            "login_uid": null,
            "login_name": null,
        },
        "origin": {"kind": "ssh", "peer": "192.0.2.9", "tty": "pts/3"},
        "unit": "bot.service",
        "bytes_out": 1_234,
        "bytes_in": 33_000_000,
        "duration_ms": 2_300,
    });
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
    assert!(!line.contains('\n'));
}

#[test]
fn an_opening_has_no_counts() {
    let line = told(Step::Opened, "curl", |told| ndjson::line(told, "web-1"));
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["event"], "flow_open");
    assert!(
        ["bytes_out", "bytes_in", "duration_ms"]
            .iter()
            .all(|field| line.get(field).is_none()),
        "{line}"
    );
}

#[test]
fn a_person_reads_who_called_what() {
    let line = told(Step::Closed, "python3 /srv/bot.py", lines::line);
    assert_eq!(
        line,
        "12:00:02Z OpenAI API  api.openai.com  by python3 /srv/bot.py as ann (pid 4711, ssh from 192.0.2.9) closed: \
         1.2 kB out, 33.0 MB in, 2.3 s"
    );
}

#[test]
fn a_programs_name_does_not_steer_the_terminal() {
    let line = told(Step::Opened, "evil\u{1b}[2J\nname", lines::line);
    assert!(!line.contains(char::is_control), "{line:?}");
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn what_was_taken_is_written_before_the_end() {
    let sink = Shared::default();
    let writer = Writer::start(sink.clone(), Arc::default()).unwrap();
    (0..100).for_each(|number| writer.write(number.to_string()));
    drop(writer);
    let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
    let numbers: Vec<_> = text.lines().map(str::parse).collect();
    assert_eq!(numbers, (0..100).map(Ok).collect::<Vec<_>>());
    assert!(text.ends_with('\n'));
}

/// Does not take a byte until it is told to.
struct Stuck(mpsc::Receiver<()>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_reader_that_stops_costs_counted_lines_and_no_time() {
    let (go_on, stuck) = mpsc::channel();
    let losses = Arc::new(Losses::default());
    let writer = Writer::start(Stuck(stuck), losses.clone()).unwrap();
    (0..10_000).for_each(|_| writer.write("line".to_owned()));
    let lost = losses.for_report().get("output_queue_full").copied().unwrap_or(0);
    assert!((4_000..10_000).contains(&lost), "{lost}");
    drop(go_on);
}

#[test]
fn a_reader_that_is_gone_is_noticed() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let writer = Writer::start(Gone, Arc::default()).unwrap();
    writer.write("line".to_owned());
    for _ in 0..500 {
        if writer.is_closed() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("nobody noticed");
}
