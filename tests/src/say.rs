//! A client that says what it is told, byte for byte: `umbra-testbed say`.

use std::fs;
use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::bed::TestBed;
use crate::fetch::Pieces;
use crate::machine::binary;
use crate::process::Process;
use crate::truth::Connection;
use crate::wait::eventually;

/// What to say to whom.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Name or address.
    host: String,
    /// Port.
    port: u16,
    /// File with what is to be said.
    text: PathBuf,
    /// Write so many bytes at a time.
    #[arg(long)]
    piece: Option<usize>,
    /// Milliseconds to wait after each piece.
    #[arg(long, default_value_t = 0)]
    pause: u64,
    /// Leave once an answer has come, without reading it: the connection is reset.
    #[arg(long)]
    leave: bool,
}

/// In which what was said, and that it was all, is acknowledged.
const SETTLED: Duration = Duration::from_millis(200);

impl Arguments {
    /// Says it, and reads what is answered to the end.
    pub fn say(&self) -> anyhow::Result<()> {
        let text = fs::read(&self.text).with_context(|| format!("{}", self.text.display()))?;
        let stream = TcpStream::connect((self.host.as_str(), self.port))
            .with_context(|| format!("connect to {}:{}", self.host, self.port))?;
        let end = stream.try_clone()?;
        let mut stream = Pieces::new(stream, self.piece, Duration::from_millis(self.pause))?;
        stream.write_all(&text)?;
        end.shutdown(Shutdown::Write)?;
        if self.leave {
            end.peek(&mut [0]).context("wait for an answer")?;
            thread::sleep(SETTLED);
            return Ok(());
        }
        let answered = io::copy(&mut stream, &mut io::sink())?;
        ensure!(answered > 0, "there was no answer");
        Ok(())
    }
}

impl TestBed {
    /// Says something to the server by way of [`Arguments`]; gives the process that did, and what the server counted.
    pub fn say(&self, host: &str, port: u16, text: &[u8], manner: &[&str]) -> (u32, Connection) {
        let before = self.connections().len();
        let file = self.dir().join("text");
        fs::write(&file, text).expect("the bed's own folder");
        let helper = binary("umbra-testbed").unwrap_or_else(|why| panic!("{why}"));
        let mut command = self.command(helper);
        command.args(["say", host, &port.to_string()]).arg(file);
        let mut process = Process::start(command.args(manner));
        process.succeed(Duration::from_secs(20));
        let truth = eventually(Duration::from_secs(5), || {
            let truth = self.connections().get(before).cloned();
            truth.ok_or_else(|| "the server did not see it".to_owned())
        });
        (process.pid(), truth)
    }
}
