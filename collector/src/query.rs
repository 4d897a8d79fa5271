//! The query that the page and the API share.
//!
//! Rows are read along what narrows them most ([`Query::along`]), and looked through for the rest. Of what has much else in
//! between a page looks through so many rows ([`LOOKED`]), or for so long ([`PATIENCE`]), and then says where to go on, so that
//! none takes for ever.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;
use umbra_catalog::Kind;
use umbra_policy::Verdict;
use umbra_report::Evidence;
use utoipa::IntoParams;

use crate::access::Scope;
use crate::api::table::Form;
use crate::labels::Label;
use crate::pages::asked;
use crate::policy::InForce;
use crate::refusal::Refusal;
use crate::store::{Along, NoPosition, Page, Selection, Sort, Store, Term, Use};

/// Longest text to look for, in characters.
const TEXT: usize = 200;
/// Rows that are looked through for a page.
const LOOKED: u16 = if cfg!(test) { 100 } else { 1_500 };
/// After so long it looks no further: what a row costs is the machine's and the database's.
const PATIENCE: Duration = Duration::from_millis(20);
/// So many rows are looked through however long that takes, so that each page is a step on.
const LEAST: u16 = if cfg!(test) { 40 } else { 300 };
/// Rows that are read at once when it looks further, at most.
const STEP: u16 = 500;

/// Which rows of the inventory: what is asked for must all hold.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Query {
    /// Text in the vendor, service, name, program, user or host.
    pub(crate) q: Option<String>,
    /// Only the rows of this vendor, by its whole name.
    pub(crate) vendor: Option<String>,
    /// Only services of this kind.
    #[param(schema_with = umbra_report::kinds)]
    pub(crate) kind: Option<Kind>,
    /// Only this program, by its whole name.
    pub(crate) program: Option<String>,
    /// Only users of this name; `uid 1000` stands for one without.
    pub(crate) user: Option<String>,
    /// Only hosts of this name.
    pub(crate) host: Option<String>,
    /// Only what ran in this unit of systemd.
    pub(crate) unit: Option<String>,
    /// Only what ran in a container of this image.
    pub(crate) image: Option<String>,
    /// Only hosts with this label, `KEY=VALUE`.
    #[param(value_type = Option<String>, pattern = r"^[A-Za-z0-9_./-]{1,63}=[A-Za-z0-9_./-]{1,63}$")]
    pub(crate) label: Option<Label>,
    /// Only rows with this verdict.
    #[param(inline)]
    pub(crate) verdict: Option<Verdict>,
    /// Only rows of which this is the strongest evidence.
    #[param(inline)]
    pub(crate) evidence: Option<Evidence>,
    /// Only the rows of this caller.
    pub(crate) caller: Option<i64>,
    /// Only the rows of this finding.
    pub(crate) finding: Option<i64>,
    /// What they are ordered by, the latest or most first; by `first_seen` unless it says.
    #[param(inline)]
    pub(crate) sort: Option<Sort>,
    /// Place to go on from: the `next` of an earlier answer in the same order.
    #[param(pattern = r"^(-?[0-9]{1,19}\.-?[0-9]{1,19})?$")]
    pub(crate) after: Option<String>,
    /// Rows, 100 unless it says; the API only.
    #[param(minimum = 1, maximum = 1000)]
    pub(crate) limit: Option<u16>,
    /// `json` or `csv`; without it what `Accept` says, and else JSON; the API only.
    #[param(inline)]
    pub(crate) format: Option<Form>,
}

impl Query {
    /// What the search field holds.
    pub(crate) fn text(&self) -> Option<String> {
        let text = self.q.as_deref().map(str::trim).filter(|text| !text.is_empty());
        text.map(|text| text.chars().take(TEXT).collect())
    }

    /// What is asked for, as fields of an address, but for the place to go on from.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let fields = [
            ("q", self.text()),
            ("vendor", self.vendor.clone()),
            ("kind", self.kind.map(|kind| kind.to_string())),
            ("program", self.program.clone()),
            ("user", self.user.clone()),
            ("host", self.host.clone()),
            ("unit", self.unit.clone()),
            ("image", self.image.clone()),
            ("label", self.label.as_ref().map(ToString::to_string)),
            ("verdict", self.verdict.map(|verdict| verdict.to_string())),
            (
                "evidence",
                self.evidence.map(|evidence| evidence.as_str().to_owned()),
            ),
            ("caller", self.caller.map(|caller| caller.to_string())),
            ("finding", self.finding.map(|finding| finding.to_string())),
            (
                "sort",
                self.sort
                    .filter(|sort| *sort != Sort::default())
                    .map(|sort| sort.as_str().to_owned()),
            ),
        ];
        let asked = fields.into_iter();
        asked.filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// What a text as in an address asks, from the first row on.
    pub(crate) fn of(text: &str) -> Result<Self, Refusal> {
        let query: Self = asked::read(text)?;
        Ok(Self {
            after: None,
            limit: None,
            format: None,
            ..query
        })
    }

    /// The same as text.
    pub(crate) fn as_text(&self) -> String {
        address("", &self.fields()).replacen('?', "", 1)
    }

    /// The page of the inventory with these rows, from the first on.
    pub(crate) fn address(&self) -> String {
        address("/inventory", &self.fields())
    }

    /// At most `limit` rows, for somebody who sees these hosts, judged by the policy at `now`. There may be fewer though more
    /// follow: then it has looked for long enough.
    pub(crate) async fn rows(
        &self,
        store: &Store,
        policy: &InForce,
        scope: Scope,
        limit: u16,
        now: Timestamp,
    ) -> Result<Page, Refusal> {
        let after = match self.after.as_deref() {
            Some(text) if !text.is_empty() => Some(
                text.parse()
                    .map_err(|error: NoPosition| Refusal::bad(error.to_string()))?,
            ),
            _ => None,
        };
        // No name has a NUL, and PostgreSQL takes no text with one.
        if self.fields().iter().any(|(_, value)| value.contains('\0')) {
            return Ok(Page::default());
        }
        let selection = Selection {
            sort: self.sort.unwrap_or_default(),
            after,
            along: self.along(store.people().are_hidden()),
            scope,
        };
        let begun = Instant::now();
        let mut selection = store.at_hand(selection, LOOKED).await?;
        // What is asked for is mostly among the first; where it is not, fewer and larger steps cost less.
        let mut step = limit;
        let (mut rows, mut looked) = (Vec::new(), 0_u16);
        loop {
            let page = store.uses(&selection, step).await?;
            looked = looked.saturating_add(step);
            let last = page.rows.last().map(|used| used.position);
            for used in page.rows {
                if !self.takes(&used, policy, now) {
                    continue;
                }
                let place = used.position;
                rows.push(used);
                if rows.len() == usize::from(limit) {
                    let is_end = last == Some(place) && page.next.is_none();
                    let next = (!is_end).then_some(place);
                    return Ok(Page { rows, next });
                }
            }
            let is_enough = looked >= LEAST && begun.elapsed() >= PATIENCE;
            if page.next.is_none() || looked >= LOOKED || is_enough {
                let next = page.next;
                return Ok(Page { rows, next });
            }
            selection.after = page.next;
            step = step.saturating_mul(4).clamp(LEAST, STEP).max(limit);
        }
    }

    /// What of it the store has an order for, the narrowest first. Where users are hidden, none is found by its name.
    fn along(&self, are_hidden: bool) -> Along {
        let term = |term, name: &Option<String>| name.clone().map(|name| Along::Term(term, name));
        let user = || {
            let user = self.user.as_deref().filter(|_| !are_hidden)?;
            let name = user.strip_prefix("uid ").unwrap_or(user);
            Some(Along::Term(Term::User, name.to_owned()))
        };
        let destinations = || {
            let is_asked = self.vendor.is_some() || self.kind.is_some();
            is_asked.then(|| Along::Destinations(self.vendor.clone(), self.kind))
        };
        self.finding
            .map(Along::Finding)
            .or_else(|| self.caller.map(Along::Caller))
            .or_else(|| self.text().map(Along::Text))
            .or_else(user)
            .or_else(|| term(Term::Host, &self.host))
            .or_else(|| term(Term::Program, &self.program))
            .or_else(destinations)
            .unwrap_or_default()
    }

    /// Whether a row is one that is asked for.
    fn takes(&self, used: &Use, policy: &InForce, now: Timestamp) -> bool {
        let is =
            |asked: &Option<String>, is: Option<&str>| asked.as_deref().is_none_or(|asked| is == Some(asked));
        is(&self.vendor, Some(&used.vendor))
            && self.kind.is_none_or(|kind| kind.as_str() == used.kind)
            && is(&self.program, Some(&used.program))
            && is(&self.host, Some(&used.host))
            && is(&self.unit, used.unit.as_deref())
            && is(&self.image, used.image.as_deref())
            && self.user.as_ref().is_none_or(|asked| *asked == used.user())
            && self.label.as_ref().is_none_or(|label| used.labels.has(label))
            && self
                .evidence
                .is_none_or(|evidence| used.evidence == Some(evidence))
            && self.caller.is_none_or(|caller| used.caller == caller)
            && self
                .verdict
                .is_none_or(|verdict| policy.decide(used, now).verdict == verdict)
    }
}

/// A path with these fields.
pub(crate) fn address(path: &str, fields: &[(&'static str, String)]) -> String {
    if fields.is_empty() {
        return path.to_owned();
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(fields);
    format!("{path}?{}", query.finish())
}

#[cfg(test)]
mod tests;
