//! Asks for a password.

use std::io::{self, IsTerminal as _, Read as _};

use super::CommandError;
use crate::access::password::{LEAST, MOST, Password};

/// A password for an account: typed twice without being shown, or the first line of standard input.
pub(super) fn read(account: &str) -> Result<Password, CommandError> {
    let wrong = |reason: String| CommandError::Account {
        name: account.to_owned(),
        reason,
    };
    let unread = |error: io::Error| wrong(format!("its password cannot be read: {error}"));
    let text = if io::stdin().is_terminal() {
        let ask = |question: String| rpassword::prompt_password(question).map_err(unread);
        let first = ask(format!("Password for {account}, {LEAST} characters or more: "))?;
        if first != ask("The same again: ".to_owned())? {
            return Err(wrong("the two passwords are not the same".to_owned()));
        }
        first
    } else {
        let mut text = String::new();
        // Enough to see that it is too long.
        let most = u64::try_from(MOST).unwrap_or_default() + 2;
        io::stdin().take(most).read_to_string(&mut text).map_err(unread)?;
        text.lines().next().unwrap_or_default().to_owned()
    };
    Password::new(&text, account).map_err(|error| wrong(error.to_string()))
}
