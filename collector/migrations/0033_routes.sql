-- When a flow of the use was last seen to go directly, without a proxy, in milliseconds since 1970; 0: none was, or the
-- agent was too old to say.
ALTER TABLE uses ADD COLUMN direct_seen INTEGER NOT NULL DEFAULT 0;

-- Rules of a version of the policy beside its sanctions (JSON, policy/src/plan.rs); NULL: none.
ALTER TABLE policies ADD COLUMN rules TEXT;
