-- Vendors that the fleet has used, each once, whatever became of its uses: who comes first raises a finding. What static
-- content, telemetry or an address alone says (evidence 70) is no use. `first_seen` is milliseconds since 1970.
CREATE TABLE vendors (
    vendor     TEXT    NOT NULL PRIMARY KEY,
    first_seen INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO vendors (vendor, first_seen)
SELECT d.vendor, min(u.first_seen) FROM uses u JOIN destinations d ON d.id = u.destination
WHERE d.kind NOT IN ('cdn', 'telemetry') AND u.evidence < 70 GROUP BY d.vendor;
