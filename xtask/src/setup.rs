//! `cargo xtask setup`: installs what is missing, says what it does, does nothing twice.

mod apt;
mod check;
mod distribution;
mod plan;
mod requirement;
mod step;

#[cfg(test)]
mod tests;

pub(crate) use check::VIRTIOFSD;
pub(crate) use requirement::Need;

use anyhow::{Result, bail};
use umbra_ebpf_build::{LLVM_MAJOR, PINNED_NIGHTLY};

use crate::shell;
use distribution::Distribution;
use plan::{Plan, plan};
use requirement::{ALL, Install, Requirement};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only what this needs, rather than everything.
    #[arg(long = "for", value_enum)]
    need: Option<Need>,
    /// Only say what would be done.
    #[arg(long)]
    dry_run: bool,
}

/// Shows every requirement and installs the missing ones.
pub(crate) fn main(arguments: &Arguments) -> Result<()> {
    let wanted = ALL
        .iter()
        .filter(|it| arguments.need.is_none_or(|need| it.needed_by.contains(&need)));
    let mut missing = Vec::new();
    for requirement in wanted {
        let found = requirement.check.passes();
        println!(
            "{:8} {}: {}",
            if found { "ok" } else { "missing" },
            requirement.name,
            requirement.why
        );
        if !found {
            missing.push(requirement);
        }
    }
    if missing.is_empty() {
        println!("nothing to do");
        return Ok(());
    }
    if !arguments.dry_run {
        return install(&missing);
    }
    let plan = plan_here(&missing)?;
    for step in plan.steps() {
        println!("would    {step}");
    }
    say_skipped(&plan);
    Ok(())
}

/// Installs what this need lacks; silent when that is nothing.
pub(crate) fn ensure(need: Need) -> Result<()> {
    let missing: Vec<_> = ALL
        .iter()
        .filter(|it| it.needed_by.contains(&need) && !it.check.passes())
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        install(&missing)
    }
}

fn install(missing: &[&Requirement]) -> Result<()> {
    let mut plan = plan_here(missing)?;
    if plan.is_stale() {
        step::Step::Update.take()?;
        plan = plan_here(missing)?;
    }
    say_skipped(&plan);
    if let Some(impossible) = plan.impossible.first() {
        bail!("{impossible}");
    }
    for step in plan.steps() {
        eprintln!("setup: {step}");
        step.take()?;
    }
    match missing.iter().find(|it| !it.optional && !it.check.passes()) {
        Some(it) => bail!("{} is still missing after its installation ({})", it.name, it.why),
        None => Ok(()),
    }
}

fn say_skipped(plan: &Plan) {
    for line in &plan.skipped {
        eprintln!("setup: {line}");
    }
}

/// A plan for this machine, or what a person has to do on one that we do not know.
fn plan_here(missing: &[&Requirement]) -> Result<Plan> {
    if let Distribution::Unknown(name) = Distribution::detect() {
        bail!(by_hand(&name, missing));
    }
    if shell::find_program("apt-get").is_none() {
        bail!(by_hand("this system (which has no apt-get)", missing));
    }
    let offered = apt::offered(&plan::packages(missing));
    Ok(plan(missing, &offered, shell::find_program("rustup").is_some()))
}

fn by_hand(system: &str, missing: &[&Requirement]) -> String {
    let mut lines = vec![format!(
        "setup does not know how to install on {system}; please install:"
    )];
    for it in missing {
        let how = match it.install {
            Install::Package(names) => format!("what Debian calls {}", names[0]),
            Install::Service(name, _) => format!("what Debian calls {name}"),
            Install::Rust => format!("`rustup toolchain install {PINNED_NIGHTLY} --component rust-src`"),
            Install::Linker => {
                format!(
                    "LLVM {LLVM_MAJOR} with its headers, then `{}`",
                    step::linker_command(LLVM_MAJOR)
                )
            }
            Install::Crate(name, version) => format!("`cargo install {name} --version {version} --locked`"),
        };
        lines.push(format!("  {} ({}): {how}", it.name, it.why));
    }
    lines.join("\n")
}
