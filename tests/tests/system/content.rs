//! Content is not read: of a request whose head the kernel has to send up, what follows the head is nowhere in the
//! agent's memory, ring buffers included.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

use umbra_tests::agent::{Agent, Setup};

use crate::expect::{HTTP, check_name, flow_of};
use crate::names::{OPENAI, OUTSIDE, bed_serving};

/// Stand in the head, and behind it.
const HEAD: &str = "in-the-head-of-";
const CONTENT: &str = "behind-the-head-of-";

#[test]
fn what_follows_a_head_does_not_reach_the_agent() {
    let Some(bed) = bed_serving(&[], &["--plain", "80"]) else {
        return;
    };
    let agent = Agent::start(&Setup::default());
    let manners: [(&str, &[&str]); 4] = [
        ("one", &[]),
        // The head ends within a piece, and at the end of one.
        ("some", &["--piece", "100"]),
        ("three", &["--piece", "300", "--pause", "1"]),
        ("many", &["--piece", "37"]),
    ];
    let mut requests = 0;
    for (manner, pieces) in manners {
        for (name, ending) in [(OPENAI.name, "\r\n"), (OPENAI.name, "\n"), (OUTSIDE[0].1, "\r\n")] {
            let mark = format!("{manner}-{requests}");
            requests += 1;
            let text = request(name, ending, &mark);
            let (pid, truth) = bed.say(OPENAI.name, 80, text.as_bytes(), pieces);
            assert!(truth.received > 2_000, "{truth:?}");
            if name == OPENAI.name {
                check_name(
                    &flow_of(&agent, |event| event.process.pid == pid).open,
                    HTTP,
                    &OPENAI,
                );
            }
            let memory = Memory::of(agent.process.pid());
            assert!(!memory.holds(&format!("{CONTENT}{mark}")), "{mark}");
            // Or else nothing would be found in any case.
            assert!(memory.holds(&format!("{HEAD}{mark}")), "{mark}");
        }
    }
    assert!(agent.stop().success());
}

/// A request with its host behind 700 bytes, and with much behind its head.
fn request(name: &str, ending: &str, mark: &str) -> String {
    let path = format!("/bytes/10/{}", format!("{HEAD}{mark}/").repeat(30));
    let content = format!("{CONTENT}{mark}.").repeat(100);
    [
        &format!("POST {path} HTTP/1.0"),
        &format!("Host: {name}"),
        &format!("Content-Length: {}", content.len()),
        "",
        &content,
    ]
    .join(ending)
}

/// What a process can read.
struct Memory(Vec<Vec<u8>>);

impl Memory {
    fn of(pid: u32) -> Self {
        let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("a process of ours");
        let file = File::open(format!("/proc/{pid}/mem")).expect("a process of ours");
        let regions = maps.lines().filter_map(|line| {
            let mut columns = line.split_whitespace();
            let (begin, end) = columns.next()?.split_once('-')?;
            let begin = u64::from_str_radix(begin, 16).ok()?;
            let length = u64::from_str_radix(end, 16).ok()? - begin;
            let mut bytes = vec![0; usize::try_from(length).ok()?];
            let is_data = columns.next()?.starts_with("rw") || line.contains("bpf-map");
            // What cannot be read (`[vvar]`) holds nothing of ours.
            (is_data && file.read_exact_at(&mut bytes, begin).is_ok()).then_some(bytes)
        });
        Self(regions.collect())
    }

    fn holds(&self, text: &str) -> bool {
        let holds = |region: &Vec<u8>| {
            region
                .windows(text.len())
                .any(|window| window[0] == text.as_bytes()[0] && window == text.as_bytes())
        };
        self.0.iter().any(holds)
    }
}
