//! What the inventory is narrowed by, in words and as a form.

use umbra_catalog::Kind;
use umbra_policy::Verdict;
use umbra_report::Evidence;

use crate::pages::choice::Choice;
use crate::pages::format::evidence;
use crate::query::{Query, address};

/// The form that narrows the inventory, with what it is narrowed by.
pub(super) struct Filter {
    /// Fields in which a name is typed: the field, what it is called, what it holds, and an example.
    pub(super) names: Vec<Name>,
    pub(super) kinds: Vec<Choice>,
    pub(super) verdicts: Vec<Choice>,
    pub(super) evidence: Vec<Choice>,
    /// What it is narrowed by, each with the address without it.
    pub(super) chips: Vec<Chip>,
    /// The fields that the search beside it keeps.
    pub(super) kept: Vec<(&'static str, String)>,
    /// The text that is searched for, which the form keeps.
    pub(super) text: String,
}

/// A field in which a name is typed.
pub(super) struct Name {
    pub(super) field: &'static str,
    pub(super) title: &'static str,
    pub(super) value: String,
    pub(super) example: &'static str,
}

/// Something that the inventory is narrowed by.
pub(super) struct Chip {
    pub(super) title: &'static str,
    pub(super) value: String,
    /// The inventory without it.
    pub(super) without: String,
}

/// Names that are typed: field, title, example.
const NAMES: [(&str, &str, &str); 7] = [
    ("vendor", "Vendor", "OpenAI"),
    ("program", "Program", "/usr/bin/curl"),
    ("user", "User", "jdoe"),
    ("host", "Host", "build-7"),
    ("unit", "Unit", "cron.service"),
    ("image", "Image", "docker.io/library/python:3"),
    ("label", "Host label", "team=tools"),
];

impl Filter {
    pub(super) fn of(query: &Query) -> Self {
        let fields = query.fields();
        let value = |field: &str| {
            let asked = fields.iter().find(|(name, _)| *name == field);
            asked.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let chip = |(place, (field, value)): (usize, &(&'static str, String))| {
            let others = fields.iter().enumerate().filter(|(other, _)| *other != place);
            let others: Vec<_> = others.map(|(_, field)| field.clone()).collect();
            Some(Chip {
                title: title(field)?,
                value: match query.evidence.filter(|_| *field == "evidence") {
                    Some(known) => evidence(Some(known)).0.to_owned(),
                    None => value.replace('_', " "),
                },
                without: address("/inventory", &others),
            })
        };
        let of_form = |field: &str| field != "q" && field != "finding" && field != "caller";
        Self {
            names: NAMES
                .map(|(field, title, example)| Name {
                    field,
                    title,
                    value: value(field),
                    example,
                })
                .into(),
            kinds: Choice::all(&Kind::ALL, query.kind, |kind| (kind.as_str(), kind.as_str())),
            verdicts: Choice::all(&Verdict::ALL, query.verdict, |verdict| {
                (verdict.as_str(), verdict.as_str())
            }),
            evidence: Choice::all(&Evidence::ALL, query.evidence, |known| {
                (known.as_str(), evidence(Some(known)).0)
            }),
            chips: fields.iter().enumerate().filter_map(chip).collect(),
            kept: fields
                .iter()
                .filter(|(field, _)| of_form(field))
                .cloned()
                .collect(),
            text: value("q"),
        }
    }
}

/// What a field is called; `None` of those that a heading tells.
fn title(field: &str) -> Option<&'static str> {
    match field {
        "kind" => Some("Kind"),
        "verdict" => Some("Verdict"),
        "evidence" => Some("Evidence"),
        "q" => Some("Text"),
        "caller" => Some("Caller"),
        _ => NAMES
            .iter()
            .find(|(name, ..)| *name == field)
            .map(|(_, title, _)| *title),
    }
}
