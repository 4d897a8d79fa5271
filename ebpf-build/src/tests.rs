use object::build::elf::{Builder, SectionData};
use object::elf::{SHT_PROGBITS, SHT_STRTAB};

use crate::Error;
use crate::strip::debug_information;
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

#[test]
fn debug_information_goes_and_the_rest_stays() {
    let mut builder = Builder::new(object::Endianness::Little, true);
    for (name, content) in [
        ("cgroup/connect4", "code"),
        (".debug_info", "lines"),
        (".BTF", "types"),
    ] {
        let section = builder.sections.add();
        section.name = name.into();
        section.sh_type = SHT_PROGBITS;
        section.sh_addralign = 1;
        section.data = SectionData::Data(content.as_bytes().into());
    }
    let names = builder.sections.add();
    names.name = ".shstrtab".into();
    names.sh_type = SHT_STRTAB;
    names.sh_addralign = 1;
    names.data = SectionData::SectionString;
    let mut object = Vec::new();
    builder.write(&mut object).expect("an object");

    let stripped = debug_information(&object).expect("an object");
    let read = Builder::read(&*stripped).expect("an object");
    let names = read.sections.iter().map(|section| section.name.to_string());
    assert_eq!(
        names.collect::<Vec<_>>(),
        ["cgroup/connect4", ".BTF", ".shstrtab"]
    );
    assert!(debug_information(b"no object").is_err());
}
