-- Terms are looked up in scalar subqueries: for a join the plan, which a session keeps, reads the whole table.

-- Gives a use that has none its postings.
CREATE FUNCTION post_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Terms that are there already take no number, and are not waited for.
    INSERT INTO terms (kind, text)
    SELECT x.kind, x.text FROM texts x
    WHERE x.used = NEW.id AND (SELECT t.id FROM terms t WHERE t.kind = x.kind AND t.text = x.text) IS NULL
    ORDER BY x.kind, x.text ON CONFLICT DO NOTHING;
    INSERT INTO postings (term, first_seen, used)
    SELECT (SELECT t.id FROM terms t WHERE t.kind = x.kind AND t.text = x.text), x.first_seen, x.used
    FROM texts x WHERE x.used = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER uses_inserted AFTER INSERT ON uses FOR EACH ROW EXECUTE FUNCTION post_use();

CREATE FUNCTION move_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE postings SET first_seen = NEW.first_seen
    WHERE first_seen = OLD.first_seen AND used = NEW.id AND term IN
        (SELECT (SELECT t.id FROM terms t WHERE t.kind = x.kind AND t.text = x.text) FROM texts x WHERE x.used = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER uses_moved AFTER UPDATE OF first_seen ON uses FOR EACH ROW
WHEN (NEW.first_seen <> OLD.first_seen) EXECUTE FUNCTION move_use();

CREATE FUNCTION withdraw_use() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM postings WHERE first_seen = OLD.first_seen AND used = OLD.id AND term IN
        (SELECT (SELECT t.id FROM terms t WHERE t.kind = x.kind AND t.text = x.text) FROM texts x WHERE x.used = OLD.id);
    RETURN OLD;
END $$;
CREATE TRIGGER uses_deleted BEFORE DELETE ON uses FOR EACH ROW EXECUTE FUNCTION withdraw_use();

CREATE FUNCTION rename_caller() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM postings WHERE (term, first_seen, used) IN
        (SELECT t.id, u.first_seen, u.id FROM uses u JOIN terms t
         ON t.kind = 3 AND t.text = lower(coalesce(OLD.user_name, CAST(OLD.uid AS TEXT))) WHERE u.caller = NEW.id);
    INSERT INTO terms (kind, text)
    SELECT DISTINCT x.kind, x.text FROM texts x WHERE x.caller = NEW.id AND x.kind = 3 ON CONFLICT DO NOTHING;
    INSERT INTO postings (term, first_seen, used)
    SELECT t.id, x.first_seen, x.used FROM texts x JOIN terms t ON t.kind = x.kind AND t.text = x.text
    WHERE x.caller = NEW.id AND x.kind = 3;
    RETURN NULL;
END $$;
CREATE TRIGGER callers_renamed AFTER UPDATE OF user_name ON callers FOR EACH ROW
WHEN (NEW.user_name IS DISTINCT FROM OLD.user_name) EXECUTE FUNCTION rename_caller();

CREATE FUNCTION rename_agent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM postings WHERE (term, first_seen, used) IN
        (SELECT t.id, u.first_seen, u.id FROM callers c JOIN uses u ON u.caller = c.id JOIN terms t
         ON t.kind = 4 AND t.text = lower(OLD.host) WHERE c.agent = NEW.id);
    INSERT INTO terms (kind, text)
    SELECT DISTINCT x.kind, x.text FROM callers c JOIN texts x ON x.caller = c.id
    WHERE c.agent = NEW.id AND x.kind = 4 ON CONFLICT DO NOTHING;
    INSERT INTO postings (term, first_seen, used)
    SELECT t.id, x.first_seen, x.used FROM callers c JOIN texts x ON x.caller = c.id
    JOIN terms t ON t.kind = x.kind AND t.text = x.text WHERE c.agent = NEW.id AND x.kind = 4;
    RETURN NULL;
END $$;
CREATE TRIGGER agents_renamed AFTER UPDATE OF host ON agents FOR EACH ROW
WHEN (NEW.host <> OLD.host) EXECUTE FUNCTION rename_agent();
