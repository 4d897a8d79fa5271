//! An agent, and clients whose sockets have a history.

use std::path::Path;

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::event::{Event, Flow};
use umbra_tests::machine::output;
use umbra_tests::owner::{Done, Owner};
use umbra_tests::skip::{Need, skip};

use crate::expect::{TLS, check_name, flow_of};
use crate::names::{OPENAI, bed_serving};

/// As in `clients/owner/main.c`.
pub(crate) const OTHER_USER: u32 = 12345;

/// A bed, the client in it, and an agent.
pub(crate) struct Stage {
    pub(crate) agent: Agent,
    pub(crate) bed: TestBed,
    pub(crate) owner: Owner,
}

/// Who must own a flow.
pub(crate) struct Expected<'a> {
    pub(crate) pid: u32,
    pub(crate) exe: &'a Path,
    pub(crate) args: Vec<String>,
    pub(crate) uid: u32,
}

impl Stage {
    pub(crate) fn new(needs: &[Need]) -> Option<Self> {
        Self::serving(needs, &[])
    }

    /// The same with more arguments for the server.
    pub(crate) fn serving(needs: &[Need], more: &[&str]) -> Option<Self> {
        let bed = bed_serving(needs, more)?;
        match Owner::new(&bed, OPENAI.name) {
            Ok(owner) => Some(Self {
                agent: Agent::start(&Setup::default()),
                bed,
                owner,
            }),
            Err(why) => {
                skip(&why);
                None
            }
        }
    }

    pub(crate) fn run(&self, manner: &str, more: &[&str]) -> Done {
        self.owner.run(&self.bed, &[], manner, OPENAI.port, more)
    }

    /// The arguments of the process that was started.
    pub(crate) fn own_args(&self, manner: &str, more: &[&str]) -> Vec<String> {
        let exe = self.owner.exe.to_string_lossy();
        self.owner.args(&exe, manner, OPENAI.port, more)
    }

    /// Root runs the client itself as process `pid`, with these arguments.
    pub(crate) fn by(&self, pid: u32, args: Vec<String>) -> Expected<'_> {
        Expected {
            pid,
            exe: &self.owner.exe,
            args,
            uid: 0,
        }
    }

    /// The process that was started owns what it did in `manner`; the others that took part own nothing.
    pub(crate) fn owned_by_the_started(&self, manner: &str, done: &Done) -> Flow {
        let expected = self.by(done.pid, self.own_args(manner, &[]));
        self.check(done, &expected)
    }

    /// The only flow of all that took part is as expected.
    pub(crate) fn check(&self, done: &Done, expected: &Expected<'_>) -> Flow {
        let took_part = |event: &Event| {
            let pid = event.process.pid;
            pid == done.pid || pid == expected.pid || done.said.values().any(|&said| said == pid)
        };
        let flow = flow_of(&self.agent, took_part);
        self.check_flow(&flow, expected);
        flow
    }

    pub(crate) fn check_flow(&self, flow: &Flow, expected: &Expected<'_>) {
        for event in std::iter::once(&flow.open).chain(&flow.close) {
            let process = &event.process;
            check_name(event, TLS, &OPENAI);
            assert_eq!(process.pid, expected.pid, "{event:?}");
            assert_eq!(process.exe.as_deref(), expected.exe.to_str(), "{event:?}");
            assert_eq!(process.args.as_ref(), Some(&expected.args), "{event:?}");
            assert_eq!(event.user.uid, expected.uid, "{event:?}");
        }
        let bytes = flow.bytes().expect("it is closed");
        assert_eq!(bytes.out, self.owner.length, "{flow:?}");
        assert!(bytes.r#in > 0, "{flow:?}");
    }

    /// A number in the bed's network statistics (`/proc/net/netstat`: names and numbers in two lines).
    pub(crate) fn statistic(&self, group: &str, name: &str) -> u64 {
        let text =
            output(self.bed.command("cat").arg("/proc/net/netstat")).unwrap_or_else(|why| panic!("{why}"));
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(group));
        let (names, numbers) = (lines.next().expect("names"), lines.next().expect("numbers"));
        let at = names.split(' ').position(|word| word == name);
        let number = numbers
            .split(' ')
            .nth(at.unwrap_or_else(|| panic!("no {name} in {names}")));
        number.and_then(|number| number.parse().ok()).expect("a number")
    }

    pub(crate) fn end(self) {
        assert!(self.agent.stop().success());
    }
}
