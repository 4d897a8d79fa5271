//! The script that the guest runs, and what it says at the end.

use std::env;

use super::kernel::Kernel;
use crate::{shell, workspace};

const SECOND: &str = include_str!("second.sh");

/// The second script, made out for this command.
pub(super) fn script(kernel: &Kernel, command: &str) -> String {
    SECOND
        .replace("@PATH@", &shell::quote(&env::var("PATH").unwrap_or_default()))
        .replace("@ENVIRONMENT@", &environment())
        .replace("@MODULES@", &shell::quote(&kernel.modules().to_string_lossy()))
        .replace("@FOLDER@", &shell::quote(&workspace::root().to_string_lossy()))
        .replace("@COMMAND@", &shell::quote(command))
}

/// What a command may want to know of the outside; and that its CPU is emulated, so that it has patience.
fn environment() -> String {
    let passed =
        env::vars().filter(|(name, _)| matches!(name.as_str(), "CI" | "RUST_LOG" | "RUST_BACKTRACE"));
    passed
        .chain([("UMBRA_SLOW".to_owned(), "1".to_owned())])
        .map(|(name, value)| format!("{name}={}", shell::quote(&value)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The command's exit status, from the kernel's log.
pub(super) fn exit_status(console: &str) -> Option<u8> {
    console
        .lines()
        .rev()
        .find_map(|line| line.split_once("umbra-vm: exit ")?.1.trim().parse().ok())
}

/// The lines of the kernel's log that tell why there is no exit status.
pub(super) fn cause_of_death(console: &str) -> String {
    let lines: Vec<_> = console.lines().collect();
    let panic = lines.iter().position(|line| line.contains("Kernel panic"));
    let from = panic.map_or(lines.len(), |at| at + 5).saturating_sub(25);
    let shown = &lines[from..(from + 25).min(lines.len())];
    format!("\n  {}", shown.join("\n  "))
}
