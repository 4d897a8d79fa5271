use std::sync::LazyLock;

use umbra_catalog::Catalogue;

/// The catalogue of this version, compiled once: that takes milliseconds.
pub(crate) fn builtin() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(Catalogue::builtin);
    &CATALOGUE
}
