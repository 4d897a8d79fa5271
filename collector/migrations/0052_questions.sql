-- By which the uses of a vendor are found (src/store/questions.rs), the newest of each destination first.
CREATE INDEX uses_destination ON uses (destination, first_seen, id);
