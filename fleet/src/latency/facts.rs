use std::fmt;

use anyhow::Result;
use rusqlite::{Connection, OptionalExtension as _};

/// What is in a large store, as far as questions are made of it.
#[derive(Debug)]
pub(crate) struct Facts {
    hosts: i64,
    callers: i64,
    hours: i64,
    uses: i64,
    findings: i64,
    /// Places in the inventory after half of the rows, and after nearly all.
    pub(super) middle: String,
    pub(super) deep: String,
    /// Agents' rows after which there are half, and few.
    pub(super) agents: [i64; 2],
    /// Findings by the number of rows that they are about: the most, and the fewest, of a program that is everywhere.
    pub(super) common_finding: i64,
    pub(super) rare_finding: i64,
    /// A host with its agent's id and a caller on it, a person, and a program that is rare.
    pub(super) host: String,
    pub(super) agent: String,
    pub(super) caller: i64,
    pub(super) person: String,
    pub(super) program: String,
}

impl Facts {
    /// Reads them from a store in SQLite.
    pub(crate) fn of(store: &Connection) -> Result<Self> {
        let one = |statement: &str| store.query_row(statement, [], |row| row.get::<_, i64>(0));
        let text = |statement: &str| store.query_row(statement, [], |row| row.get::<_, String>(0));
        let uses = one("SELECT count(*) FROM uses")?;
        let place = |after: i64| {
            store.query_row(
                "SELECT first_seen || '.' || id FROM uses ORDER BY first_seen DESC, id DESC LIMIT 1 OFFSET ?1",
                [after],
                |row| row.get(0),
            )
        };
        let hosts = one("SELECT max(id) FROM agents")?;
        // The program on most hosts, and which of its vendors has the most rows and which the fewest.
        let mut of_program = store.prepare(
            "SELECT f.id FROM callers c JOIN uses u ON u.caller = c.id JOIN destinations d ON d.id = u.destination
             JOIN findings f ON f.program = c.program AND f.vendor = d.vendor
             WHERE c.program = 1 GROUP BY f.id ORDER BY count(*) DESC",
        )?;
        let of_program: Vec<i64> = of_program
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let host = store
            .query_row(
                "SELECT a.host, a.agent, c.id FROM agents a JOIN callers c ON c.agent = a.id
                 WHERE a.id >= ?1 ORDER BY a.id, c.program LIMIT 1",
                [hosts / 2],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
            .optional()?;
        let (host, agent, caller) = host.unwrap_or_default();
        Ok(Self {
            hosts: one("SELECT count(*) FROM agents")?,
            callers: one("SELECT count(*) FROM callers")?,
            hours: one("SELECT count(*) FROM observations")?,
            uses,
            findings: one("SELECT count(*) FROM findings")?,
            middle: place(uses / 2)?,
            deep: place(uses - uses / 100 - 1)?,
            agents: [hosts / 2, hosts - hosts / 100],
            common_finding: of_program.first().copied().unwrap_or(1),
            rare_finding: of_program.last().copied().unwrap_or(1),
            host,
            agent,
            caller,
            person: text(
                "SELECT user_name FROM callers WHERE uid > 1000 AND user_name IS NOT NULL ORDER BY id DESC LIMIT 1",
            )?,
            program: text(
                "SELECT p.name FROM programs p JOIN callers c ON c.program = p.id GROUP BY p.id
                 ORDER BY count(*), p.id LIMIT 1",
            )?,
        })
    }
}

impl fmt::Display for Facts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} hosts, {} callers, {} hourly observations, {} uses, {} findings",
            self.hosts, self.callers, self.hours, self.uses, self.findings
        )
    }
}
