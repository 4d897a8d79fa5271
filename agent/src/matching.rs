//! `umbra-agent match HOST…`: what the catalogue says of names.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use umbra_agent::config::Config;
use umbra_catalog::{Catalogue, Match, Reach};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Host names, such as `api.openai.com`
    #[arg(required = true, value_name = "HOST")]
    hosts: Vec<String>,
    /// Configuration, for a catalogue file of your own [default: /etc/umbra/agent.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// Prints a paragraph a name; gives whether all of them are in the catalogue.
pub(crate) fn main(options: &Options) -> anyhow::Result<bool> {
    let config = Config::load(options.config.as_deref())?;
    let catalogue = config.catalogue.load()?;
    let mut all = true;
    let mut out = io::stdout().lock();
    for host in &options.hosts {
        if let Some(found) = catalogue.lookup(host) {
            tell(&mut out, host, &found)?;
        } else {
            all = false;
            writeln!(out, "{host}\n  not in the catalogue")?;
        }
    }
    tell_size(&mut out, &catalogue)?;
    Ok(all)
}

fn tell(out: &mut impl io::Write, host: &str, found: &Match<'_>) -> io::Result<()> {
    let vendor = found.vendor;
    let plan = found
        .service
        .plan
        .as_ref()
        .map(|plan| format!(", plan {plan}"))
        .unwrap_or_default();
    let rows = [
        ("vendor", vendor.name.clone()),
        ("service", format!("{}{plan}", found.service.name)),
        ("kind", found.kind().to_string()),
        (
            "pattern",
            format!(
                "{} ({}), confidence {}",
                found.host(),
                reach(found),
                found.confidence()
            ),
        ),
        ("verified on", found.pattern.verified_on.to_string()),
        ("headquarters", vendor.headquarters.to_string()),
        (
            "data-processing agreement",
            vendor.data_processing_agreement.to_string(),
        ),
        ("trains on your data", vendor.training_default.to_string()),
        ("EU residency", vendor.eu_residency.to_string()),
    ];
    writeln!(out, "{host}")?;
    rows.iter()
        .try_for_each(|(label, value)| writeln!(out, "  {label:<27}{value}"))
}

fn reach(found: &Match<'_>) -> &'static str {
    match found.pattern.reach {
        Reach::Exact => "this name alone",
        Reach::Suffix => "this name and all below it",
    }
}

fn tell_size(out: &mut impl io::Write, catalogue: &Catalogue) -> io::Result<()> {
    writeln!(
        out,
        "\n{} vendors, {} patterns",
        catalogue.vendors().len(),
        catalogue.patterns().count()
    )
}
