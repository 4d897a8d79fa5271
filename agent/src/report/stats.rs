use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::Timestamp;
use umbra_report::{Trouble, limits};

/// Vendors that are counted by name; a catalogue has a few hundred.
const VENDORS: usize = 2_048;

/// What the metrics say of delivery.
#[derive(Debug, Default)]
pub struct Stats {
    acknowledged: AtomicU64,
    failed: AtomicU64,
    refused: AtomicU64,
    last_acknowledged: AtomicI64,
    certificates_issued: AtomicU64,
    certificates_refused: AtomicU64,
    certificates_failed: AtomicU64,
    certificate_until: AtomicI64,
    programs: AtomicU64,
    catalogue: OnceLock<String>,
    last_trouble: Mutex<Option<Trouble>>,
    flows: Mutex<BTreeMap<Arc<str>, u64>>,
}

impl Stats {
    pub(crate) fn acknowledged(&self, now: Timestamp) {
        self.acknowledged.fetch_add(1, Relaxed);
        self.last_acknowledged.store(now.as_second(), Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    /// Remembers what went wrong last, cut to what a report may say of it.
    pub(crate) fn trouble(&self, time: Timestamp, error: &str) {
        let end = error.floor_char_boundary(limits::TROUBLE);
        let trouble = Trouble {
            time,
            error: error[..end].to_owned(),
        };
        *self.last_trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }

    pub(crate) fn last_trouble(&self) -> Option<Trouble> {
        self.last_trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Says which catalogue the agent started with; the first word counts.
    pub fn runs_catalogue(&self, fingerprint: String) {
        let _ = self.catalogue.set(fingerprint);
    }

    pub(crate) fn catalogue(&self) -> Option<&str> {
        self.catalogue.get().map(String::as_str)
    }

    /// Says how many kernel programs are attached.
    pub fn attached(&self, programs: usize) {
        self.programs.store(programs as u64, Relaxed);
    }

    pub(crate) fn programs(&self) -> u64 {
        self.programs.load(Relaxed)
    }

    pub(crate) fn certificate_issued(&self) {
        self.certificates_issued.fetch_add(1, Relaxed);
    }

    pub(crate) fn certificate_refused(&self) {
        self.certificates_refused.fetch_add(1, Relaxed);
    }

    pub(crate) fn certificate_failed(&self) {
        self.certificates_failed.fetch_add(1, Relaxed);
    }

    pub(crate) fn certificate_until(&self, end: Timestamp) {
        self.certificate_until.store(end.as_second(), Relaxed);
    }

    pub(crate) fn add_flows(&self, vendor: &Arc<str>, flows: u64) {
        let mut counts = self.flows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(vendor) {
            *count += flows;
        } else if counts.len() < VENDORS {
            counts.insert(vendor.clone(), flows);
        }
    }

    /// Reports by what became of them.
    pub fn reports(&self) -> [(&'static str, u64); 3] {
        [
            ("acknowledged", &self.acknowledged),
            ("failed", &self.failed),
            ("refused", &self.refused),
        ]
        .map(|(result, count)| (result, count.load(Relaxed)))
    }

    /// Requests for certificates by what became of them.
    pub fn certificates(&self) -> [(&'static str, u64); 3] {
        [
            ("issued", &self.certificates_issued),
            ("refused", &self.certificates_refused),
            ("failed", &self.certificates_failed),
        ]
        .map(|(result, count)| (result, count.load(Relaxed)))
    }

    /// Unix time until which the certificate is good, in seconds; 0 without one.
    pub fn certificate_end(&self) -> i64 {
        self.certificate_until.load(Relaxed)
    }

    /// Unix time of the last acknowledgement, in seconds; 0 before the first.
    pub fn last_acknowledged(&self) -> i64 {
        self.last_acknowledged.load(Relaxed)
    }

    /// Flows by vendor.
    pub fn flows(&self) -> BTreeMap<Arc<str>, u64> {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
