CREATE FUNCTION label_host() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM host_labels WHERE agent = NEW.agent;
    INSERT INTO host_labels (agent, key, value)
    SELECT NEW.agent, j.key, j.value FROM jsonb_each_text(CAST(coalesce(NEW.labels, '{}') AS jsonb)) j
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
CREATE TRIGGER enrolments_labelled AFTER INSERT OR UPDATE OF labels ON enrolments
FOR EACH ROW EXECUTE FUNCTION label_host();

CREATE FUNCTION unlabel_host() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM host_labels WHERE agent = OLD.agent;
    RETURN NULL;
END $$;
CREATE TRIGGER enrolments_ended AFTER DELETE ON enrolments FOR EACH ROW EXECUTE FUNCTION unlabel_host();

-- Those of before. What an old collector writes meanwhile has its rows by the triggers.
INSERT INTO host_labels (agent, key, value)
SELECT e.agent, j.key, j.value FROM enrolments e, jsonb_each_text(CAST(coalesce(e.labels, '{}') AS jsonb)) j
ON CONFLICT DO NOTHING;
