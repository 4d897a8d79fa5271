//! `umbra-agent check`: whether this host and the configuration are fit for `run`, row by row, each with its remedy.

use std::{fmt, fs, path::Path};

use rustix::{
    fs::{Access, access},
    system::uname,
};

use crate::{
    config::{Config, KernelLog},
    probes::{
        self, CgroupRoot, PROGRAMS,
        offsets::{self, KERNEL_BTF},
    },
};
use umbra_agent_common::offsets::FIELDS;

/// First kernel with all hooks and helpers: links on cgroups (5.7), the ring buffer (5.8), socket storage in
/// `cgroup_skb` and `sock_addr` (5.10).
const KERNEL: (u32, u32) = (5, 10);

/// Capabilities that `run` needs, by number (`include/uapi/linux/capability.h`), and what for.
const CAPABILITIES: [(u32, &str); 4] = [
    (39, "CAP_BPF"),
    (38, "CAP_PERFMON"),
    (12, "CAP_NET_ADMIN"),
    (19, "CAP_SYS_PTRACE"),
];

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What.
    pub subject: String,
    /// What was found; or what is wrong, with the remedy.
    pub finding: Result<String, String>,
}

/// Everything that was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table(Vec<Row>);

impl Table {
    /// Whether nothing is wrong.
    pub fn is_fit(&self) -> bool {
        self.0.iter().all(|row| row.finding.is_ok())
    }

    /// The rows, in the order in which `run` needs them.
    pub fn rows(&self) -> &[Row] {
        &self.0
    }

    fn add(&mut self, subject: &str, finding: Result<String, String>) {
        self.0.push(Row {
            subject: subject.to_owned(),
            finding,
        });
    }
}

/// Looks at everything; changes nothing: programs are loaded and dropped, never attached.
pub fn check(config: Option<&Path>) -> Table {
    let mut table = Table::default();
    let config = Config::load(config);
    let folder = config.as_ref().ok().map(|config| config.spool.directory());
    let catalogue = config.as_ref().ok().map(|config| config.catalogue.load());
    table.add(
        "configuration",
        config
            .map(|_| "is understood".to_owned())
            .map_err(|error| error.to_string()),
    );
    if let Some(catalogue) = catalogue {
        let size = |catalogue: umbra_catalog::Catalogue| {
            format!(
                "{} vendors, {} patterns",
                catalogue.vendors().len(),
                catalogue.patterns().count()
            )
        };
        table.add(
            "catalogue",
            catalogue.map(size).map_err(|error| error.to_string()),
        );
    }
    if let Some(folder) = folder {
        table.add("state folder", state_folder(&folder));
    }
    table.add("kernel", kernel(&uname().release().to_string_lossy()));
    table.add("type information", type_information());
    table.add("capabilities", capabilities());
    table.add("cgroup v2", cgroup());
    match probes::load(KernelLog::Off) {
        Ok((mut ebpf, _)) => {
            for program in &PROGRAMS {
                let loaded = probes::try_load(&mut ebpf, program);
                table.add(
                    program.name,
                    loaded
                        .map(|()| program.purpose.to_owned())
                        .map_err(|error| error.to_string()),
                );
            }
        }
        Err(error) => table.add("kernel programs", Err(error.to_string())),
    }
    table
}

/// Whether the agent can write there, or make the folder where it is to be.
fn state_folder(folder: &Path) -> Result<String, String> {
    let there = folder
        .ancestors()
        .find(|ancestor| ancestor.exists())
        .unwrap_or(folder);
    match access(there, Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) if there == folder => Ok(format!("{} can be written", folder.display())),
        Ok(()) => Ok(format!("{} is made when the agent starts", folder.display())),
        Err(error) => {
            let remedy = "run as root, or name another folder with `[spool] directory`";
            Err(format!(
                "{} cannot be written: {error}; {remedy}",
                there.display()
            ))
        }
    }
}

fn kernel(release: &str) -> Result<String, String> {
    let mut numbers = release
        .split(['.', '-', '+'])
        .map_while(|number| number.parse().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version >= KERNEL {
        Ok(release.to_owned())
    } else {
        Err(format!(
            "{release} is too old: Umbra needs {}.{} or later",
            KERNEL.0, KERNEL.1
        ))
    }
}

fn type_information() -> Result<String, String> {
    let found = offsets::find(KERNEL_BTF.as_ref()).map_err(|error| error.to_string())?;
    let known = FIELDS.len() - found.absent.len();
    Ok(match &*found.absent {
        [] => format!("{known} of {} fields", FIELDS.len()),
        // Nothing to remedy: the kernel was built without the feature.
        absent => format!(
            "{known} of {} fields; unknown stays: {}",
            FIELDS.len(),
            absent.join(", ")
        ),
    })
}

fn capabilities() -> Result<String, String> {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let effective = status
        .lines()
        .find_map(|line| u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok())
        .ok_or("cannot be read from /proc/self/status: is /proc mounted?")?;
    let missing: Vec<_> = CAPABILITIES
        .iter()
        .filter(|(number, _)| effective >> number & 1 == 0)
        .map(|(_, name)| *name)
        .collect();
    if missing.is_empty() {
        Ok(CAPABILITIES.map(|(_, name)| name).join(", "))
    } else {
        Err(format!(
            "{} missing: run umbra-agent as root, or give it these",
            missing.join(", ")
        ))
    }
}

fn cgroup() -> Result<String, String> {
    let root = CgroupRoot::open().map_err(|error| error.to_string())?;
    Ok(root.mounted_at.as_ref().map_or_else(
        || "is not mounted on this host; the agent mounts it for itself".to_owned(),
        |path| format!("mounted at {}", path.display()),
    ))
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Row { subject, finding } in &self.0 {
            let (mark, text) = match finding {
                Ok(text) => ("ok", text),
                Err(text) => ("FAILED", text),
            };
            writeln!(formatter, "{mark:<7} {subject:<17} {text}")?;
        }
        let failed = self.0.iter().filter(|row| row.finding.is_err()).count();
        match failed {
            0 => writeln!(formatter, "\nThis host is ready for `umbra-agent run`."),
            1 => writeln!(formatter, "\n1 thing is in the way; its row says what to do."),
            more => writeln!(
                formatter,
                "\n{more} things are in the way; their rows say what to do."
            ),
        }
    }
}

#[cfg(test)]
mod tests;
