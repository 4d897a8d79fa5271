CREATE TRIGGER enrolments_begun AFTER INSERT ON enrolments WHEN NEW.labels IS NOT NULL BEGIN
    INSERT INTO host_labels (agent, key, value)
    SELECT NEW.agent, j.key, j.value FROM json_each(NEW.labels) j WHERE true ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER enrolments_labelled AFTER UPDATE OF labels ON enrolments BEGIN
    DELETE FROM host_labels WHERE agent = NEW.agent;
    INSERT INTO host_labels (agent, key, value)
    SELECT NEW.agent, j.key, j.value FROM json_each(coalesce(NEW.labels, '{}')) j WHERE true ON CONFLICT DO NOTHING;
END;

CREATE TRIGGER enrolments_ended AFTER DELETE ON enrolments BEGIN
    DELETE FROM host_labels WHERE agent = OLD.agent;
END;

INSERT INTO host_labels (agent, key, value)
SELECT e.agent, j.key, j.value FROM enrolments e, json_each(coalesce(e.labels, '{}')) j;
