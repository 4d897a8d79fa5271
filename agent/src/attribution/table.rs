//! All that is known of processes: the kernel's table, what was there before it, and at last `/proc`.

use std::{collections::HashMap, sync::Arc};

use umbra_agent_common::process::{ImageKey, NO_LOGIN, Namespaces, ProcessKey};

use super::{
    image::Image,
    procfs,
    seed::{Old, Seed},
};
use crate::probes::Processes;

/// Forks without an exec in a row that are followed up to the image that they share.
const FORKS_MAX: usize = 32;

/// Images remembered outside the kernel's table, so that one that makes many flows is copied once.
const IMAGES_MAX: usize = 512;

/// What is known of a process.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Its parent; pid 0: not known.
    pub parent: ProcessKey,
    /// What it runs.
    pub image: Option<Arc<Image>>,
    /// Its user.
    pub uid: u32,
    /// Who logged in, or [`NO_LOGIN`].
    pub login_uid: u32,
    /// Its login session, or [`umbra_agent_common::process::NO_SESSION`].
    pub session_id: u32,
    /// Where it is.
    pub namespaces: Namespaces,
    /// Its controlling terminal, in the kernel's own form; 0: none.
    pub terminal: u32,
}

/// Looks processes up.
pub(super) struct Table {
    kernel: Processes,
    seed: Seed,
    images: HashMap<ImageKey, Arc<Image>>,
}

impl Table {
    /// Takes the kernel's table, which must be filling already: else a process could begin between the two.
    pub(super) fn new(kernel: Processes) -> Self {
        Self {
            kernel,
            seed: Seed::read(),
            images: HashMap::new(),
        }
    }

    /// What is known of `key`.
    pub(super) fn find(&mut self, key: &ProcessKey) -> Option<Known> {
        if key.pid == 0 {
            return None;
        }
        self.in_kernel(key)
            .or_else(|| self.seed.find(key).map(|old| self.old(old)))
            .or_else(|| Self::now(key))
    }

    fn in_kernel(&mut self, key: &ProcessKey) -> Option<Known> {
        let process = self.kernel.process(key)?;
        let image = if process.image == ImageKey::default() {
            self.shared_image(process.parent)
                .or_else(|| Self::now(key).filter(|_| self.lives(key))?.image)
        } else {
            self.image(&process.image)
        };
        Some(Known {
            parent: process.parent,
            image,
            uid: process.uid,
            login_uid: process.login_uid,
            session_id: process.session_id,
            namespaces: process.namespaces,
            terminal: process.terminal,
        })
    }

    /// Whether the process still lives. `/proc` alone tells starts to a clock tick (10 ms), in which its id may have come
    /// to mean another one; the kernel's table knows when it ended. Ask it after `/proc` was read.
    pub(super) fn lives(&self, key: &ProcessKey) -> bool {
        let has_ended = self
            .kernel
            .process(key)
            .is_some_and(|process| process.exited_ns != 0);
        !has_ended && procfs::lives(key.pid, key.started_ns)
    }

    /// The process as it was when it ran `image`; as it is when that is not known.
    pub(super) fn when(&mut self, known: Known, image: &ImageKey) -> Known {
        match self.image(image) {
            Some(image) => Known {
                image: Some(image),
                ..known
            },
            None => known,
        }
    }

    fn image(&mut self, key: &ImageKey) -> Option<Arc<Image>> {
        if let Some(image) = self.images.get(key) {
            return Some(image.clone());
        }
        let image = Arc::new(Image::from_record(&*self.kernel.image(key)?));
        if self.images.len() >= IMAGES_MAX {
            self.images.clear();
        }
        self.images.insert(*key, image.clone());
        Some(image)
    }

    /// A fork without an exec, of a process that the kernel programs saw execute nothing: what that one runs is older
    /// than the agent.
    fn shared_image(&self, mut ancestor: ProcessKey) -> Option<Arc<Image>> {
        for _ in 0..FORKS_MAX {
            if let Some(old) = self.seed.find(&ancestor) {
                return Some(old.image.clone());
            }
            ancestor = self.kernel.process(&ancestor)?.parent;
        }
        None
    }

    fn old(&self, old: &Old) -> Known {
        Known {
            parent: self.seed.parent_key(old),
            image: Some(old.image.clone()),
            uid: old.uid,
            login_uid: old.login_uid,
            session_id: old.session_id,
            namespaces: old.namespaces,
            terminal: old.terminal,
        }
    }

    /// Last resort: the process as it is now, if it still is.
    fn now(key: &ProcessKey) -> Option<Known> {
        let seen =
            procfs::read(key.pid).filter(|seen| seen.started_ticks == procfs::ticks(key.started_ns))?;
        Some(Known {
            parent: ProcessKey::default(),
            image: Some(Arc::new(seen.image)),
            uid: seen.uid,
            login_uid: seen.login_uid,
            session_id: seen.session_id,
            namespaces: seen.namespaces,
            terminal: seen.terminal,
        })
    }

    /// Forgets processes that ended before `ended_before_ns` and are nobody's ancestors.
    pub(super) fn sweep(&mut self, ended_before_ns: u64) {
        let kept = self.kernel.sweep(ended_before_ns);
        self.seed.sweep(|pid| kept.contains(&pid));
    }
}

const _: () = assert!(NO_LOGIN == u32::MAX, "/proc says the same");
