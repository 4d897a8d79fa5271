-- Uses of before the triggers. Those that an old collector wrote meanwhile have their postings.
INSERT INTO terms (kind, text) SELECT DISTINCT kind, text FROM texts WHERE true ON CONFLICT DO NOTHING;
INSERT INTO postings (term, first_seen, used)
SELECT t.id, x.first_seen, x.used FROM texts x JOIN terms t ON t.kind = x.kind AND t.text = x.text
ORDER BY t.id, x.first_seen, x.used ON CONFLICT DO NOTHING;
