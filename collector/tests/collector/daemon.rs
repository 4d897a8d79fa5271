//! Servers that tests start, each in a directory of its own, and end by their handle.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that runs until this is dropped.
pub(crate) struct Daemon(Child);

impl Daemon {
    /// Starts it and waits until the port answers; `None` where there is no such program, which is said.
    pub(crate) fn start(command: &mut Command, port: u16) -> Option<Self> {
        let child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut daemon = match child {
            Ok(child) => Self(child),
            Err(error) => {
                println!("skipped: {command:?}: {error}; `cargo xtask setup` installs it");
                return None;
            }
        };
        let begin = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            let ended = daemon.0.try_wait().expect("its state");
            assert!(ended.is_none(), "{command:?} ended: {ended:?}");
            assert!(
                begin.elapsed() < Duration::from_secs(30),
                "{command:?} does not listen"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(daemon)
    }
}

impl Daemon {
    /// Sends it a signal, such as `STOP`.
    pub(crate) fn tell(&self, signal: &str) {
        let mut kill = Command::new("kill");
        let status = kill
            .arg(format!("-{signal}"))
            .arg(self.0.id().to_string())
            .status();
        assert!(status.expect("kill").success());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port of loopback that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}
