//! The first half of the pipeline: from the kernel's bell to what is printed and what is rolled up.

use std::{collections::HashMap, future::Future, pin::pin, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use tokio_stream::StreamExt as _;
use tracing::debug;
use umbra_agent_common::counter::Counter;

use crate::{
    activity::Activity,
    attribution::{Attributed, Attribution},
    clock::since_boot_ns,
    discovery::addresses::Addresses,
    flows::{Change, Flows, Step},
    losses::{Loss, Losses},
    names::{Names, Service},
    output::{Output, Told},
    probes::{AddressTable, Bell, Counters, ProbeError},
};

/// After a bell nobody listens for so long. The kernel rings only for a reader that has caught up, so that a thousand
/// events in a burst cost a few wake-ups and not a thousand; a person does not notice it.
const REST: Duration = Duration::from_millis(20);
/// How often living flows are asked for their bytes; nothing is asked while none lives.
const POLL: Duration = Duration::from_secs(1);
/// How often the rest is looked after: the kernel's counts, bells that were lost, addresses.
const HOUSEKEEPING: Duration = Duration::from_secs(5);
/// How often processes that ended are forgotten.
const SWEEP: Duration = Duration::from_secs(30);
/// A process that ended is remembered so long: its last flows may still be in the making.
const REMEMBER_ENDED_NS: u64 = 60 * 1_000_000_000;

/// What the first half is made of.
pub struct Pipeline {
    /// Joins bells to flows.
    pub flows: Flows,
    /// Says whose name it is.
    pub names: Names,
    /// Says who is behind it.
    pub attribution: Attribution,
    /// Prints it.
    pub output: Output,
    /// Takes it to the rollup.
    pub activities: mpsc::Sender<Activity>,
    /// The kernel's counts.
    pub counters: Counters,
    /// Addresses of catalogue names, for the kernel; `None`: none are looked up.
    pub addresses: Option<(Addresses, AddressTable)>,
    /// Counts what is lost.
    pub losses: Arc<Losses>,
}

/// What was found out when a flow opened; it holds until the flow ends.
struct Known {
    service: Arc<Service>,
    name: Arc<str>,
    attributed: Attributed,
}

/// Why the pipeline came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was told to stop.
    Stopped,
    /// Nobody reads the output any more.
    OutputClosed,
}

impl Pipeline {
    /// Runs until `stop` is done or nobody reads the output; what the kernel has seen until then is passed on.
    ///
    /// Fails when a map of the kernel's can no longer be read.
    pub async fn run(mut self, mut bell: Bell, stop: impl Future<Output = ()>) -> Result<End, ProbeError> {
        let mut stop = pin!(stop);
        let mut known = HashMap::new();
        let mut changes = Vec::new();
        let mut dropped = 0;
        let mut poll = interval(POLL);
        let mut housekeeping = interval(HOUSEKEEPING);
        let mut sweep = interval(SWEEP);
        for timer in [&mut poll, &mut housekeeping, &mut sweep] {
            timer.set_missed_tick_behavior(MissedTickBehavior::Delay);
        }
        let mut rest = pin!(sleep(Duration::ZERO));
        loop {
            tokio::select! {
                () = &mut stop => break,
                () = &mut rest, if !rest.is_elapsed() => {}
                Some(events) = bell.next(), if rest.is_elapsed() => {
                    rest.as_mut().reset(Instant::now() + REST);
                    for event in events {
                        self.flows.on_event(event, &mut changes)?;
                    }
                }
                _ = poll.tick(), if !self.flows.is_empty() => {
                    self.flows.poll(false, since_boot_ns(), &mut changes)?;
                }
                _ = housekeeping.tick() => self.keep_house(&mut dropped, &mut changes)?,
                _ = sweep.tick() => self.attribution.sweep(since_boot_ns().saturating_sub(REMEMBER_ENDED_NS)),
            }
            for change in changes.drain(..) {
                self.pass_on(change, &mut known).await;
            }
            if self.output.is_closed() {
                return Ok(End::OutputClosed);
            }
        }
        self.flows.poll(true, since_boot_ns(), &mut changes)?;
        for change in changes.drain(..) {
            self.pass_on(change, &mut known).await;
        }
        self.losses.set_kernel(self.counters.read()?.iter());
        Ok(End::Stopped)
    }

    fn keep_house(&mut self, dropped: &mut u64, changes: &mut Vec<Change>) -> Result<(), ProbeError> {
        let counts = self.counters.read()?;
        self.losses.set_kernel(counts.iter());
        let lost_bells = counts.get(Counter::EventsDropped);
        if std::mem::replace(dropped, lost_bells) != lost_bells {
            self.flows.poll(true, since_boot_ns(), changes)?;
        }
        if let Some((addresses, table)) = &mut self.addresses {
            table.set(addresses.current(), |name| self.names.number(name));
        }
        Ok(())
    }

    async fn pass_on(&mut self, change: Change, known: &mut HashMap<String, Known>) {
        let Some(known_flow) = self.find_out(&change, known).await else {
            debug!(
                "flow {} has a pattern that the catalogue does not have",
                change.flow.id
            );
            return;
        };
        self.output.tell(&Told {
            change: &change,
            name: &known_flow.name,
            service: &known_flow.service,
            attributed: &known_flow.attributed,
        });
        let activity = activity(&change, known_flow);
        if self.activities.try_send(activity).is_err() {
            self.losses.add(Loss::ActivityQueueFull, 1);
        }
        if change.step == Step::Closed {
            known.remove(&change.flow.id);
        }
    }

    async fn find_out<'a>(
        &mut self,
        change: &Change,
        known: &'a mut HashMap<String, Known>,
    ) -> Option<&'a Known> {
        let flow = &change.flow;
        if !known.contains_key(&flow.id) {
            let service = self.names.service(flow.pattern)?;
            let name = if flow.name.is_empty() {
                service.host.clone()
            } else {
                flow.name.clone()
            };
            let attributed = self.attribution.attribute(&flow.owner).await;
            known.insert(
                flow.id.clone(),
                Known {
                    service,
                    name,
                    attributed,
                },
            );
        }
        known.get(&flow.id)
    }
}

fn activity(change: &Change, known: &Known) -> Activity {
    let Known {
        service,
        name,
        attributed,
    } = known;
    Activity {
        time: change.time,
        caller: attributed.caller.clone(),
        vendor: service.vendor.clone(),
        service: service.service.clone(),
        kind: service.kind,
        name: name.clone(),
        evidence: change.flow.evidence,
        protocol: change.flow.protocol,
        flows: u64::from(change.step == Step::Opened),
        bytes_out: change.new_out,
        bytes_in: change.new_in,
    }
}
