//! Names that the tests call, and what the catalogue must say of them.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use umbra_tests::TestBed;
use umbra_tests::machine::is_slow;
use umbra_tests::skip::{Need, ready};

/// A name of the catalogue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) name: &'static str,
    pub(crate) vendor: &'static str,
    pub(crate) service: &'static str,
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
}

/// What every test bed needs.
pub(crate) const BED: [Need; 3] = [
    Need::Root,
    Need::Binary("umbra-testbed"),
    Need::Binary("umbra-agent"),
];

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

pub(crate) const OPENAI: Known = known("api.openai.com", "OpenAI", "OpenAI API", V4, 443);
pub(crate) const ANTHROPIC: Known = known("api.anthropic.com", "Anthropic", "Claude API", V6, 443);

/// Exact names, suffixes and wildcards, on both families, on the usual port and an odd one.
pub(crate) const KNOWN: [Known; 5] = [
    OPENAI,
    ANTHROPIC,
    known(
        "generativelanguage.googleapis.com",
        "Google",
        "Gemini API",
        V4,
        8443,
    ),
    known(
        "bedrock-runtime.eu-central-1.amazonaws.com",
        "Amazon Web Services",
        "Amazon Bedrock",
        V6,
        8443,
    ),
    known(
        "us-central1-aiplatform.googleapis.com",
        "Google",
        "Vertex AI (model not visible)",
        V4,
        443,
    ),
];

/// Names that look like one of the catalogue and are none.
pub(crate) const OUTSIDE: [(IpAddr, &str); 4] = [
    (V4, "notopenai.com"),
    (V6, "example.org"),
    (V4, "openai.com.example.net"),
    (V6, "bedrock-runtime.eu.central.amazonaws.com.example.net"),
];

/// Those names alone.
pub(crate) fn outside() -> impl Iterator<Item = &'static str> {
    OUTSIDE.into_iter().map(|(_, name)| name)
}

const fn known(
    name: &'static str,
    vendor: &'static str,
    service: &'static str,
    address: IpAddr,
    port: u16,
) -> Known {
    Known {
        name,
        vendor,
        service,
        address,
        port,
    }
}

/// A test bed in which all these names resolve; `None`, with the reason printed, where it cannot be.
pub(crate) fn bed(needs: &[Need]) -> Option<TestBed> {
    bed_serving(needs, &[])
}

/// The same with more arguments for the server.
pub(crate) fn bed_serving(needs: &[Need], more: &[&str]) -> Option<TestBed> {
    if !ready(&BED) || !ready(needs) {
        return None;
    }
    let known = KNOWN.iter().map(|known| (known.address, known.name));
    Some(TestBed::serving(&known.chain(OUTSIDE).collect::<Vec<_>>(), more))
}

/// A catalogue of the user's own, of one host.
pub(crate) fn own_catalogue(bed: &TestBed, host: &str) -> PathBuf {
    let path = bed.dir().join("own.toml");
    let text = format!(
        "[[vendor]]\nname = \"Own\"\n[[vendor.service]]\nname = \"Models\"\npatterns = [{{ host = \"{host}\", \
         match = \"exact\", kind = \"gateway\", confidence = \"high\", \
         sources = [\"https://wiki.corp.example/llm\"], verified_on = \"2026-11-24\" }}]\n"
    );
    fs::write(&path, text).expect("the bed's own folder");
    path
}

/// A test bed in which no name resolves before the test starts a name server.
pub(crate) fn bed_without_names(more: &[&str]) -> Option<TestBed> {
    let ready = ready(&BED) && ready(&[Need::Program("dnsmasq")]);
    ready.then(|| TestBed::serving(&[], more))
}

/// What client number `turn` is to call of `all`: everything, or where the processor is emulated two, so that all
/// clients together still call everything.
pub(crate) fn share<T>(all: &[T], turn: usize) -> Vec<&T> {
    if is_slow() {
        [turn, turn + 2].map(|at| &all[at % all.len()]).into()
    } else {
        all.iter().collect()
    }
}
