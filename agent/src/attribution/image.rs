//! What a process executed, in user space's types.

use std::sync::OnceLock;

use umbra_agent_common::process::{CUT_ARGUMENTS, Image as Record, PATH_MAX};
use umbra_report::Program;

use super::program;

/// What a process executed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// Path of the executable file, in the process's mount namespace.
    pub executable: Option<String>,
    /// Arguments, the first of which is the name that the program was called by.
    pub arguments: Vec<String>,
    /// There were more arguments than were kept.
    pub arguments_cut: bool,
    /// Working directory at exec.
    pub directory: Option<String>,
    program: OnceLock<Program>,
}

impl Image {
    /// Of a process as `/proc` shows it.
    pub fn new(
        executable: Option<String>,
        arguments: Vec<String>,
        arguments_cut: bool,
        directory: Option<String>,
    ) -> Self {
        Self {
            executable,
            arguments,
            arguments_cut,
            directory,
            program: OnceLock::new(),
        }
    }

    /// What a person would say runs; found out once.
    pub fn program(&self) -> &Program {
        self.program.get_or_init(|| program::of(self))
    }

    /// From the kernel's record. Bytes that are not UTF-8 are replaced.
    pub fn from_record(record: &Record) -> Self {
        let length = (record.arguments_length as usize).min(record.arguments.len());
        Self::new(
            path(&record.executable, record.executable_start),
            split_arguments(&record.arguments[..length]),
            record.cut & CUT_ARGUMENTS != 0,
            path(&record.directory, record.directory_start),
        )
    }
}

/// Arguments lie one behind the other, each ended by a zero byte; the last one may be cut.
pub(super) fn split_arguments(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes
        .split(|byte| *byte == 0)
        .map(|argument| String::from_utf8_lossy(argument).into_owned())
        .collect()
}

fn path(buffer: &[u8; PATH_MAX], start: u32) -> Option<String> {
    let path = buffer.get(start as usize..)?;
    (!path.is_empty()).then(|| String::from_utf8_lossy(path).into_owned())
}
