//! Names in a message: labels and pointers (RFC 1035, section 4.1.4).

use crate::names::host::HostName;

/// Longest name, its lengths and the end included (RFC 1035, section 2.3.4).
const LONGEST: usize = 255;
/// Pointers that are followed for one name; more than it can have labels do nothing that fewer could not.
const MOST_POINTERS: usize = LONGEST / 2;

/// A name that is whole and well formed. Names are equal whatever their case (RFC 4343).
#[derive(Clone, Copy, Debug)]
pub(super) struct Name<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Name<'a> {
    /// The name at offset `at`, and the offset of what follows it.
    pub(super) fn read(message: &'a [u8], at: usize) -> Option<(Self, usize)> {
        let mut labels = Labels::new(message, at);
        let mut length = 1;
        loop {
            let label = labels.next_or_end()?;
            if label.is_empty() {
                return Some((Self { message, at }, labels.after.unwrap_or(labels.at)));
            }
            length += 1 + label.len();
            if length > LONGEST {
                return None;
            }
        }
    }

    /// The labels, the root's left out.
    pub(super) fn labels(self) -> Labels<'a> {
        Labels::new(self.message, self.at)
    }

    /// Whether it is the root's name, which stands for something else in a service's record.
    pub(super) fn is_root(self) -> bool {
        self.labels().next().is_none()
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        let mut others = other.labels();
        self.labels().all(|label| {
            others
                .next()
                .is_some_and(|other| label.eq_ignore_ascii_case(other))
        }) && others.next().is_none()
    }
}

/// The host whose name is made of `labels`.
pub(super) fn host(labels: Labels<'_>) -> Option<HostName> {
    let mut text = Vec::new();
    for label in labels {
        // A dot within a label is possible in the DNS.
        if label.contains(&b'.') {
            return None;
        }
        if !text.is_empty() {
            text.push(b'.');
        }
        text.extend_from_slice(label);
    }
    HostName::read(&text)
}

/// The labels of a name, from its front.
pub(super) struct Labels<'a> {
    message: &'a [u8],
    at: usize,
    /// Where what is read at present began. Pointers have to lead before it, so they cannot lead in a circle.
    begin: usize,
    /// The offset after the first pointer.
    after: Option<usize>,
    pointers: usize,
}

impl<'a> Labels<'a> {
    fn new(message: &'a [u8], at: usize) -> Self {
        Self {
            message,
            at,
            begin: at,
            after: None,
            pointers: 0,
        }
    }

    /// The next label; that of the root is empty. `None` when the form is broken.
    fn next_or_end(&mut self) -> Option<&'a [u8]> {
        loop {
            let rest = self.message.get(self.at..)?;
            let (&length, rest) = rest.split_first()?;
            match length {
                0..=63 => {
                    let label = rest.get(..length.into())?;
                    self.at += 1 + label.len();
                    return Some(label);
                }
                0xc0.. => {
                    let low = *rest.first()?;
                    let target = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                    self.pointers += 1;
                    if target >= self.begin || self.pointers > MOST_POINTERS {
                        return None;
                    }
                    self.after.get_or_insert(self.at + 2);
                    self.begin = target;
                    self.at = target;
                }
                // Kinds of labels that were tried and given up (RFC 6891, section 5).
                _ => return None,
            }
        }
    }
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        self.next_or_end().filter(|label| !label.is_empty())
    }
}
