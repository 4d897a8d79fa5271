//! What the parser cannot see: duplicates, over-broad suffixes, bad dates, unknown sources.
