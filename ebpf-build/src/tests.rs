use crate::Error;
use crate::toolchain::llvm_major;

#[test]
fn the_llvm_of_a_compiler_is_read_from_its_version() {
    let debian =
        "rustc 1.96.0 (ac68faa20 2026-05-25)\nhost: x86_64-unknown-linux-gnu\nLLVM version: 22.1.8\n";
    assert_eq!(llvm_major(debian), Some(22));
    assert_eq!(llvm_major("LLVM version: 23.0\n"), Some(23));
    assert_eq!(llvm_major("rustc 1.96.0"), None);
    assert_eq!(llvm_major("LLVM version: unknown"), None);
}

#[test]
fn what_is_missing_is_one_sentence_with_the_remedy() {
    for error in [Error::NoRust, Error::NoLinker] {
        let sentence = error.to_string();
        assert!(
            sentence.starts_with("no eBPF toolchain: run `cargo xtask setup`"),
            "{sentence}"
        );
        assert!(!sentence.contains('\n'), "{sentence}");
    }
}
