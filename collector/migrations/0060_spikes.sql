-- Each spike that was ever found, as a finding has only the last one of its program and vendor: `day` is its begin in
-- milliseconds since 1970 (UTC), `caller` the one that sent most, `facts` JSON (src/findings/facts.rs).
CREATE TABLE spikes (
    vendor    TEXT    NOT NULL,
    day       INTEGER NOT NULL,
    program   INTEGER NOT NULL REFERENCES programs (id),
    caller    INTEGER NOT NULL REFERENCES callers (id),
    bytes_out INTEGER NOT NULL,
    facts     TEXT    NOT NULL,
    PRIMARY KEY (vendor, day, program)
) STRICT, WITHOUT ROWID;
CREATE INDEX spikes_day ON spikes (day);
CREATE INDEX spikes_program ON spikes (program);
CREATE INDEX spikes_caller ON spikes (caller);
INSERT INTO spikes (vendor, day, program, caller, bytes_out, facts)
SELECT vendor, first_seen, program, caller, 0, facts FROM findings WHERE kind = 'volume_spike' AND facts IS NOT NULL;
