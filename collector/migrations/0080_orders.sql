-- The inventory by when it was last seen, and by what it sent (src/store/sorted.rs). Each report moves what it adds to.
CREATE INDEX uses_last_seen ON uses (last_seen, id);
CREATE INDEX uses_bytes_out ON uses (bytes_out, id);
