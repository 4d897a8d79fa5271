//! The scorecard's scenarios, played as root: one JSON object a line, for `cargo xtask scorecard`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser;
use umbra_tests::scorecard::command::Arguments;

fn main() -> ExitCode {
    match Arguments::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}
