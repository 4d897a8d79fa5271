//! Rows of the inventory in another order than the newest first, at a price that does not grow with the inventory.
//!
//! There is an index for each order, and none for each order of each thing that is asked for. So
//! - where few rows have what they are read along, all of these are put into order ([`Store::at_hand`]);
//! - else the order is walked, and what is not asked for is passed over: what many rows have is mostly met soon.
//!
//! Either way a page begins after a place in the same order, so it may change between two pages.

use umbra_catalog::Kind;

use super::both::{Wording, with_rows};
use super::order::{Position, Sort};
use super::search::{columns, joins, select, with};
use super::uses::{Along, Page, Row, Selection, Use};
use super::{Store, StoreError, on};
use crate::findings::FindingKind;

/// Whether a use is one of what it is read along: `$5` is the pattern, `$6` what parts columns, `$7` the finding, `$8` the
/// agent's row, `$9` whether users are hidden, `$10` the vendor, `$11` the kind, `$12` the caller, `$13` and `$14` the kind of
/// a term and its text, `$15` the rows' numbers, each between commas.
macro_rules! is_asked {
    () => {
        "((CAST($10 AS TEXT) IS NULL OR d.vendor = $10)
           AND (CAST($11 AS TEXT) IS NULL OR d.kind = $11)
           AND (CAST($12 AS BIGINT) IS NULL OR c.id = $12)
           AND (CAST($8 AS BIGINT) IS NULL OR a.id = $8)
           AND (CAST($15 AS TEXT) IS NULL OR $15 LIKE '%,' || CAST(u.id AS TEXT) || ',%')
           AND (CAST($13 AS BIGINT) IS NULL
                OR CASE $13 WHEN 2 THEN lower(p.name) WHEN 3 THEN lower(coalesce(c.user_name, CAST(c.uid AS TEXT)))
                            ELSE lower(a.host) END = lower($14))
           AND (CAST($5 AS TEXT) IS NULL
                OR lower(concat_ws($6, d.vendor, d.service, d.name, p.name,
                                   CASE WHEN $9 THEN '' ELSE coalesce(c.user_name, CAST(c.uid AS TEXT)) END, a.host)) LIKE lower($5) ESCAPE '\\')
           AND (CAST($7 AS BIGINT) IS NULL
                OR EXISTS (SELECT 1 FROM findings o WHERE o.id = $7 AND o.program = c.program AND o.vendor = d.vendor)))"
    };
}

/// A statement that asks so, with its values.
macro_rules! asking {
    ($statement:expr, $asked:expr, $after:expr, $count:expr) => {
        sqlx::query_as($statement)
            .bind($after.value)
            .bind($after.id)
            .bind($count)
            .bind($crate::findings::FindingKind::NewCaller.as_str())
            .bind($asked.text.as_deref())
            // No text spans two columns.
            .bind("\n")
            .bind($asked.finding)
            .bind($asked.agent)
            .bind($asked.are_hidden)
            .bind($asked.vendor)
            .bind($asked.kind)
            .bind($asked.caller)
            .bind($asked.term.map(|(kind, _)| kind))
            .bind($asked.term.map(|(_, text)| text))
            .bind($asked.numbers.as_deref())
            .persistent(false)
    };
}

pub(super) use {asking, is_asked};

/// What [`is_asked`] is asked.
#[derive(Default)]
pub(super) struct Asked<'a> {
    pub(super) text: Option<String>,
    pub(super) finding: Option<i64>,
    pub(super) agent: Option<i64>,
    pub(super) are_hidden: bool,
    pub(super) vendor: Option<&'a str>,
    pub(super) kind: Option<&'static str>,
    pub(super) caller: Option<i64>,
    pub(super) term: Option<(i64, &'a str)>,
    pub(super) numbers: Option<String>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(along: &'a Along, are_hidden: bool) -> Self {
        let mut asked = Self {
            are_hidden,
            ..Self::default()
        };
        match along {
            Along::All | Along::Rows(_) => {}
            Along::Finding(id) => asked.finding = Some(*id),
            Along::Caller(id) => asked.caller = Some(*id),
            Along::Agent(id) => asked.agent = Some(*id),
            Along::Numbers(of) => {
                let between = |text: String, number: &i64| format!("{text}{number},");
                asked.numbers = Some(of.iter().fold(",".to_owned(), between));
            }
            Along::Text(of) => asked.text = Some(with(of)),
            Along::Destinations(of, kind) => {
                (asked.vendor, asked.kind) = (of.as_deref(), kind.map(Kind::as_str));
            }
            Along::Term(of, name) => asked.term = Some((*of as i64, name)),
        }
        asked
    }
}

/// A walk along an order, which says of each row whether it is asked for.
macro_rules! walk {
    ($order:literal) => {
        select!(
            concat!(
                "WITH found AS MATERIALIZED (SELECT id AS used FROM uses WHERE (",
                $order,
                ", id) < ($1, $2) ORDER BY ",
                $order,
                " DESC, id DESC LIMIT $3)"
            ),
            $order,
            concat!(", ", is_asked!(), " AS is_asked")
        )
    };
}

pub(super) const BY_FIRST_SEEN: &str = walk!("first_seen");
pub(super) const BY_LAST_SEEN: &str = walk!("last_seen");
pub(super) const BY_BYTES_OUT: &str = walk!("bytes_out");

/// What rows stand under, of which a few are looked up: numbers of terms, destinations, callers.
const OF_FINDING: &str = "SELECT t.id FROM findings f
    JOIN terms t ON t.kind = 5 AND t.text = CAST(f.program AS TEXT) || ' ' || f.vendor WHERE f.id = $1 LIMIT $2";
const OF_TERM: &str = "SELECT t.id FROM terms t WHERE t.kind = $1 AND t.text = lower($3) LIMIT $2";
const OF_TEXT: &str = "SELECT t.id FROM terms t
    WHERE t.kind <= 4 AND (t.kind <> 3 OR NOT $3) AND t.text LIKE lower($1) ESCAPE '\\' LIMIT $2";
const OF_DESTINATIONS: &str = "SELECT d.id FROM destinations d
    WHERE (CAST($1 AS TEXT) IS NULL OR d.vendor = $1) AND (CAST($3 AS TEXT) IS NULL OR d.kind = $3) LIMIT $2";
const OF_AGENT: &str = "SELECT c.id FROM callers c WHERE c.agent = $1 LIMIT $2";

/// The uses under one of these, with what they may be ordered by; `$2` at most.
macro_rules! under {
    ($uses:literal) => {
        with_rows!(
            "WITH these AS MATERIALIZED (SELECT CAST(value AS BIGINT) AS id FROM",
            concat!(
                ") SELECT u.id, u.first_seen, u.last_seen, u.bytes_out FROM these s CROSS JOIN ",
                $uses,
                " LIMIT $2"
            )
        )
    };
}

pub(super) const UNDER_TERMS: Wording =
    under!("postings p CROSS JOIN uses u WHERE p.term = s.id AND u.id = p.used");
pub(super) const UNDER_DESTINATIONS: Wording = under!("uses u WHERE u.destination = s.id");
pub(super) const UNDER_CALLERS: Wording = under!("uses u WHERE u.caller = s.id");

/// The uses of these numbers; `$2` is the kind of finding.
pub(super) const THESE: Wording = with_rows!(
    "WITH found AS MATERIALIZED (SELECT CAST(value AS BIGINT) AS used FROM",
    concat!(
        ") SELECT ",
        columns!("u"),
        " FROM found CROSS JOIN uses u ",
        joins!("$2"),
        " WHERE u.id = found.used"
    )
);

impl Store {
    /// The same selection with its rows at hand, if its order is another than the newest first and no more than `most` of them
    /// have what they are read along.
    pub async fn at_hand(&self, selection: Selection, most: u16) -> Result<Selection, StoreError> {
        if selection.sort == Sort::FirstSeen || !selection.scope.is_all() {
            return Ok(selection);
        }
        let Some(mut places) = self.places(&selection.along, selection.sort, most).await? else {
            return Ok(selection);
        };
        places.sort_unstable_by(|one, other| other.cmp(one));
        // A use has several terms with a text.
        places.dedup();
        Ok(Selection {
            along: Along::Rows(places),
            ..selection
        })
    }

    /// Where the rows of these stand, in no order; `None`: there are too many.
    async fn places(
        &self,
        along: &Along,
        sort: Sort,
        most: u16,
    ) -> Result<Option<Vec<Position>>, StoreError> {
        let count = i64::from(most) + 1;
        let (keys, under) = match along {
            Along::All | Along::Rows(_) | Along::Numbers(_) => return Ok(None),
            Along::Caller(caller) => (vec![*caller], UNDER_CALLERS),
            Along::Agent(agent) => (
                on!(self.readers(), |db| sqlx::query_scalar(OF_AGENT)
                    .bind(agent)
                    .bind(count)
                    .fetch_all(db)
                    .await)?,
                UNDER_CALLERS,
            ),
            Along::Finding(finding) => (
                on!(self.readers(), |db| sqlx::query_scalar(OF_FINDING)
                    .bind(finding)
                    .bind(count)
                    .fetch_all(db)
                    .await)?,
                UNDER_TERMS,
            ),
            Along::Term(term, text) => (
                on!(self.readers(), |db| sqlx::query_scalar(OF_TERM)
                    .bind(*term as i64)
                    .bind(count)
                    .bind(text)
                    .fetch_all(db)
                    .await)?,
                UNDER_TERMS,
            ),
            Along::Text(text) => (
                on!(self.readers(), |db| sqlx::query_scalar(OF_TEXT)
                    .bind(with(text))
                    .bind(count)
                    .bind(self.people.are_hidden())
                    .persistent(false)
                    .fetch_all(db)
                    .await)?,
                UNDER_TERMS,
            ),
            Along::Destinations(vendor, kind) => (
                on!(self.readers(), |db| sqlx::query_scalar(OF_DESTINATIONS)
                    .bind(vendor.as_deref())
                    .bind(count)
                    .bind(kind.map(Kind::as_str))
                    .persistent(false)
                    .fetch_all(db)
                    .await)?,
                UNDER_DESTINATIONS,
            ),
        };
        let keys: Vec<i64> = keys;
        if keys.len() > usize::from(most) {
            return Ok(None);
        }
        let (statement, keys) = (self.readers().word(under), serde_json::to_string(&keys)?);
        let found: Vec<(i64, i64, i64, i64)> = on!(self.readers(), |db| {
            sqlx::query_as(statement)
                .bind(&keys)
                .bind(count)
                .persistent(false)
                .fetch_all(db)
                .await
        })?;
        let place = |(id, first_seen, last_seen, bytes_out)| Position {
            value: match sort {
                Sort::FirstSeen => first_seen,
                Sort::LastSeen => last_seen,
                Sort::BytesOut => bytes_out,
            },
            id,
        };
        let are_few = found.len() <= usize::from(most);
        Ok(are_few.then(|| found.into_iter().map(place).collect()))
    }

    /// At most `limit` of these rows, from after a place on.
    pub(super) async fn rows(
        &self,
        places: &[Position],
        after: Position,
        limit: u16,
    ) -> Result<Page, StoreError> {
        let places = &places[places.partition_point(|place| *place >= after)..];
        let these = &places[..places.len().min(usize::from(limit))];
        let ids: Vec<i64> = these.iter().map(|place| place.id).collect();
        let (statement, ids) = (self.readers().word(THESE), serde_json::to_string(&ids)?);
        let rows: Vec<Row> = on!(self.readers(), |db| {
            sqlx::query_as(statement)
                .bind(&ids)
                .bind(FindingKind::NewCaller.as_str())
                .persistent(false)
                .fetch_all(db)
                .await
        })?;
        // They stand where they stood when the order was made, so that none is passed over.
        let used = |row: Row| {
            let position = these.iter().find(|place| place.id == row.id())?;
            let used = Use::from(row);
            Some(self.people.used(Use {
                position: *position,
                ..used
            }))
        };
        let mut rows: Vec<Use> = rows.into_iter().filter_map(used).collect();
        rows.sort_unstable_by_key(|used| std::cmp::Reverse(used.position));
        let next = these.last().filter(|_| these.len() < places.len()).copied();
        Ok(Page { rows, next })
    }

    /// What is asked for among the `count` rows of an order after a place, and the others.
    pub(super) async fn sifted(
        &self,
        selection: &Selection,
        after: Position,
        count: i64,
    ) -> Result<Vec<Row>, StoreError> {
        let asked = Asked::of(&selection.along, self.people.are_hidden());
        let statement = match selection.sort {
            Sort::FirstSeen => BY_FIRST_SEEN,
            Sort::LastSeen => BY_LAST_SEEN,
            Sort::BytesOut => BY_BYTES_OUT,
        };
        Ok(on!(self.readers(), |db| {
            asking!(statement, asked, after, count).fetch_all(db).await
        })?)
    }
}
