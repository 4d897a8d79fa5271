//! A client whose socket has a history (`clients/owner/`), and a script of bash that opens one itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use crate::bed::TestBed;
use crate::hello::Hello;
use crate::machine::{output, program, workshop};
use crate::process::Process;

const SOURCES: [(&str, &str); 9] = [
    ("owner.h", include_str!("../clients/owner/owner.h")),
    ("main.c", include_str!("../clients/owner/main.c")),
    ("talk.c", include_str!("../clients/owner/talk.c")),
    ("pass.c", include_str!("../clients/owner/pass.c")),
    ("datagram.c", include_str!("../clients/owner/datagram.c")),
    ("open.c", include_str!("../clients/owner/open.c")),
    ("ring.c", include_str!("../clients/owner/ring.c")),
    ("many.c", include_str!("../clients/owner/many.c")),
    ("disguise.c", include_str!("../clients/owner/disguise.c")),
];
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// The client in a test bed, with the hello that it says.
#[derive(Debug)]
pub struct Owner {
    /// The program.
    pub exe: PathBuf,
    /// File with the hello.
    pub hello: PathBuf,
    /// How long the hello is, in bytes.
    pub length: u64,
    name: String,
}

/// One that has ended.
#[derive(Debug)]
pub struct Done {
    /// The process that was started.
    pub pid: u32,
    /// What it said: `WORD NUMBER` a line. A word that is said twice has its last number.
    pub said: BTreeMap<String, u32>,
}

impl Owner {
    /// Puts it into the bed's folder, with a hello to `name`; the error says why it cannot be built here.
    pub fn new(bed: &TestBed, name: &str) -> Result<Self, String> {
        static BUILT: LazyLock<Result<PathBuf, String>> = LazyLock::new(build);
        let built = BUILT.as_ref().map_err(Clone::clone)?;
        let (exe, hello) = (bed.dir().join("owner"), bed.dir().join("hello"));
        let hello_to_name = Hello {
            name: Some(name),
            ..Hello::default()
        };
        let bytes = hello_to_name.records(usize::MAX);
        fs::copy(built, &exe)
            .and_then(|_| fs::write(&hello, &bytes))
            .map_err(|error| format!("{}: {error}", bed.dir().display()))?;
        Ok(Self {
            exe,
            hello,
            length: bytes.len() as u64,
            name: name.to_owned(),
        })
    }

    /// The same client with another hello.
    #[must_use]
    pub fn saying(&self, bed: &TestBed, hello: &[u8]) -> Self {
        let file = bed.dir().join("another-hello");
        fs::write(&file, hello).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        Self {
            exe: self.exe.clone(),
            hello: file,
            length: hello.len() as u64,
            name: self.name.clone(),
        }
    }

    /// Its arguments, the name that it is called by first.
    pub fn args(&self, called: &str, manner: &str, port: u16, more: &[&str]) -> Vec<String> {
        let hello = self.hello.to_string_lossy();
        let port = port.to_string();
        let own = [called, manner, "127.0.0.1", &port, &hello];
        own.iter().chain(more).map(|&arg| arg.to_owned()).collect()
    }

    /// Runs it to its end, in the bed or by a command in front of it.
    pub fn run(&self, bed: &TestBed, before: &[&str], manner: &str, port: u16, more: &[&str]) -> Done {
        let mut process = self.start(bed, before, manner, port, more);
        let status = process.wait(PATIENCE);
        assert!(status.success(), "{manner}: {status}: {}", process.stderr.text());
        Done::of(&process)
    }

    /// Starts it.
    pub fn start(&self, bed: &TestBed, before: &[&str], manner: &str, port: u16, more: &[&str]) -> Process {
        let exe = self.exe.to_string_lossy().into_owned();
        let args = self.args(&exe, manner, port, more);
        let mut words = before.iter().map(|&word| word.to_owned()).chain(args);
        let mut command = bed.command(words.next().expect("the program's own name"));
        Process::start(command.args(words))
    }

    /// A script that opens a socket itself, says the hello and waits for an answer.
    pub fn bash(&self, port: u16) -> Result<String, String> {
        let bash = program("bash")?;
        let hello = Hello {
            name: Some(&self.name),
            ..Hello::default()
        };
        let bytes = hello.records(usize::MAX);
        let escaped = bytes.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "\\x{byte:02x}");
            text
        });
        Ok(format!(
            "#!{}\nexec 3<>/dev/tcp/127.0.0.1/{port}\nprintf '%b' '{escaped}' >&3\nread -r -N 1 -u 3 _\nexit 0\n",
            bash.display()
        ))
    }
}

impl Done {
    /// What a process that has ended said.
    pub fn of(process: &Process) -> Self {
        let said = process.stdout.all().into_iter().filter_map(|line| {
            let (word, number) = line.split_once(' ')?;
            Some((word.to_owned(), number.trim().parse().ok()?))
        });
        Self {
            pid: process.pid(),
            said: said.collect(),
        }
    }
}

/// Linked statically: so it runs in an empty root, and lives for a millisecond.
fn build() -> Result<PathBuf, String> {
    let (folder, product) = (workshop().join("owner-source"), workshop().join("owner"));
    let is_written =
        |(name, text): &(&str, &str)| fs::read_to_string(folder.join(name)).is_ok_and(|there| there == *text);
    if !SOURCES.iter().all(is_written) || !product.exists() {
        fs::create_dir_all(&folder)
            .and_then(|()| {
                SOURCES
                    .iter()
                    .try_for_each(|(name, text)| fs::write(folder.join(name), text))
            })
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut command = Command::new(program("cc")?);
        command.args(["-static", "-O1", "-pthread", "-o"]).arg(&product);
        let (_header, files) = SOURCES.split_first().expect("it is the first");
        output(command.args(files.iter().map(|(name, _)| folder.join(name))))?;
    }
    Ok(product)
}
