-- What was last said of a caller's files and of its container. `package` is its manager and name, `npm:claude`.
ALTER TABLE callers ADD COLUMN pod TEXT;
ALTER TABLE callers ADD COLUMN namespace TEXT;
ALTER TABLE callers ADD COLUMN workload TEXT;
ALTER TABLE callers ADD COLUMN package TEXT;
ALTER TABLE callers ADD COLUMN package_version TEXT;
ALTER TABLE callers ADD COLUMN sha256 TEXT;
