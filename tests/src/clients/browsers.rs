//! Browsers, without their windows. What they trust is in [`crate::nss`].

use std::path::PathBuf;

use super::{Tool, plain};
use crate::machine::program;
use crate::nss;

const CHROMIUM: &str = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
    --disable-component-update --disable-sync --user-data-dir={dir}/chromium --dump-dom";

pub(super) fn chromium() -> Result<Tool, String> {
    with(
        &program("chromium")?,
        &format!("{CHROMIUM} --disable-quic --ignore-certificate-errors {{url}}"),
    )
}

/// It verifies the certificate: over QUIC it ignores no fault in it.
pub(super) fn chromium_quic() -> Result<Tool, String> {
    verifying("--origin-to-force-quic-on={name}:{port}")
}

/// It verifies the certificate: one of a front it never ignores a fault in.
pub(super) fn chromium_ech() -> Result<Tool, String> {
    verifying("--disable-quic")
}

fn verifying(manner: &str) -> Result<Tool, String> {
    let tool = with(&program("chromium")?, &format!("{CHROMIUM} {manner} {{url}}"))?;
    let home = ["env".to_owned(), format!("HOME={{dir}}/{}", nss::HOME)];
    Ok(Tool {
        template: home.into_iter().chain(tool.template).collect(),
        ..tool
    })
}

pub(super) fn firefox() -> Result<Tool, String> {
    firefox_with(nss::FIREFOX)
}

pub(super) fn firefox_quic() -> Result<Tool, String> {
    firefox_with(nss::FIREFOX_QUIC)
}

fn firefox_with(profile: &str) -> Result<Tool, String> {
    let firefox = program("firefox-esr").or_else(|_| program("firefox"))?;
    let arguments = format!(
        "--headless --no-remote --profile {{dir}}/{profile} --screenshot {{dir}}/{profile}.png {{url}}"
    );
    Ok(Tool {
        has_helpers: true,
        ..plain(&firefox, &arguments)?
    })
}

fn with(chromium: &std::path::Path, arguments: &str) -> Result<Tool, String> {
    // Debian's /usr/bin/chromium is a shell script in front of this.
    let behind_it = PathBuf::from("/usr/lib/chromium/chromium");
    let exe = if behind_it.exists() {
        behind_it
    } else {
        chromium.to_owned()
    };
    Ok(Tool {
        program: exe.to_string_lossy().into_owned(),
        exe,
        has_helpers: true,
        ..plain(chromium, arguments)?
    })
}
