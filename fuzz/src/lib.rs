//! What the fuzz targets share. They assert what the parsers promise; that nothing panics goes without saying.
#![forbid(unsafe_code)]

mod cuts;
mod host;
mod initial;

pub use cuts::Cuts;
pub use host::assert_host_name;
pub use initial::{Sealer, crypto};
