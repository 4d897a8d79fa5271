//! The spool against the simplest thing that could be right: a list in memory.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Push(u64),
    Acknowledge(u64),
    Refuse(usize),
    Reopen,
    Damage,
    Renumber,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1..120_u64).prop_map(Step::Push),
        4 => (0..80_u64).prop_map(Step::Acknowledge),
        1 => (1..30_usize).prop_map(Step::Refuse),
        2 => Just(Step::Reopen),
        1 => Just(Step::Damage),
        1 => Just(Step::Renumber),
    ]
}

/// Number in the epoch, and which observation; `None`: a gap from `.0` to `.1`.
#[derive(Default)]
struct Model {
    next: u64,
    kept: VecDeque<(u64, u64)>,
    /// First number, last number and records of the gap before `kept`.
    gap: Option<(u64, u64, u64)>,
    dropped: u64,
    refused: u64,
}

impl Model {
    fn drop_oldest(&mut self) {
        if let Some((sequence, _)) = self.kept.pop_front() {
            let (from, _, records) = self.gap.unwrap_or((sequence, 0, 0));
            self.gap = Some((from, sequence, records + 1));
        }
    }

    fn acknowledge(&mut self, sequence: u64) {
        self.gap = self.gap.filter(|(_, last, _)| *last > sequence);
        self.kept.retain(|(number, _)| *number > sequence);
    }

    fn renumber(&mut self) {
        let first = self
            .gap
            .map(|(from, ..)| from)
            .or(self.kept.front().map(|kept| kept.0))
            .unwrap_or(self.next);
        let shift = first - 1;
        self.gap = self
            .gap
            .map(|(from, last, records)| (from - shift, last - shift, records));
        self.kept.iter_mut().for_each(|kept| kept.0 -= shift);
        self.next -= shift;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_spool_is_a_capped_numbered_list(steps in prop::collection::vec(step(), 1..40)) {
        let folder = quick_folder();
        let limits = config::Spool { max_bytes: Within::new(65_536), ..config(folder.path()) };
        let losses = Arc::new(Losses::default());
        let mut spool = Spool::open(&limits, losses.clone()).unwrap();
        let mut model = Model { next: 1, ..Model::default() };
        let mut epoch = all(&mut spool).epoch;
        let mut made = 0;
        for step in steps {
            match step {
                Step::Push(count) => {
                    let fresh: Vec<_> = (made..made + count).collect();
                    made += count;
                    spool.push(fresh.iter().copied().map(observation).collect());
                    for number in fresh {
                        model.kept.push_back((model.next, number));
                        model.next += 1;
                    }
                    // Which records the cap spares is the spool's affair; that the oldest go is not.
                    let left = all(&mut spool).records.iter().filter(|record| is_observation(record)).count();
                    prop_assert!(left == model.kept.len() || spool.level().bytes > 65_536 - 2_000);
                    while model.kept.len() > left {
                        model.drop_oldest();
                        model.dropped += 1;
                    }
                }
                Step::Acknowledge(ahead) => {
                    let first = all(&mut spool).records.first().map_or(model.next, |record| record.sequence);
                    let sequence = (first + ahead).saturating_sub(1).min(model.next - 1);
                    prop_assert!(spool.acknowledge(epoch, sequence));
                    model.acknowledge(sequence);
                }
                Step::Refuse(count) => {
                    let batch = spool.batch(count, usize::MAX).unwrap();
                    prop_assert!(spool.refuse(epoch, &batch.records, 422, ""));
                    let observations = batch.records.iter().filter(|record| is_observation(record)).count();
                    if observations == 0 {
                        model.gap = None;
                    }
                    (0..observations).for_each(|_| model.drop_oldest());
                    model.refused += observations as u64;
                }
                Step::Reopen => {
                    drop(spool);
                    spool = Spool::open(&limits, losses.clone()).unwrap();
                }
                Step::Damage => {
                    drop(spool);
                    fs::write(folder.path().join(FILE), "this is not a database, it is a sentence").unwrap();
                    spool = Spool::open(&limits, losses.clone()).unwrap();
                    // The mark tells the numbers, and one gap stands for all.
                    while !model.kept.is_empty() {
                        model.drop_oldest();
                    }
                    prop_assert_eq!(all(&mut spool).epoch, epoch);
                }
                Step::Renumber => {
                    prop_assert!(spool.renumber(epoch));
                    model.renumber();
                    prop_assert_ne!(all(&mut spool).epoch, epoch);
                    epoch = all(&mut spool).epoch;
                }
            }
            agree(&mut spool, &model)?;
            let lost = losses.for_report();
            prop_assert_eq!(lost.get("spool_full").copied().unwrap_or(0), model.dropped);
            prop_assert_eq!(lost.get("collector_refused").copied().unwrap_or(0), model.refused);
        }
    }
}

fn agree(spool: &mut Spool, model: &Model) -> Result<(), TestCaseError> {
    let batch = all(spool);
    let mut records = batch.records.iter().peekable();
    if let Some((from, last, count)) = model.gap {
        let gap = records.next().unwrap();
        prop_assert_eq!(gap.sequence, last);
        prop_assert!(matches!(&gap.body, RecordBody::Gap(gap) if gap.from == from && gap.records == count));
    }
    let rest = Batch {
        records: records.cloned().collect(),
        ..batch.clone()
    };
    prop_assert_eq!(told(&rest), Vec::from(model.kept.clone()));
    prop_assert_eq!(batch.last_assigned, model.next - 1);
    let level = spool.level();
    let bytes: usize = batch
        .records
        .iter()
        .map(|r| serde_json::to_string(&r.body).unwrap().len() + 16)
        .sum();
    prop_assert_eq!(
        (level.records, level.bytes),
        (batch.records.len() as u64, bytes as u64)
    );
    Ok(())
}

fn is_observation(record: &Record) -> bool {
    matches!(record.body, RecordBody::Observation(_))
}
