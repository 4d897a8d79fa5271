use serde::Deserialize;

use super::Line;

/// Characters of each field that are looked at.
const LONGEST: usize = 255;

/// `?q=…&vendor=…&host=…&user=…&after=…`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// Text in anything that is shown.
    pub(super) q: String,
    /// The whole name, as are the next two.
    pub(super) vendor: String,
    pub(super) host: String,
    pub(super) user: String,
    /// Number of the last activity that is known.
    pub(super) after: Option<i64>,
}

impl Wanted {
    fn fields(&self) -> [(&'static str, &str); 4] {
        [
            ("q", self.q.trim()),
            ("vendor", self.vendor.trim()),
            ("host", self.host.trim()),
            ("user", self.user.trim()),
        ]
    }

    /// Whether everything is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.fields().iter().all(|(_, value)| value.is_empty())
    }

    /// Where it is to be had.
    pub(super) fn address(&self, path: &str, after: Option<i64>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.fields().into_iter().filter(|(_, value)| !value.is_empty()));
        if let Some(after) = after {
            query.append_pair("after", &after.to_string());
        }
        format!("{path}?{}", query.finish())
    }
}

/// Which lines somebody wants, by what is shown: a name that is hidden finds nothing.
#[derive(Debug)]
pub(super) struct Filter([String; 4]);

impl Filter {
    pub(super) fn of(wanted: &Wanted) -> Self {
        let cut = |(_, value): (&str, &str)| value.chars().take(LONGEST).collect::<String>().to_lowercase();
        Self(wanted.fields().map(cut))
    }

    pub(super) fn takes(&self, line: &Line) -> bool {
        let Self([text, vendor, host, user]) = self;
        let is = |wanted: &str, value: &str| wanted.is_empty() || wanted == value;
        is(vendor, &line.vendor)
            && is(host, &line.host)
            && is(user, &line.user)
            && line.text.contains(text.as_str())
    }
}
