use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, watch};

use super::News;
use crate::pages::Line;
use std::sync::Arc;

/// As many watch as may.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("as many watch as may; close another page that does, or come back later")]
pub(crate) struct NoPlace;

/// What a watcher is told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// Something came.
    Line(Arc<Line>),
    /// So many were left out, because too much came at once, or the watcher was slow.
    LeftOut(u64),
    /// Nothing more.
    End,
}

/// Somebody who watches, and whose place is free again afterwards.
#[derive(Debug)]
pub(crate) struct Watcher {
    news: broadcast::Receiver<News>,
    end: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

impl Watcher {
    pub(super) fn new(
        news: broadcast::Receiver<News>,
        end: watch::Receiver<bool>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            news,
            end,
            _place: place,
        }
    }

    /// Waits for what comes next. Nothing is lost when the wait is given up.
    pub(crate) async fn next(&mut self) -> Told {
        let news = tokio::select! {
            news = self.news.recv() => news,
            _ = self.end.wait_for(|end| *end) => return Told::End,
        };
        match news {
            Ok(News::Line(line)) => Told::Line(line),
            Ok(News::LeftOut(lines)) | Err(RecvError::Lagged(lines)) => Told::LeftOut(lines),
            Err(RecvError::Closed) => Told::End,
        }
    }
}
