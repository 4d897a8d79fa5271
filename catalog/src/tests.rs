//! Tests of the whole catalogue, as shipped and with a user's file.

mod names;
mod own_file;
mod readme;
mod trie;
