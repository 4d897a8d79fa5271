//! The ring buffer as a stream of events.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
};

use aya::maps::{Map, MapData, RingBuf};
use tokio::io::unix::AsyncFd;
use tokio_stream::Stream;
use umbra_agent_common::event::Event;

use super::{ProbeError, map_error, readiness::watch};

/// Entries taken in one go: one wake-up's worth must not starve the rest of the agent.
const BATCH_MAX: usize = 1024;

/// How often the kernel woke the agent, and how many entries it then found. Shared with the metrics.
#[derive(Clone, Debug, Default)]
pub struct Wakeups(Arc<(AtomicU64, AtomicU64)>);

impl Wakeups {
    /// Wake-ups by the ring buffer since the start.
    pub fn wakeups(&self) -> u64 {
        self.0.0.load(Ordering::Relaxed)
    }

    /// Entries read since the start.
    pub fn events(&self) -> u64 {
        self.0.1.load(Ordering::Relaxed)
    }
}

/// Yields the events of each wake-up.
pub struct Bell {
    ring: AsyncFd<RingBuf<MapData>>,
    wakeups: Wakeups,
}

impl Bell {
    pub(super) fn new(map: Map) -> Result<Self, ProbeError> {
        let ring = RingBuf::try_from(map).map_err(map_error("EVENTS"))?;
        let ring = watch(ring).map_err(ProbeError::Bell)?;
        Ok(Self {
            ring,
            wakeups: Wakeups::default(),
        })
    }

    /// The counts, for the metrics.
    pub fn wakeups(&self) -> Wakeups {
        self.wakeups.clone()
    }
}

impl Stream for Bell {
    type Item = Vec<Event>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            let Ok(mut ready) = ready!(this.ring.poll_read_ready_mut(context)) else {
                return Poll::Ready(None);
            };
            let ring = ready.get_inner_mut();
            let mut events = Vec::new();
            while events.len() < BATCH_MAX
                && let Some(entry) = ring.next()
            {
                events.extend(parse(&entry));
            }
            if events.len() < BATCH_MAX {
                ready.clear_ready();
            }
            if !events.is_empty() {
                let counts = &this.wakeups.0;
                counts.0.fetch_add(1, Ordering::Relaxed);
                counts.1.fetch_add(events.len() as u64, Ordering::Relaxed);
                return Poll::Ready(Some(events));
            }
        }
    }
}

/// An entry's bytes in the machine's order; `None` for one of another size.
fn parse(entry: &[u8]) -> Option<Event> {
    let entry: &[u8; size_of::<Event>()] = entry.try_into().ok()?;
    let (cookie, rest) = entry.split_first_chunk()?;
    let (kind, _) = rest.split_first_chunk()?;
    Some(Event {
        cookie: u64::from_ne_bytes(*cookie),
        kind: u32::from_ne_bytes(*kind),
        reserved: 0,
    })
}
