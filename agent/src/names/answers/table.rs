//! Who was given which address for which name, by address, within bounds.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::IpAddr,
};

use super::{Asked, Asker};

/// Answers that are kept at the same time. With what finds them, each takes some 250 bytes.
const MOST: usize = 16_384;
/// Answers that are kept for an address.
const MOST_OF_AN_ADDRESS: usize = 64;

/// An asker was given an address for a name.
#[derive(Debug)]
pub(super) struct Entry<A, T> {
    pub(super) asker: Asker<A>,
    /// `None`: for names that nobody wants, or for several that are not known any more.
    pub(super) asked: Option<Asked<T>>,
    pub(super) address: IpAddr,
    /// When it is over.
    pub(super) until_ns: u64,
}

/// Entries are numbered in the order in which they came.
#[derive(Debug)]
pub(super) struct Table<A, T> {
    entries: BTreeMap<u64, Entry<A, T>>,
    by_address: HashMap<IpAddr, Numbers>,
    by_end: BTreeSet<(u64, u64)>,
    added: u64,
    dropped: u64,
}

/// The entries of an address, the oldest first; never empty.
#[derive(Debug, Default)]
struct Numbers {
    numbers: Vec<u64>,
    /// When those would be over that were dropped before they were.
    lost_until_ns: u64,
}

/// What is known of an address at a time.
pub(super) struct Here<'a, A, T> {
    table: &'a Table<A, T>,
    numbers: Option<&'a Numbers>,
    now_ns: u64,
}

impl<A, T> Entry<A, T> {
    fn wanted(&self) -> Option<&T> {
        self.asked.as_ref().map(|asked| &asked.wanted)
    }
}

impl<A, T> Default for Table<A, T> {
    fn default() -> Self {
        Self {
            entries: BTreeMap::new(),
            by_address: HashMap::new(),
            by_end: BTreeSet::new(),
            added: 0,
            dropped: 0,
        }
    }
}

impl<A: PartialEq, T: PartialEq> Table<A, T> {
    /// Adds `entry`, or renews the one with the same asker, name and address.
    pub(super) fn add(&mut self, mut entry: Entry<A, T>, now_ns: u64) {
        while let Some(&(until_ns, number)) = self.by_end.first()
            && until_ns <= now_ns
        {
            self.remove(number);
        }
        let same = self.same(&entry);
        if let Some((_, old)) = same {
            entry.until_ns = entry.until_ns.max(old.until_ns);
        }
        let same = same.map(|(number, _)| number);
        let oldest = self.insert(entry);
        // The old one goes after the new one has come, so that what is remembered of the address stays.
        if let Some(same) = same {
            self.remove(same);
        } else if let Some(oldest) = oldest {
            self.make_room(oldest);
        }
        if self.entries.len() > MOST
            && let Some((&oldest, _)) = self.entries.first_key_value()
        {
            self.make_room(oldest);
        }
    }

    /// What is known of `address`.
    pub(super) fn at(&self, address: IpAddr, now_ns: u64) -> Here<'_, A, T> {
        Here {
            table: self,
            numbers: self.by_address.get(&address.to_canonical()),
            now_ns,
        }
    }

    /// Entries that were dropped before they were over.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Gives the oldest entry of the same address, if there are too many.
    fn insert(&mut self, entry: Entry<A, T>) -> Option<u64> {
        let number = self.added;
        self.added += 1;
        let numbers = &mut self.by_address.entry(entry.address).or_default().numbers;
        numbers.push(number);
        let oldest = (numbers.len() > MOST_OF_AN_ADDRESS).then(|| numbers[0]);
        self.by_end.insert((entry.until_ns, number));
        self.entries.insert(number, entry);
        oldest
    }

    /// Makes one of all that the asker of entry `oldest` asked for with its address. That names nobody unless they
    /// count as one, so that what stays does not look more certain than it is. A single one is dropped.
    fn make_room(&mut self, oldest: u64) {
        let Some(entry) = self.entries.get(&oldest) else {
            return;
        };
        let (address, wanted) = (entry.address, entry.wanted());
        let theirs: Vec<_> = self
            .numbered(address)
            .filter(|(_, other)| other.asker.key == entry.asker.key)
            .collect();
        let count_as_one = theirs.iter().all(|(_, other)| other.wanted() == wanted);
        let until_ns = theirs.iter().map(|(_, other)| other.until_ns).max();
        let until_ns = until_ns.unwrap_or(entry.until_ns);
        let mut numbers: Vec<_> = theirs.into_iter().map(|(number, _)| number).collect();
        let newest = numbers.pop_if(|&mut number| number != oldest);
        if newest.is_none()
            && let Some(here) = self.by_address.get_mut(&address)
        {
            here.lost_until_ns = here.lost_until_ns.max(until_ns);
        }
        self.dropped += numbers.len() as u64;
        for number in numbers {
            self.remove(number);
        }
        if let Some(number) = newest
            && let Some(entry) = self.entries.get_mut(&number)
        {
            self.by_end.remove(&(entry.until_ns, number));
            self.by_end.insert((until_ns, number));
            entry.until_ns = until_ns;
            entry.asked = entry.asked.take().filter(|_| count_as_one);
        }
    }

    fn remove(&mut self, number: u64) {
        let Some(entry) = self.entries.remove(&number) else {
            return;
        };
        self.by_end.remove(&(entry.until_ns, number));
        if let Some(here) = self.by_address.get_mut(&entry.address) {
            here.numbers.retain(|&other| other != number);
            if here.numbers.is_empty() {
                self.by_address.remove(&entry.address);
            }
        }
    }

    fn same(&self, entry: &Entry<A, T>) -> Option<(u64, &Entry<A, T>)> {
        self.numbered(entry.address)
            .find(|(_, old)| old.asker.key == entry.asker.key && old.asked == entry.asked)
    }

    fn numbered(&self, address: IpAddr) -> impl Iterator<Item = (u64, &Entry<A, T>)> + Clone {
        let numbers = self.by_address.get(&address).into_iter();
        let numbers = numbers.flat_map(|here| here.numbers.iter().copied());
        numbers.filter_map(|number| Some((number, self.entries.get(&number)?)))
    }
}

impl<'a, A, T> Here<'a, A, T> {
    /// Answers that hold, the oldest first.
    pub(super) fn entries(&self) -> impl Iterator<Item = &'a Entry<A, T>> + Clone + use<'a, A, T> {
        let (table, now_ns) = (self.table, self.now_ns);
        let numbers = self.numbers.into_iter().flat_map(|here| &here.numbers);
        let entries = numbers.filter_map(move |number| table.entries.get(number));
        entries.filter(move |entry| entry.until_ns > now_ns)
    }

    /// Whether answers were dropped that would hold.
    pub(super) fn has_lost(&self) -> bool {
        self.numbers.is_some_and(|here| here.lost_until_ns > self.now_ns)
    }
}
