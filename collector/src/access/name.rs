/// Characters of an account's name.
const LENGTH: usize = 64;

/// What is no account's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an account's name is 1 to {LENGTH} of a to z, 0 to 9, `.`, `-`, `_` and `@`, and begins with a letter or digit"
)]
pub struct NameError;

/// An account's name in the form in which it is kept: people type it in any case, and the audit log has it.
pub fn account_name(text: &str) -> Result<String, NameError> {
    let name = text.trim().to_ascii_lowercase();
    let fits = (1..=LENGTH).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_@".contains(&byte));
    if fits { Ok(name) } else { Err(NameError) }
}
