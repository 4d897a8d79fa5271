//! A program in a terminal of 80 by 24, as a person has it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::wait::{eventually, poll};

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// A child in a terminal of its own, ended with it.
pub struct Terminal {
    child: Child,
    keys: File,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Terminal {
    /// Starts the command.
    pub fn start(command: &mut Command) -> Self {
        let (keys, other_end) = pair().expect("a pseudo-terminal (pty(7))");
        let pipe = || Stdio::from(other_end.try_clone().expect("a file descriptor"));
        let child = command
            .env("TERM", "xterm-256color")
            .stdin(pipe())
            .stdout(pipe())
            .stderr(pipe())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
        let (mut output, drawn) = (keys.try_clone().expect("a file descriptor"), screen.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // An error is how the end of the child shows.
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                let mut screen = drawn.lock().unwrap_or_else(PoisonError::into_inner);
                screen.process(&bytes[..count]);
            }
        });
        Self { child, keys, screen }
    }

    /// Presses keys, given as their bytes.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal");
    }

    /// What stands on the screen.
    pub fn text(&self) -> String {
        let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        screen.screen().contents()
    }

    /// Waits until all these texts stand on the screen.
    pub fn shows(&self, texts: &[&str], limit: Duration) -> String {
        eventually(limit, || {
            let text = self.text();
            let all = texts.iter().all(|wanted| text.contains(wanted));
            if all {
                Ok(text)
            } else {
                Err(format!("{texts:?} are not in\n{text}"))
            }
        })
    }

    /// Sends what Ctrl-C does.
    pub fn interrupt(&self) {
        let child = Pid::from_child(&self.child);
        kill_process(child, Signal::INT).expect("our own child");
    }

    /// Waits for the child's end.
    pub fn ended(&mut self, limit: Duration) -> ExitStatus {
        let ended = poll(limit, || self.child.try_wait().expect("our own child"));
        ended.unwrap_or_else(|| panic!("it does not end, and shows\n{}", self.text()))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both ends.
fn pair() -> rustix::io::Result<(File, OwnedFd)> {
    let own = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&own)?;
    unlockpt(&own)?;
    let name = ptsname(&own, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let other = rustix::fs::open(&*name, flags, Mode::empty())?;
    let size = Winsize {
        ws_row: ROWS,
        ws_col: COLUMNS,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&other, size)?;
    Ok((own.into(), other))
}
