//! Compiles patterns into the entries of [`umbra_agent_common::trie`].
//!
//! The kernel finds the longest stored prefix and knows nothing else, so every entry must hold all that is true of
//! its prefix. The compiler walks the reversed patterns as one automaton: a state is a place in one pattern, a node
//! of a group is the set of all states that its path leaves alive. Where a wildcard is alive, the node's value names
//! the group of the states behind it. Several wildcards alive at one node lie in the same label and end together, so
//! their states form one group: competing patterns are merged, whatever literal labels they meet on the way.
//!
//! Which of several patterns holds for a name is the total order of [`Rank`]; along a path the best one so far only
//! improves, which is what the kernel's "the last pattern found stands" needs. An exclusion is a pattern without a
//! number. It is literal (`host` refuses wildcards in it), hence decided in group 0, before any other pattern counts.

use std::collections::HashMap;

use umbra_agent_common::trie::{END, TrieValue};

use crate::vendor::Reach;

/// A pattern as the compiler sees it. `number` 0 is an exclusion.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule<'a> {
    pub(crate) host: &'a str,
    pub(crate) reach: Reach,
    pub(crate) number: u32,
}

/// What decides between two patterns that match one name, greatest first: more labels; literal where the other has a
/// wildcard, seen from the right (`*` sorts before every character of a name); exact before suffix.
pub(crate) type Rank = (usize, Vec<u8>, bool);

impl Rule<'_> {
    pub(crate) fn rank(&self) -> Rank {
        let reversed = self.host.bytes().rev().collect();
        (self.host.split('.').count(), reversed, self.reach == Reach::Exact)
    }
}

/// Entries that the kernel's map has room for. Every group has one at least, so that a `u16` counts the groups.
pub const TRIE_CAPACITY: usize = 16_384;

/// More than [`TRIE_CAPACITY`] entries.
#[derive(Debug)]
pub(crate) struct TooLarge;

/// Compiles `rules`, whose hosts have been checked and are distinct, into keys (group and reversed name) and values.
pub(crate) fn compile(rules: &[Rule<'_>]) -> Result<Vec<(Vec<u8>, TrieValue)>, TooLarge> {
    let mut ranked: Vec<(Rank, Rule<'_>)> = rules.iter().map(|rule| (rule.rank(), *rule)).collect();
    ranked.sort_unstable_by(|left, right| left.0.cmp(&right.0));
    let texts = ranked
        .into_iter()
        .map(|((_, reversed, exact), rule)| Text {
            reversed,
            exact,
            number: rule.number,
        })
        .collect();
    Compiler {
        texts,
        ..Compiler::default()
    }
    .run()
}

/// A reversed pattern; its index among the texts is its rank.
struct Text {
    reversed: Vec<u8>,
    exact: bool,
    number: u32,
}

/// A place in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct State {
    text: usize,
    at: usize,
    /// Length of the node's path when the pattern came to this place: where its wildcard began, if it is one.
    since: usize,
}

/// What is alive behind a path, and the best pattern that holds for all below it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Node {
    states: Vec<State>,
    best: Option<usize>,
}

#[derive(Default)]
struct Compiler {
    texts: Vec<Text>,
    groups: HashMap<Node, u16>,
    waiting: Vec<(u16, Node)>,
    entries: Vec<(Vec<u8>, TrieValue)>,
}

impl Compiler {
    fn run(mut self) -> Result<Vec<(Vec<u8>, TrieValue)>, TooLarge> {
        let states = (0..self.texts.len())
            .map(|text| State {
                text,
                at: 0,
                since: 0,
            })
            .collect();
        self.waiting.push((0, Node { states, best: None }));
        while let Some((group, root)) = self.waiting.pop() {
            // What holds for a group's root has been found before the wildcard: it need not be stored again.
            let found = TrieValue {
                pattern: self.number(root.best),
                ..TrieValue::default()
            };
            self.walk(&mut group.to_ne_bytes().to_vec(), &root, found)?;
        }
        Ok(self.entries)
    }

    /// Stores what is true of `key` and not of its nearest stored prefix, then goes on to all longer paths.
    fn walk(&mut self, key: &mut Vec<u8>, node: &Node, above: TrieValue) -> Result<(), TooLarge> {
        let value = self.value(node)?;
        if value != above {
            self.entries.push((key.clone(), value));
        }
        if self.entries.len() > TRIE_CAPACITY {
            return Err(TooLarge);
        }
        let path = key.len() - size_of::<u16>();
        for byte in self.literals(node, path) {
            let below = self.step(node, byte, path);
            key.push(byte);
            self.walk(key, &below, value)?;
            key.pop();
        }
        Ok(())
    }

    fn value(&mut self, node: &Node) -> Result<TrieValue, TooLarge> {
        let pattern = self.number(node.best);
        let wildcards = node
            .states
            .iter()
            .filter(|state| self.next(**state) == Some(b'*'));
        let (mut behind, mut next_at) = (Vec::new(), usize::MAX);
        for state in wildcards {
            next_at = next_at.min(state.since);
            behind.push(State {
                at: state.at + 1,
                since: 0,
                ..*state
            });
        }
        if behind.is_empty() {
            return Ok(TrieValue {
                pattern,
                ..TrieValue::default()
            });
        }
        behind.sort_unstable();
        let next_group = self.group(Node {
            states: behind,
            best: node.best,
        })?;
        let next_at = u16::try_from(next_at).expect("a path is no longer than a host name");
        Ok(TrieValue {
            pattern,
            next_group,
            next_at,
        })
    }

    fn group(&mut self, root: Node) -> Result<u16, TooLarge> {
        if let Some(group) = self.groups.get(&root) {
            return Ok(*group);
        }
        let group = u16::try_from(self.groups.len() + 1).map_err(|_| TooLarge)?;
        self.groups.insert(root.clone(), group);
        self.waiting.push((group, root));
        Ok(group)
    }

    /// The bytes with which the path goes on as text. Everything else is left to the wildcards of the node's value.
    fn literals(&self, node: &Node, path: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let (mut fresh, mut begun) = (false, false);
        for state in &node.states {
            match self.next(*state) {
                Some(b'*') if state.since == path => fresh = true,
                Some(b'*') => begun = true,
                Some(byte) => bytes.push(byte),
                None if self.texts[state.text].exact => bytes.push(END),
                None => bytes.extend([END, b'.']),
            }
        }
        // One wildcard has its first character already and another has not: the label's end tells them apart.
        if fresh && begun {
            bytes.extend([END, b'.']);
        }
        bytes.sort_unstable();
        bytes.dedup();
        bytes
    }

    fn step(&self, node: &Node, byte: u8, path: usize) -> Node {
        let mut below = Node {
            states: Vec::new(),
            best: node.best,
        };
        for state in &node.states {
            let mut at = state.at;
            if self.next(*state) == Some(b'*') {
                match byte {
                    b'.' | END if state.since < path => at += 1,
                    b'.' | END => continue,
                    _ => {
                        below.states.push(*state);
                        continue;
                    }
                }
            }
            let text = &self.texts[state.text];
            match text.reversed.get(at) {
                Some(next) if *next == byte => {
                    below.states.push(State {
                        text: state.text,
                        at: at + 1,
                        since: path + 1,
                    });
                }
                None if byte == END || (byte == b'.' && !text.exact) => {
                    below.best = below.best.max(Some(state.text));
                }
                _ => {}
            }
        }
        below
    }

    fn next(&self, state: State) -> Option<u8> {
        self.texts[state.text].reversed.get(state.at).copied()
    }

    fn number(&self, best: Option<usize>) -> u32 {
        best.map_or(0, |text| self.texts[text].number)
    }
}

#[cfg(test)]
mod tests;
