-- By which the hours of a day are found, for what was sent on it. Hours come nearly in their order, so a summary of each
-- few pages is enough, which costs next to nothing to keep.
CREATE INDEX observations_hour ON observations USING brin (hour) WITH (autosummarize = on);
