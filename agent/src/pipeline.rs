//! The first half of the pipeline: from the kernel's bell to what is printed and what is rolled up.

mod held;
mod waiting;

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    pin::pin,
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Notify, mpsc},
    time::{Instant, MissedTickBehavior, interval, sleep, sleep_until, timeout_at},
};
use tokio_stream::StreamExt as _;
use tracing::debug;
use umbra_agent_common::counter::Counter;
use umbra_catalog::Catalogue;
use umbra_report::Route;

use crate::{
    activity::Activity,
    attribution::{Attributed, Attribution, Progress},
    clock::since_boot_ns,
    flows::{Change, Flows, Step},
    judge::{Facts, Judge},
    live::Live,
    losses::{Loss, Losses},
    names::{Names, Service},
    output::{Output, Told},
    probes::{Bell, CatalogueTable, Counters, Pieces, ProbeError},
    relays::Relays,
};
use held::Held;
use waiting::Waiting;

/// After a bell, the kernel's or that of an answer, nobody listens for so long. The kernel rings only for a reader that
/// has caught up, so that a thousand events in a burst cost a few wake-ups and not a thousand; a person does not notice it.
const REST: Duration = Duration::from_millis(20);
/// Pieces read in one go: twice what the ring buffer holds of the smallest.
const PIECES_MAX: usize = 8_192;
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
    /// Catalogues that take its place.
    pub catalogues: mpsc::Receiver<Catalogue>,
    /// The kernel's half of it.
    pub kernel_names: CatalogueTable,
    /// Says who is behind it.
    pub attribution: Attribution,
    /// Joins what a local proxy makes two of.
    pub relays: Relays,
    /// Prints it.
    pub output: Output,
    /// Adds it up for whoever looks.
    pub live: Live,
    /// Takes it to the rollup.
    pub activities: mpsc::Sender<Activity>,
    /// The kernel's counts.
    pub counters: Counters,
    /// Names what the kernel could not.
    pub judge: Judge,
    /// Counts what is lost.
    pub losses: Arc<Losses>,
}

/// What was found out when a flow opened; it holds until the flow ends.
struct Known {
    service: Arc<Service>,
    name: Arc<str>,
    attributed: Arc<Attributed>,
}

/// Flows that are told, or soon will be.
#[derive(Default)]
struct Telling {
    /// By the flow's id.
    known: HashMap<String, Known>,
    waiting: Waiting,
    /// Not for the rollup yet.
    held: Held<Arc<Attributed>>,
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
    pub async fn run(
        mut self,
        mut bell: Bell,
        mut pieces: Pieces,
        stop: impl Future<Output = ()>,
    ) -> Result<End, ProbeError> {
        let mut stop = pin!(stop);
        let mut told = Telling::default();
        let answered = self.attribution.bell();
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
                    // What an answer of the DNS said comes before the flow that it led to.
                    self.read(&mut pieces, &mut changes)?;
                    for event in events {
                        let (flows, judge, mut facts) = self.stages();
                        flows.on_event(event, judge, &mut facts, &mut changes)?;
                    }
                }
                Ok(()) = pieces.ready(), if rest.is_elapsed() => {
                    rest.as_mut().reset(Instant::now() + REST);
                    self.read(&mut pieces, &mut changes)?;
                }
                () = answered.notified(), if rest.is_elapsed() => {
                    rest.as_mut().reset(Instant::now() + REST);
                    if self.attribution.take_answers() {
                        self.release(&mut told, false);
                    }
                }
                () = sleep_until(told.waiting.next_deadline()), if !told.waiting.is_empty() => {
                    self.release(&mut told, false);
                }
                _ = poll.tick(), if !self.flows.is_empty() => {
                    let (flows, judge, mut facts) = self.stages();
                    flows.poll(false, judge, &mut facts, &mut changes)?;
                    flows.hurry(judge, &mut facts, &mut changes)?;
                }
                _ = housekeeping.tick() => {
                    self.keep_house(&mut dropped, &mut changes)?;
                    self.release(&mut told, false);
                }
                Some(catalogue) = self.catalogues.recv() => {
                    let kernel = &mut self.kernel_names;
                    self.names.replace(catalogue, |old, new| kernel.replace(old, new))?;
                    self.judge.take_up(&self.names);
                }
                _ = sweep.tick() => self.attribution.sweep(since_boot_ns().saturating_sub(REMEMBER_ENDED_NS)),
            }
            self.judge_ended(&mut pieces, &mut changes)?;
            self.pass_all_on(&mut changes, &mut told);
            if self.output.is_closed() {
                return Ok(End::OutputClosed);
            }
        }
        self.read(&mut pieces, &mut changes)?;
        let (flows, judge, mut facts) = self.stages();
        flows.poll(true, judge, &mut facts, &mut changes)?;
        self.judge_ended(&mut pieces, &mut changes)?;
        self.pass_all_on(&mut changes, &mut told);
        self.finish(&mut told, &answered).await;
        self.losses.set_kernel(self.counters.read()?.iter());
        Ok(End::Stopped)
    }

    fn keep_house(&mut self, dropped: &mut u64, changes: &mut Vec<Change>) -> Result<(), ProbeError> {
        let counts = self.counters.read()?;
        self.losses.set_kernel(counts.iter());
        let lost_bells = counts.get(Counter::EventsDropped);
        if std::mem::replace(dropped, lost_bells) != lost_bells {
            let (flows, judge, mut facts) = self.stages();
            flows.poll(true, judge, &mut facts, changes)?;
        }
        self.judge.keep_house(&self.names);
        Ok(())
    }

    /// Reads what the kernel could not. Flows are judged when all is read that there is: one may have ended meanwhile,
    /// and is then judged at last.
    fn read(&mut self, pieces: &mut Pieces, changes: &mut Vec<Change>) -> Result<(), ProbeError> {
        let mut read = Vec::new();
        let mut seen = HashSet::new();
        for _ in 0..PIECES_MAX {
            let Some(piece) = pieces.take() else { break };
            let (flows, judge, mut facts) = self.stages();
            let record = || {
                let is_new = !flows.is_named(piece.header.flow);
                is_new
                    .then(|| flows.record(piece.header.flow).ok().flatten())
                    .flatten()
            };
            let flow = judge.read(&piece, &mut facts, record);
            read.extend(flow.filter(|flow| seen.insert(*flow)));
        }
        for flow in read {
            let (flows, judge, mut facts) = self.stages();
            flows.look_at(flow, judge, &mut facts, changes)?;
        }
        Ok(())
    }

    /// Judges the flows that have ended, after what they said last has been read.
    fn judge_ended(&mut self, pieces: &mut Pieces, changes: &mut Vec<Change>) -> Result<(), ProbeError> {
        loop {
            let ended = self.flows.take_ended();
            if ended.is_empty() {
                return Ok(());
            }
            self.read(pieces, changes)?;
            let (flows, judge, mut facts) = self.stages();
            flows.judge_at_last(ended, judge, &mut facts, changes)?;
        }
    }

    /// The stages that name flows, apart.
    fn stages(&mut self) -> (&mut Flows, &mut Judge, Facts<'_>) {
        let facts = Facts {
            names: &self.names,
            attribution: &mut self.attribution,
            now_ns: since_boot_ns(),
        };
        (&mut self.flows, &mut self.judge, facts)
    }

    /// Passes on what one look has brought, in the order in which the flows began: a relay comes behind its client, also
    /// when the client's last piece lies between two of the relay's.
    fn pass_all_on(&mut self, changes: &mut Vec<Change>, telling: &mut Telling) {
        changes.sort_by_key(|change| change.flow.opened);
        for change in changes.drain(..) {
            self.pass_on(change, telling);
        }
    }

    /// Tells the change, or has it wait with its flow's opening until more is known of who is behind it.
    fn pass_on(&mut self, change: Change, telling: &mut Telling) {
        if change.step == Step::Opened && !self.meet(&change, telling) {
            return;
        }
        if let Some(change) = telling.waiting.hold(change) {
            self.tell(&change, telling);
        }
    }

    /// Finds out who is behind a new flow.
    fn meet(&mut self, change: &Change, telling: &mut Telling) -> bool {
        let flow = &change.flow;
        let Some(service) = self.names.service(flow.pattern) else {
            debug!("flow {} has a pattern that the catalogue does not have", flow.id);
            return false;
        };
        let name = if flow.name.is_empty() {
            service.host.clone()
        } else {
            flow.name.clone()
        };
        let attributed = self.attribution.attribute(&flow.owner);
        self.relays.opened(flow, &(&attributed.process).into());
        if attributed.progress == Progress::Open {
            telling.waiting.begin(&flow.id, Instant::now());
        }
        let known = Known {
            service,
            name,
            attributed,
        };
        telling.known.insert(flow.id.clone(), known);
        true
    }

    /// Tells what waits no longer: of flows of which all is known, or that have waited long enough; or of `all`.
    fn release(&mut self, telling: &mut Telling, all: bool) {
        let now = Instant::now();
        let Telling { known, waiting, held } = telling;
        let attribution = &mut self.attribution;
        let settled = held.release(now, |attributed, activity| {
            attribution.complete(attributed);
            activity.caller = attributed.caller.clone();
            activity.origin = attributed.set_off();
            all || attributed.is_settled()
        });
        let released = waiting.release(now, |id| {
            let Some(known) = known.get_mut(id) else {
                return true;
            };
            all || attribution.complete(&mut known.attributed) != Progress::Open
        });
        for activity in settled {
            self.roll_up(activity);
        }
        for change in released {
            self.tell(&change, telling);
        }
    }

    /// At the end: waits for what is still to be known, as long as it would have been waited for anyway.
    async fn finish(&mut self, telling: &mut Telling, answered: &Notify) {
        while !telling.waiting.is_empty() {
            let deadline = telling.waiting.next_deadline();
            let late = timeout_at(deadline, answered.notified()).await.is_err();
            self.attribution.take_answers();
            self.release(telling, late);
        }
        self.release(telling, true);
    }

    fn tell(&mut self, change: &Change, telling: &mut Telling) {
        let id = &change.flow.id;
        let Some(known_flow) = telling.known.get_mut(id) else {
            return;
        };
        self.attribution.complete(&mut known_flow.attributed);
        let relays = self.relays.of(id);
        let told = Told {
            change,
            name: &known_flow.name,
            service: &known_flow.service,
            attributed: &known_flow.attributed,
            relays,
        };
        self.output.tell(&told);
        self.live.tell(&told);
        // What a proxy passes on for a program here is counted as that program's.
        let mut activity = relays.is_none().then(|| activity(change, known_flow));
        if !known_flow.attributed.is_settled() {
            activity = activity.and_then(|activity| {
                let attributed = known_flow.attributed.clone();
                telling.held.hold(activity, attributed, Instant::now())
            });
        }
        if let Some(activity) = activity {
            self.roll_up(activity);
        }
        if change.step == Step::Closed {
            self.relays.closed(id, change.time);
            telling.known.remove(id);
        }
    }

    fn roll_up(&self, activity: Activity) {
        if self.activities.try_send(activity).is_err() {
            self.losses.add(Loss::ActivityQueueFull, 1);
        }
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
        origin: attributed.set_off(),
        vendor: service.vendor.clone(),
        service: service.service.clone(),
        kind: service.kind,
        name: name.clone(),
        evidence: change.flow.evidence,
        protocol: change.flow.protocol,
        route: Route::through(change.flow.via.map(|_| change.flow.remote)),
        flows: u64::from(change.step == Step::Opened),
        bytes_out: change.new_out,
        bytes_in: change.new_in,
    }
}
