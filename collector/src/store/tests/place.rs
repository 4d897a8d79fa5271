use tempfile::TempDir;

use crate::cluster::Cluster;
use crate::store::{Location, Store};

/// Where a test's inventory is, in a directory or a database of its own.
pub(crate) struct Place {
    pub(crate) location: Location,
    pub(crate) directory: Option<TempDir>,
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self {
            location: Location::Directory(directory.path().to_owned()),
            directory: Some(directory),
        }
    }

    /// `None` where PostgreSQL is not installed.
    pub(crate) fn postgres() -> Option<Self> {
        let url = Cluster::shared()?.database();
        Some(Self {
            location: Location::Postgres(url.parse().expect("a URL")),
            directory: None,
        })
    }

    pub(crate) async fn store(&self) -> Store {
        Store::open(&self.location).await.expect("a store")
    }
}

/// Makes a test on SQLite and one on PostgreSQL of each function.
macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test($crate::store::tests::Place::sqlite()).await;
            })+
        }

        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                if let Some(place) = $crate::store::tests::Place::postgres() {
                    super::$test(place).await;
                }
            })+
        }
    };
}
pub(crate) use on_both;
