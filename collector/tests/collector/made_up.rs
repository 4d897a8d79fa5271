//! Reports as an agent would send them.

use std::time::Duration;

use jiff::Timestamp;
use umbra_catalog::Kind;
use umbra_report::{
    Agent, Caller, Evidence, Gap, Observation, Program, Protocol, Record, RecordBody, Report, Route, Status,
    User, VERSION,
};
use uuid::Uuid;

/// An agent's spool, as far as the collector sees it.
pub(crate) struct Spool {
    pub(crate) agent: Agent,
    pub(crate) status: Status,
    epoch: Uuid,
    sequence: u64,
}

impl Spool {
    pub(crate) fn of(host: &str) -> Self {
        Self {
            agent: Agent {
                id: Uuid::new_v4(),
                host: host.to_owned(),
                machine_id: None,
                boot_id: None,
                version: "0.1.0".to_owned(),
                kernel: "6.18.5".to_owned(),
            },
            status: Status {
                started: ago(3600),
                configuration: None,
                condition: None,
                losses: std::collections::BTreeMap::new(),
            },
            epoch: Uuid::new_v4(),
            sequence: 0,
        }
    }

    /// The next report, with these observations.
    pub(crate) fn report(&mut self, observations: Vec<Observation>) -> Report {
        let records = observations
            .into_iter()
            .map(|observation| {
                self.sequence += 1;
                Record {
                    sequence: self.sequence,
                    body: RecordBody::Observation(Box::new(observation)),
                }
            })
            .collect();
        self.with(records)
    }

    /// The next report: records were dropped since the last one.
    pub(crate) fn gap(&mut self, records: u64) -> Report {
        let from = self.sequence + 1;
        self.sequence += records;
        let gap = Gap {
            from,
            records,
            first_seen: ago(60),
            last_seen: ago(30),
        };
        let records = vec![Record {
            sequence: self.sequence,
            body: RecordBody::Gap(gap),
        }];
        self.with(records)
    }

    /// The numbers pass over so many records without a word.
    pub(crate) fn skip(&mut self, records: u64) {
        self.sequence += records;
    }

    fn with(&self, records: Vec<Record>) -> Report {
        Report {
            version: VERSION,
            agent: self.agent.clone(),
            status: self.status.clone(),
            epoch: self.epoch,
            records,
        }
    }
}

/// A second of the past.
pub(crate) fn ago(seconds: u64) -> Timestamp {
    Timestamp::now()
        .checked_sub(Duration::from_secs(seconds))
        .expect("the clock is set")
}

/// One flow of `user`'s `program` to `api.openai.com`: 100 bytes out, 2,000 in.
pub(crate) fn call(user: &str, program: &str) -> Observation {
    let uid = 1000 + user.bytes().map(u32::from).sum::<u32>();
    Observation {
        minute: ago(60),
        first_seen: ago(50),
        last_seen: ago(40),
        caller: Caller {
            user: User {
                uid,
                name: Some(user.to_owned()),
                ..User::default()
            },
            program: Program {
                name: program.to_owned(),
                exe: Some(format!("/home/{user}/bin/{program}")),
                script: None,
                ..Program::default()
            },
            container: None,
            unit: None,
        },
        origin: None,
        vendor: "OpenAI".to_owned(),
        service: "API".to_owned(),
        kind: Kind::Api,
        name: "api.openai.com".to_owned(),
        evidence: Evidence::TlsSni,
        protocol: Protocol::Tcp,
        route: Some(Route::Direct),
        flows: 1,
        bytes_out: 100,
        bytes_in: 2000,
    }
}
