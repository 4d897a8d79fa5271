//! What libFuzzer says; its form is at <https://llvm.org/docs/LibFuzzer.html#output>.

/// The whole of it.
#[derive(Debug)]
pub(super) struct Log {
    text: String,
    succeeded: bool,
}

/// How far a fuzzer came.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) executions: u64,
    pub(super) per_second: u64,
    /// Edges of the program that were reached.
    pub(super) edges: u64,
    /// Edges that there are.
    pub(super) of: u64,
    /// Inputs that reached something which others did not.
    pub(super) inputs: u64,
}

/// Something wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// What broke, in the words of the program.
    pub(super) what: String,
    /// Where the input lies.
    pub(super) input: Option<&'a str>,
}

impl Log {
    /// From the text and the exit status.
    pub(super) fn new(text: String, succeeded: bool) -> Self {
        Self { text, succeeded }
    }

    /// What was found, if anything.
    pub(super) fn found(&self) -> Option<Found<'_>> {
        if self.succeeded {
            return None;
        }
        let input = self.text.lines().find_map(|line| {
            let (_, path) = line.split_once("Test unit written to ")?;
            Some(path.trim())
        });
        Some(Found {
            what: self
                .panic()
                .or_else(|| self.error())
                .unwrap_or_else(|| self.text.trim().to_owned()),
            input,
        })
    }

    /// The figures, from the last line of each kind.
    pub(super) fn figures(&self) -> Figures {
        let last = |words: &str| self.text.lines().rev().find(|line| line.contains(words));
        let done = last("cov: ").unwrap_or_default();
        let counters = last(" inline 8-bit counters").unwrap_or_default();
        Figures {
            executions: number(done, "#"),
            per_second: number(done, "exec/s: "),
            edges: number(done, "cov: "),
            of: number(counters, "modules   ("),
            inputs: number(done, "corp: "),
        }
    }

    /// The message of a panic, which may have several lines.
    fn panic(&self) -> Option<String> {
        let mut lines = self
            .text
            .lines()
            .skip_while(|line| !line.contains(" panicked at "));
        let (_, place) = lines.next()?.split_once(" panicked at ")?;
        let message = lines.take_while(|line| !line.starts_with("note: ") && !line.starts_with("=="));
        Some(message.fold(place.to_owned(), |text, line| text + "\n  " + line))
    }

    /// The error of libFuzzer itself: too slow, or too much memory.
    fn error(&self) -> Option<String> {
        let summary = self
            .text
            .lines()
            .find_map(|line| line.strip_prefix("SUMMARY: "))?;
        Some(summary.to_owned())
    }
}

/// The number after `words`; 0 when it is not there.
fn number(line: &str, words: &str) -> u64 {
    let digits = line.split_once(words).map_or("", |(_, rest)| rest);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().unwrap_or(0)
}
