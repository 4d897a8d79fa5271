//! Passwords: which are good enough, and how they are kept.
//!
//! The rules are those of NIST SP 800-63B-4, section 3.1.1.2, for a password that is all that is asked for: 15
//! characters, of any kind, Unicode as well; what is easily guessed is refused; none has to be changed after a time.
//! The hash is Argon2id with the crate's parameters (19 MiB, 2 passes), which are those of OWASP.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;
use uuid::Uuid;

use crate::refusal::Refusal;

/// Characters at least.
pub const LEAST: usize = 15;
/// Bytes at most: what is hashed is bounded, and far above what a person types.
pub const MOST: usize = 1024;
/// Different characters at least: fewer are a pattern.
const DIFFERENT: usize = 5;
/// Hashes at the same time in this process; each takes 19 MiB and a processor.
const AT_ONCE: usize = 2;
/// How long a log-in waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// What the password of an account that does not exist is held against, so that both take the same time: the hash, by
/// the same parameters, of a password that nobody knows.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$YTM0NTQ3ZjQ4YjE4NDQ1Yg$7jmYRXOcZVY2pMpG+0IYIiPEGbIaOHNJM0PSdRIeMcw";

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("a password has at least {LEAST} characters; some words in a row will do")]
    Short,
    /// Too long.
    #[error("a password has at most {MOST} bytes; give a shorter one")]
    Long,
    /// Too easy.
    #[error(
        "this password is among the first that would be tried: few different characters, a row of the keyboard, or the account's name again and again; give another one"
    )]
    Easy,
}

/// A password that may be kept.
#[derive(Clone)]
pub struct Password(String);

/// Nothing of it is shown.
impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password")
    }
}

/// The same characters are the same bytes, whichever keyboard they come from.
fn normal(text: &str) -> String {
    text.nfkc().collect()
}

impl Password {
    /// Takes one for an account, if it is good enough.
    pub fn new(text: &str, account: &str) -> Result<Self, PasswordError> {
        if text.len() > MOST {
            return Err(PasswordError::Long);
        }
        let text = normal(text);
        if text.chars().count() < LEAST {
            return Err(PasswordError::Short);
        }
        if is_easy(&text.to_lowercase(), account) {
            return Err(PasswordError::Easy);
        }
        Ok(Self(text))
    }

    /// As it is kept (PHC string format).
    fn hash(&self) -> Option<String> {
        let salt = Uuid::new_v4();
        let hash = Argon2::default().hash_password_with_salt(self.0.as_bytes(), salt.as_bytes());
        hash.ok().map(|hash| hash.to_string())
    }
}

/// Whether little is left of it without what anybody would try.
fn is_easy(text: &str, account: &str) -> bool {
    const ROWS: [&str; 5] = [
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "abcdefghijklmnopqrstuvwxyz",
        "01234567890",
    ];
    if text.chars().collect::<HashSet<_>>().len() < DIFFERENT {
        return true;
    }
    let mut left = text.to_owned();
    for known in [
        account,
        "password",
        "passwort",
        "umbra",
        "admin",
        "collector",
        "letmein",
        "welcome",
    ] {
        if known.len() > 2 {
            left = left.replace(known, "");
        }
    }
    // Four of a row in order are as good as one.
    for row in ROWS {
        for length in (4..=row.len()).rev() {
            for start in 0..=row.len() - length {
                left = left.replace(&row[start..start + length], "");
            }
        }
    }
    left.chars().collect::<HashSet<_>>().len() < DIFFERENT
}

/// Hashes passwords, a few at a time.
#[derive(Clone, Debug)]
pub struct Hasher(Arc<Semaphore>);

impl Default for Hasher {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl Hasher {
    /// The hash to keep.
    pub async fn hash(&self, password: Password) -> Result<String, Refusal> {
        self.work(move || password.hash()).await?.ok_or_else(failed)
    }

    /// Whether a password is the one of this hash; `None`: there is no such account, which takes as long.
    pub async fn is_right(&self, text: &str, hash: Option<String>) -> Result<bool, Refusal> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let text = if text.len() > MOST {
            String::new()
        } else {
            normal(text)
        };
        let fits = move || {
            Argon2::default()
                .verify_password(text.as_bytes(), hash.as_str())
                .is_ok()
        };
        Ok(self.work(fits).await? && exists)
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
        let busy = || Refusal::later("too many people log in at once", PATIENCE);
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        let turn = turn.map_err(|_| busy())?.map_err(|_| busy())?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|_| failed())
    }
}

fn failed() -> Refusal {
    tracing::error!("a password could not be hashed");
    Refusal::new(
        axum::http::StatusCode::INTERNAL_SERVER_ERROR,
        "the collector failed; see its log",
    )
}

#[cfg(test)]
mod tests;
