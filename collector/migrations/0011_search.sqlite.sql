CREATE TRIGGER uses_inserted AFTER INSERT ON uses BEGIN
    INSERT INTO terms (kind, text) SELECT x.kind, x.text FROM texts x WHERE x.used = NEW.id ON CONFLICT DO NOTHING;
    INSERT INTO postings (term, first_seen, used)
    SELECT t.id, x.first_seen, x.used FROM texts x JOIN terms t ON t.kind = x.kind AND t.text = x.text
    WHERE x.used = NEW.id;
END;

CREATE TRIGGER uses_moved AFTER UPDATE OF first_seen ON uses WHEN NEW.first_seen <> OLD.first_seen BEGIN
    UPDATE postings SET first_seen = NEW.first_seen
    WHERE first_seen = OLD.first_seen AND used = NEW.id AND term IN
        (SELECT t.id FROM texts x JOIN terms t ON t.kind = x.kind AND t.text = x.text WHERE x.used = NEW.id);
END;

CREATE TRIGGER uses_deleted BEFORE DELETE ON uses BEGIN
    DELETE FROM postings WHERE first_seen = OLD.first_seen AND used = OLD.id AND term IN
        (SELECT t.id FROM texts x JOIN terms t ON t.kind = x.kind AND t.text = x.text WHERE x.used = OLD.id);
END;

CREATE TRIGGER callers_renamed AFTER UPDATE OF user_name ON callers
WHEN coalesce(NEW.user_name, '') <> coalesce(OLD.user_name, '') BEGIN
    DELETE FROM postings WHERE (term, first_seen, used) IN
        (SELECT t.id, u.first_seen, u.id FROM uses u JOIN terms t
         ON t.kind = 3 AND t.text = lower(coalesce(OLD.user_name, CAST(OLD.uid AS TEXT))) WHERE u.caller = NEW.id);
    INSERT INTO terms (kind, text)
    SELECT DISTINCT x.kind, x.text FROM texts x WHERE x.caller = NEW.id AND x.kind = 3 ON CONFLICT DO NOTHING;
    INSERT INTO postings (term, first_seen, used)
    SELECT t.id, x.first_seen, x.used FROM texts x JOIN terms t ON t.kind = x.kind AND t.text = x.text
    WHERE x.caller = NEW.id AND x.kind = 3;
END;

CREATE TRIGGER agents_renamed AFTER UPDATE OF host ON agents WHEN NEW.host <> OLD.host BEGIN
    DELETE FROM postings WHERE (term, first_seen, used) IN
        (SELECT t.id, u.first_seen, u.id FROM callers c JOIN uses u ON u.caller = c.id JOIN terms t
         ON t.kind = 4 AND t.text = lower(OLD.host) WHERE c.agent = NEW.id);
    INSERT INTO terms (kind, text)
    SELECT DISTINCT x.kind, x.text FROM texts x JOIN callers c ON c.id = x.caller
    WHERE c.agent = NEW.id AND x.kind = 4 ON CONFLICT DO NOTHING;
    INSERT INTO postings (term, first_seen, used)
    SELECT t.id, x.first_seen, x.used FROM callers c JOIN texts x ON x.caller = c.id
    JOIN terms t ON t.kind = x.kind AND t.text = x.text WHERE c.agent = NEW.id AND x.kind = 4;
END;
