//! What the collector has this agent run with: asked for, checked, kept, and taken up while running.
//!
//! The last good one is kept beside the spool and holds from the start on, whether or not the collector answers. What
//! fails a check is said, here and in the next report, and the last good one stays.

mod check;
mod kept;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{StatusCode, header};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tracing::{info, warn};
use umbra_catalog::Catalogue;
use umbra_report::{Configuration, Running, Settings, Signed, limits};

use crate::config::{self, CollectorUrl, Config};
use crate::report::{Client, cause};
use check::{Refused, catalogue, checked};
use kept::Kept;

/// How far a question may be from its time, as a part of the pause: a fleet must not ask at once.
const JITTER: f64 = 0.2;

/// Asks for the configuration and checks it.
pub struct Managed {
    options: config::Configuration,
    own: config::Catalogue,
    folder: PathBuf,
    /// What runs; `None`: what the agent's own file says.
    running: Option<Configuration>,
    /// Why the last one that came does not run.
    refused: Option<String>,
    /// The tag of the last one that came, and was read.
    tag: Option<header::HeaderValue>,
    due: Instant,
    catalogues: mpsc::Sender<Catalogue>,
    settings: watch::Sender<Settings>,
}

/// Where what was taken goes.
pub struct Taken {
    /// A catalogue for names and kernel.
    pub catalogues: mpsc::Receiver<Catalogue>,
    /// Settings, from the start on.
    pub settings: watch::Receiver<Settings>,
}

impl Managed {
    /// The last good configuration, and the catalogue to start with. What is wrong with the user's own catalogue is an
    /// error, and what is wrong with the kept configuration is said.
    pub fn open(config: &Config) -> Result<(Self, Catalogue, Taken), umbra_catalog::Error> {
        let own = config.catalogue.read()?;
        let folder = config.spool.directory();
        let options = config.configuration.clone();
        let kept = options.enabled.then(|| Kept::load(&folder)).flatten();
        let mut refused = None;
        let mut begun = None;
        if let Some(Kept { key, signed }) = kept {
            let tried = checked(&signed, &key, 0).and_then(|running| {
                Ok((
                    catalogue(running.catalogue.as_deref(), &options, own.as_ref())?,
                    running,
                ))
            });
            match tried {
                Ok(both) => begun = Some(both),
                Err(error) => {
                    warn!("the configuration that the collector gave before cannot be used: {error}");
                    refused = Some(error.to_string());
                }
            }
        }
        let (catalogue, running) = match begun {
            Some((Some(catalogue), running)) => (catalogue, Some(running)),
            Some((None, running)) => (config.catalogue.load()?, Some(running)),
            None => (config.catalogue.load()?, None),
        };
        let (catalogues, new_catalogues) = mpsc::channel(1);
        let settings = running.as_ref().map(|running| running.settings.clone());
        let (settings, new_settings) = watch::channel(settings.unwrap_or_default());
        let managed = Self {
            options,
            own: config.catalogue.clone(),
            folder,
            running,
            refused,
            tag: None,
            due: Instant::now(),
            catalogues,
            settings,
        };
        let taken = Taken {
            catalogues: new_catalogues,
            settings: new_settings,
        };
        Ok((managed, catalogue, taken))
    }

    /// When to ask again; `None`: never.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.options.enabled.then_some(self.due)
    }

    /// What the collector is told.
    pub(crate) fn running(&self) -> Option<Running> {
        if self.running.is_none() && self.refused.is_none() {
            return None;
        }
        let of = |number: fn(&Configuration) -> u64| self.running.as_ref().map_or(0, number);
        Some(Running {
            serial: of(|running| running.serial),
            revision: of(|running| running.revision),
            refused: self.refused.clone(),
        })
    }

    /// Asks if it is time; `key` is the one that came with the certificate.
    pub(crate) async fn ask(&mut self, client: &Client, collector: &CollectorUrl, key: Option<&str>) {
        if !self.options.enabled || self.due > Instant::now() {
            return;
        }
        let settings = self.settings.borrow().clone();
        let pause = settings
            .poll_seconds
            .filter(|seconds| limits::POLL_SECONDS.contains(seconds))
            .map_or(self.options.poll_seconds.get(), u64::from);
        let part = 1.0 + JITTER * (2.0 * fastrand::f64() - 1.0);
        self.due = Instant::now() + Duration::from_secs(pause).mul_f64(part);
        // It may come with the next certificate.
        let Some(key) = key else { return };
        match self.fetch(client, collector).await {
            Ok(Some((signed, tag))) => {
                self.tag = Some(tag);
                if let Err(error) = self.take(signed, key).await {
                    if error.may_pass() {
                        self.tag = None;
                    }
                    self.refuse(&error);
                }
            }
            Ok(None) => {}
            // The reports say it when the collector is away.
            Err(reason) => tracing::debug!("cannot ask the collector for its configuration: {reason}"),
        }
    }

    /// What the collector has, unless it is known or there is none.
    async fn fetch(
        &self,
        client: &Client,
        collector: &CollectorUrl,
    ) -> Result<Option<(Signed, header::HeaderValue)>, String> {
        let mut request = client.get(collector.at("config"));
        if let Some(tag) = &self.tag {
            request = request.header(header::IF_NONE_MATCH, tag.clone());
        }
        let answer = request.send().await.map_err(|error| cause(&error))?;
        if answer.status() != StatusCode::OK {
            // 304: it is the last one. 204: there is none. 404: the collector is older. Others pass.
            return Ok(None);
        }
        let none = || header::HeaderValue::from_static("");
        let tag = answer.headers().get(header::ETAG).cloned().unwrap_or_else(none);
        let text = client
            .begin_of(answer, limits::CONFIGURATION)
            .await
            .map_err(|error| cause(&error))?;
        let signed = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        Ok(Some((signed, tag)))
    }

    /// Checks it all, keeps it, and only then takes it up.
    async fn take(&mut self, signed: Signed, key: &str) -> Result<(), Refused> {
        let last = self.running.as_ref().map_or(0, |running| running.serial);
        let new = checked(&signed, key, last)?;
        if self.running.as_ref() == Some(&new) {
            self.refused = None;
            return Ok(());
        }
        let last = self.running.as_ref().and_then(|old| old.catalogue.as_ref());
        let compiled = if last == new.catalogue.as_ref() {
            None
        } else {
            let own = self.own.read().map_err(|error| Refused::Own(error.to_string()))?;
            let (options, text) = (self.options.clone(), new.catalogue.clone());
            // Takes some tens of milliseconds: flows must not wait for it.
            let compiling = spawn_blocking(move || {
                let laid = catalogue(text.as_deref(), &options, own.as_ref())?;
                laid.map_or_else(|| check::without(own.as_ref()), Ok)
            });
            let compiled = compiling.await.map_err(|error| Refused::Own(error.to_string()));
            Some(compiled??)
        };
        Kept {
            key: key.to_owned(),
            signed,
        }
        .save(&self.folder)
        .map_err(|error| Refused::Disk {
            folder: self.folder.clone(),
            error,
        })?;
        info!(
            "runs revision {} of the collector's configuration{}",
            new.revision,
            match (&new.catalogue, self.options.catalogue) {
                (Some(_), true) => ", with its catalogue",
                (Some(_), false) => ", without its catalogue",
                (None, _) => "",
            }
        );
        if let Some(catalogue) = compiled {
            // The receiver is gone only when the agent ends.
            let _ = self.catalogues.send(catalogue).await;
        }
        self.settings.send_replace(new.settings.clone());
        self.running = Some(new);
        self.refused = None;
        Ok(())
    }

    fn refuse(&mut self, error: &Refused) {
        let reason = error.to_string();
        if self.refused.as_ref() != Some(&reason) {
            warn!("the collector's configuration is not taken: {reason}; what ran before goes on");
        }
        self.refused = Some(reason);
    }
}

/// The interval of reports that holds.
pub(crate) fn interval(settings: &Settings, own: Duration) -> Duration {
    settings
        .interval_seconds
        .filter(|seconds| limits::INTERVAL_SECONDS.contains(seconds))
        .map_or(own, |seconds| Duration::from_secs(seconds.into()))
}

/// The text of the user's own catalogue, and what errors call it.
pub(crate) type Own = Arc<(String, String)>;

#[cfg(test)]
mod tests;
