use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use tokio::sync::watch;

use crate::losses::Losses;
use crate::probes::{Counters, Wakeups};
use crate::report::Stats;
use crate::spool::Level;

/// What the metrics are read from at each scrape.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Losses and the kernel's counters.
    pub losses: Arc<Losses>,
    /// Reports and flows.
    pub stats: Arc<Stats>,
    /// How full the spool is.
    pub level: watch::Receiver<Level>,
    /// The kernel programs' counters and the ring buffer's, when the programs run.
    pub kernel: Option<(Counters, Wakeups)>,
}

pub(super) fn registry(sources: Sources) -> Registry {
    let mut registry = Registry::with_prefix("umbra_agent");
    registry.register_collector(Box::new(sources));
    registry
}

impl Collector for Sources {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let level = *self.level.borrow();
        if let Some((counters, wakeups)) = &self.kernel {
            // A scrape sees what is so now; what cannot be read keeps its last value.
            if let Ok(counts) = counters.read() {
                self.losses.set_kernel(counts.iter());
            }
            counter(
                &mut encoder,
                "ring_buffer_wakeups",
                "Times that the kernel woke the agent",
                wakeups.wakeups(),
            )?;
            counter(
                &mut encoder,
                "ring_buffer_events",
                "Entries that it then read",
                wakeups.events(),
            )?;
        }
        counters(
            &mut encoder,
            "losses",
            "What was lost, by cause",
            "cause",
            self.losses.by_cause(),
        )?;
        let kernel = self
            .losses
            .kernel()
            .map(|(counter, count)| (counter.name(), count));
        counters(
            &mut encoder,
            "kernel",
            "What the kernel programs counted",
            "counter",
            kernel,
        )?;
        counters(
            &mut encoder,
            "reports",
            "Reports sent, by what became of them",
            "result",
            self.stats.reports(),
        )?;
        counters(
            &mut encoder,
            "certificates",
            "Requests for certificates, by what became of them",
            "result",
            self.stats.certificates(),
        )?;
        let end = u64::try_from(self.stats.certificate_end()).unwrap_or_default();
        gauge(
            &mut encoder,
            "certificate_end_timestamp_seconds",
            "Until when the certificate is good; 0 without one",
            end,
        )?;
        let flows = self.stats.flows();
        let by_vendor = flows.iter().map(|(vendor, count)| (vendor.as_ref(), *count));
        counters(
            &mut encoder,
            "flows",
            "Flows to names of the catalogue",
            "vendor",
            by_vendor,
        )?;
        gauge(
            &mut encoder,
            "spool_records",
            "Records on disk that the collector has not taken",
            level.records,
        )?;
        gauge(&mut encoder, "spool_bytes", "Bytes of these records", level.bytes)?;
        gauge(
            &mut encoder,
            "spool_waiting",
            "Observations in memory that the disk has not taken",
            level.waiting as u64,
        )?;
        let last = u64::try_from(self.stats.last_acknowledged()).unwrap_or_default();
        gauge(
            &mut encoder,
            "last_acknowledged_timestamp_seconds",
            "Last acknowledgement; 0 before the first",
            last,
        )
    }
}

fn counters<'a>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    label: &'static str,
    counts: impl IntoIterator<Item = (&'a str, u64)>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (value, count) in counts {
        ConstCounter::new(count).encode(family.encode_family(&[(label, value)])?)?;
    }
    Ok(())
}

fn counter(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    ConstCounter::new(value).encode(encoder.encode_descriptor(name, help, None, MetricType::Counter)?)
}

fn gauge(encoder: &mut DescriptorEncoder<'_>, name: &str, help: &str, value: u64) -> fmt::Result {
    let gauge = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    gauge.encode(encoder.encode_descriptor(name, help, None, MetricType::Gauge)?)
}
