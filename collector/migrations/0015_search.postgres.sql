-- A term that retention removes between the two statements makes a posting without one, which the table refuses, so that
-- the collector tries again. Joins left the posting out, and the row was not found by its new name.
CREATE OR REPLACE FUNCTION rename_caller() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM postings WHERE (term, first_seen, used) IN
        (SELECT t.id, u.first_seen, u.id FROM uses u JOIN terms t
         ON t.kind = 3 AND t.text = lower(coalesce(OLD.user_name, CAST(OLD.uid AS TEXT))) WHERE u.caller = NEW.id);
    INSERT INTO terms (kind, text)
    SELECT DISTINCT x.kind, x.text FROM texts x WHERE x.caller = NEW.id AND x.kind = 3 ON CONFLICT DO NOTHING;
    INSERT INTO postings (term, first_seen, used)
    SELECT (SELECT t.id FROM terms t WHERE t.kind = x.kind AND t.text = x.text), x.first_seen, x.used
    FROM texts x WHERE x.caller = NEW.id AND x.kind = 3;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION rename_agent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM postings WHERE (term, first_seen, used) IN
        (SELECT t.id, u.first_seen, u.id FROM callers c JOIN uses u ON u.caller = c.id JOIN terms t
         ON t.kind = 4 AND t.text = lower(OLD.host) WHERE c.agent = NEW.id);
    INSERT INTO terms (kind, text)
    SELECT DISTINCT x.kind, x.text FROM callers c JOIN texts x ON x.caller = c.id
    WHERE c.agent = NEW.id AND x.kind = 4 ON CONFLICT DO NOTHING;
    INSERT INTO postings (term, first_seen, used)
    SELECT (SELECT t.id FROM terms t WHERE t.kind = x.kind AND t.text = x.text), x.first_seen, x.used
    FROM callers c JOIN texts x ON x.caller = c.id WHERE c.agent = NEW.id AND x.kind = 4;
    RETURN NULL;
END $$;
