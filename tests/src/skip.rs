//! A test that cannot run here says so; in CI (`CI` is set) that is a failure.

use std::io::Write;

use crate::machine;

/// Says why the test, or a part of it, does not run.
pub fn skip(why: &str) {
    let line = format!("skipped: {why}\n");
    // Not `eprintln!`: the test harness hides that when the test passes.
    let _ = std::io::stderr().write_all(line.as_bytes());
    assert!(std::env::var_os("CI").is_none(), "skipped in CI: {why}");
}

/// Whether something is left out because the processor is emulated, where it takes too long and shows no path of the
/// kernel's that other tests do not; it says so, and that is no skip.
pub fn spared(what: &str) -> bool {
    if machine::is_slow() {
        println!("{what}: tried outside, where the processor is not emulated");
    }
    machine::is_slow()
}

/// Whether all that the test needs is there; says what is not.
pub fn ready(needs: &[Need]) -> bool {
    for need in needs {
        if let Err(why) = need.met() {
            skip(&why);
            return false;
        }
    }
    true
}

/// What a test needs of the machine.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// To be root.
    Root,
    /// One of our own binaries.
    Binary(&'static str),
    /// An installed program.
    Program(&'static str),
}

impl Need {
    fn met(self) -> Result<(), String> {
        match self {
            Self::Root if machine::root() => Ok(()),
            Self::Root => Err("needs root".to_owned()),
            Self::Binary(name) => machine::binary(name).map(drop),
            Self::Program(name) => machine::program(name).map(drop),
        }
    }
}
