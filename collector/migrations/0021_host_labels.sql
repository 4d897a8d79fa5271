-- Labels of hosts (enrolments.labels) as rows, by which what somebody sees is chosen (src/store/seen.rs). Triggers keep
-- them, so whoever writes labels, an old collector too, need not know of them.
CREATE TABLE host_labels (
    agent TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (key, value, agent)
) STRICT, WITHOUT ROWID;
CREATE INDEX host_labels_agent ON host_labels (agent);
