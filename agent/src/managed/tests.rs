use std::fs;

use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use umbra_report::{SIGNED_CONTEXT, VERSION};

use super::*;

const CATALOGUE: &str = "[[vendor]]\nname = \"Own\"\n[[vendor.service]]\nname = \"Models\"\npatterns = [{ \
                         host = \"ai.internal.example\", match = \"exact\", kind = \"gateway\", confidence = \"high\", \
                         sources = [\"https://internal.example/\"], verified_on = \"2026-01-01\" }]\n";

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

struct Collector(Ed25519KeyPair);

impl Collector {
    fn new() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap())
    }

    fn key(&self) -> String {
        hex(self.0.public_key().as_ref())
    }

    fn signed(&self, configuration: String) -> Signed {
        let message = [SIGNED_CONTEXT, configuration.as_bytes()].concat();
        Signed {
            signature: hex(self.0.sign(&message).as_ref()),
            configuration,
        }
    }

    fn gives(&self, serial: u64, catalogue: Option<&str>) -> Signed {
        self.signed(serde_json::to_string(&configuration(serial, catalogue)).unwrap())
    }
}

fn configuration(serial: u64, catalogue: Option<&str>) -> Configuration {
    Configuration {
        version: VERSION,
        serial,
        revision: serial * 10,
        published: Timestamp::UNIX_EPOCH,
        settings: Settings {
            interval_seconds: Some(7),
            poll_seconds: None,
        },
        catalogue: catalogue.map(str::to_owned),
    }
}

fn config(folder: &std::path::Path, more: &str) -> Config {
    let text = format!("[spool]\ndirectory = \"{}\"\n{more}", folder.display());
    toml::from_str(&text).unwrap()
}

fn open(config: &Config) -> (Managed, Catalogue, Taken) {
    Managed::open(config).unwrap()
}

fn refusal(managed: &Managed) -> String {
    managed.running().unwrap().refused.unwrap()
}

#[tokio::test]
async fn what_is_good_is_taken_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "");
    let collector = Collector::new();
    let (mut managed, begun, mut taken) = open(&config);
    assert!(managed.running().is_none() && begun.lookup("ai.internal.example").is_none());
    let given = collector.gives(5, Some(CATALOGUE));
    managed.take(given.clone(), &collector.key()).await.unwrap();
    let new = taken.catalogues.try_recv().unwrap();
    assert_eq!(new.lookup("ai.internal.example").unwrap().vendor_name(), "Own");
    assert!(
        new.lookup("api.openai.com").is_some(),
        "it is laid over the built-in one"
    );
    let own = Duration::from_mins(1);
    assert_eq!(interval(&taken.settings.borrow(), own), Duration::from_secs(7));
    let running = managed.running().unwrap();
    assert_eq!((running.serial, running.revision, running.refused), (5, 50, None));
    // The same again is no news, and another interval none for the catalogue.
    managed.take(given, &collector.key()).await.unwrap();
    managed
        .take(collector.gives(6, Some(CATALOGUE)), &collector.key())
        .await
        .unwrap();
    assert!(taken.catalogues.try_recv().is_err());

    // It holds from the next start on.
    let (mut managed, begun, mut taken) = open(&config);
    assert!(begun.lookup("ai.internal.example").is_some());
    assert_eq!(managed.running().unwrap().serial, 6);
    assert_eq!(interval(&taken.settings.borrow(), own), Duration::from_secs(7));
    // Taken back.
    managed
        .take(collector.gives(7, None), &collector.key())
        .await
        .unwrap();
    let new = taken.catalogues.try_recv().unwrap();
    assert!(new.lookup("ai.internal.example").is_none());
}

#[tokio::test]
async fn what_is_not_good_is_said_and_the_last_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "");
    let (collector, other) = (Collector::new(), Collector::new());
    let (mut managed, _, mut taken) = open(&config);
    managed
        .take(collector.gives(5, Some(CATALOGUE)), &collector.key())
        .await
        .unwrap();
    drop(taken.catalogues.try_recv());
    let good = collector.gives(6, None);
    let changed = Signed {
        configuration: good.configuration.replace("60", "70"),
        ..good.clone()
    };
    let cut = Signed {
        signature: good.signature[..126].to_owned(),
        ..good.clone()
    };
    let mut later = configuration(6, None);
    later.version = VERSION + 1;
    let wrong = "[[vendor]]\nname = 7\n";
    for (signed, part) in [
        (other.gives(6, None), "signature"),
        (changed, "signature"),
        (cut, "signature"),
        (collector.signed("{}".to_owned()), "cannot be read"),
        (
            collector.signed(serde_json::to_string(&later).unwrap()),
            "upgrade the agent",
        ),
        (collector.gives(4, None), "older than the one that runs"),
        (collector.gives(6, Some(wrong)), "the collector's catalogue"),
        (
            collector.gives(6, Some("[disable]\nvendors = [\"Nobody\"]\n")),
            "the collector's catalogue",
        ),
    ] {
        let error = managed.take(signed, &collector.key()).await.unwrap_err();
        managed.refuse(&error);
        assert!(refusal(&managed).contains(part), "{error}");
        assert_eq!(managed.running().unwrap().serial, 5);
    }
    assert!(taken.catalogues.try_recv().is_err());
    // The good one ends the complaint.
    managed.take(good, &collector.key()).await.unwrap();
    assert_eq!(managed.running().unwrap().refused, None);
}

#[tokio::test]
async fn this_host_has_the_last_word() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.toml");
    fs::write(&own, CATALOGUE.replace("Own", "This host's")).unwrap();
    let collector = Collector::new();
    let key = collector.key();

    let file = config(
        folder.path(),
        &format!("[catalogue]\nfile = \"{}\"\n", own.display()),
    );
    let (mut managed, _, mut taken) = open(&file);
    managed
        .take(collector.gives(5, Some(CATALOGUE)), &key)
        .await
        .unwrap();
    let new = taken.catalogues.try_recv().unwrap();
    assert_eq!(
        new.lookup("ai.internal.example").unwrap().vendor_name(),
        "This host's"
    );

    // What is kept may be for names that this host no longer wants, or for nothing at all.
    let without = config(folder.path(), "[configuration]\ncatalogue = false\n");
    let (managed, begun, _) = open(&without);
    assert!(begun.lookup("ai.internal.example").is_none());
    assert_eq!(managed.running().unwrap().serial, 5);
    let (managed, _, _) = open(&config(folder.path(), "[configuration]\nenabled = false\n"));
    assert!(managed.running().is_none() && managed.due().is_none());
}

#[test]
fn what_is_kept_and_damaged_is_said_and_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "");
    let path = folder.path().join(kept::FILE);
    fs::write(&path, "{").unwrap();
    assert!(open(&config).0.running().is_none());
    let (collector, other) = (Collector::new(), Collector::new());
    let kept = Kept {
        key: collector.key(),
        signed: other.gives(5, Some(CATALOGUE)),
    };
    kept.save(folder.path()).unwrap();
    let (managed, begun, _) = open(&config);
    assert!(begun.lookup("ai.internal.example").is_none());
    assert!(refusal(&managed).contains("signature"));
}

#[tokio::test]
async fn without_a_key_nothing_is_asked_before_it_is_time_again() {
    let folder = tempfile::tempdir().unwrap();
    let config = config(folder.path(), "");
    let (mut managed, _, _) = open(&config);
    let client = Client::new(&config.report, None).unwrap();
    let nobody = "http://127.0.0.1:1".parse().unwrap();
    managed.ask(&client, &nobody, None).await;
    assert!(managed.due().unwrap() > Instant::now() + Duration::from_mins(3));
}
