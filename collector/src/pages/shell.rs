//! What every page has around it: where one can go, and who is logged in.

use crate::access::{Principal, Right};

/// A part of the pages that the head leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Live,
    Inventory,
    Findings,
    Requests,
    Policy,
    Audit,
    Settings,
}

impl Section {
    const ALL: [Self; 8] = [
        Self::Overview,
        Self::Live,
        Self::Inventory,
        Self::Findings,
        Self::Requests,
        Self::Policy,
        Self::Audit,
        Self::Settings,
    ];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Live => "Live",
            Self::Inventory => "Inventory",
            Self::Findings => "Findings",
            Self::Requests => "Requests",
            Self::Policy => "Policy",
            Self::Audit => "Audit",
            Self::Settings => "Settings",
        }
    }

    pub(super) const fn href(self) -> &'static str {
        match self {
            Self::Overview => "/",
            Self::Live => "/live",
            Self::Inventory => "/inventory",
            Self::Findings => "/findings",
            Self::Requests => "/requests",
            Self::Policy => "/policy",
            Self::Audit => "/audit",
            Self::Settings => "/settings",
        }
    }

    /// What its pages take: those of [`crate::access::table::PAGES`] say the same.
    const fn right(self) -> Right {
        match self {
            Self::Overview | Self::Live | Self::Inventory | Self::Findings | Self::Policy => {
                Right::InventoryRead
            }
            Self::Requests | Self::Audit => Right::AuditRead,
            Self::Settings => Right::Admin,
        }
    }
}

/// The head of a page.
pub(super) struct Shell {
    /// Where the page belongs.
    pub(super) here: Option<Section>,
    /// Who reads it, when that is known.
    pub(super) principal: Option<Principal>,
}

impl Shell {
    pub(super) fn of(here: Section, principal: Principal) -> Self {
        Self {
            here: Some(here),
            principal: Some(principal),
        }
    }

    /// The sections that are for whoever reads, and whether the page is of each.
    pub(super) fn sections(&self) -> impl Iterator<Item = (Section, bool)> {
        let principal = self.principal.as_ref();
        Section::ALL
            .into_iter()
            .filter(move |section| principal.is_some_and(|principal| principal.may(section.right())))
            .map(|section| (section, self.here == Some(section)))
    }
}
