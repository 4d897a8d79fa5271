-- Observations by month of their hour, so that a month that is over goes at once. The collector makes the partitions
-- (src/store/months.rs). Without foreign keys, so that making one locks no other table: a caller's row is written in
-- the same transaction.
DROP TABLE observations;
CREATE TABLE observations (
    caller      BIGINT NOT NULL,
    destination BIGINT NOT NULL,
    hour        BIGINT NOT NULL,
    flows       BIGINT NOT NULL,
    bytes_out   BIGINT NOT NULL,
    bytes_in    BIGINT NOT NULL,
    first_seen  BIGINT NOT NULL,
    last_seen   BIGINT NOT NULL,
    evidence    BIGINT NOT NULL,
    PRIMARY KEY (caller, destination, hour)
) PARTITION BY RANGE (hour);
