//! Browsers' own stores of authorities (NSS), so that they trust the bed's as they trust any other.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::machine::{output, program};

/// What keeps Firefox from asking for things that the test did not ask for.
const QUIET: &str = r#"
user_pref("app.normandy.enabled", false);
user_pref("app.update.enabled", false);
user_pref("browser.region.network.url", "");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.trr.mode", 5);
user_pref("toolkit.telemetry.enabled", false);
"#;

/// Folder that Chromium takes for the home of its user.
pub const HOME: &str = "home";
/// Profile of a Firefox that speaks no QUIC.
pub const FIREFOX: &str = "firefox";
/// Profile of a Firefox that takes it for granted that a name speaks QUIC on the usual port.
pub const FIREFOX_QUIC: &str = "firefox-quic";

/// Makes the browsers' folders in `dir`; `quic` is the name of which Firefox knows that it speaks QUIC.
pub fn trust(dir: &Path, authority: &Path, quic: &str) {
    let quic = format!(
        "user_pref(\"network.http.http3.alt-svc-mapping-for-testing\", \"{quic};h3=\\\":443\\\"\");\n\
         user_pref(\"network.http.http3.disable_when_third_party_roots_found\", false);\n"
    );
    let no_quic = "user_pref(\"network.http.http3.enable\", false);\n".to_owned();
    store(&dir.join(HOME).join(".pki/nssdb"), authority);
    for (profile, more) in [(FIREFOX, no_quic), (FIREFOX_QUIC, quic)] {
        let profile = dir.join(profile);
        store(&profile, authority);
        fs::write(profile.join("user.js"), QUIET.to_owned() + &more).expect("a folder just made");
    }
}

/// Has the Firefoxes of [`trust`] ask a proxy by its scheme (`http` or `socks5`), and tell it the name.
pub fn ask(dir: &Path, scheme: &str, proxy: SocketAddr) {
    let (kind, more) = match scheme {
        "http" => ("ssl", ""),
        _ => (
            "socks",
            "user_pref(\"network.proxy.socks_version\", 5);\nuser_pref(\"network.proxy.socks_remote_dns\", true);\n",
        ),
    };
    let preferences = format!(
        "user_pref(\"network.proxy.type\", 1);\nuser_pref(\"network.proxy.{kind}\", \"{}\");\n\
         user_pref(\"network.proxy.{kind}_port\", {});\n{more}",
        proxy.ip(),
        proxy.port()
    );
    for profile in [FIREFOX, FIREFOX_QUIC] {
        let file = dir.join(profile).join("user.js");
        let before = fs::read_to_string(&file).expect("a profile of `trust`");
        fs::write(file, before + &preferences).expect("the test's own file");
    }
}

fn store(folder: &Path, authority: &Path) {
    fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let certutil = program("certutil").unwrap_or_else(|why| panic!("{why}"));
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&certutil);
        command.arg("-d").arg(format!("sql:{}", folder.display()));
        output(command.args(arguments)).unwrap_or_else(|error| panic!("{error}"));
    };
    run(&["-N", "--empty-password"]);
    let authority = authority.to_string_lossy();
    run(&["-A", "-n", "Umbra test authority", "-t", "C,,", "-i", &authority]);
}
