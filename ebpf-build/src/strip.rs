//! Takes the debug information out of an object: the linker has made the kernel's own (BTF) of it, and what is left is
//! four fifths of the object, which the agent would carry in its memory for as long as it runs.

use object::build::elf::{Builder, Section, SectionData};
use object::elf::SHT_STRTAB;

/// The object without its `.debug_*` sections and what relocates them.
///
/// # Errors
/// What the reader or writer of ELF said.
pub(crate) fn debug_information(object: &[u8]) -> object::build::Result<Vec<u8>> {
    let mut builder = Builder::read(object)?;
    for section in &mut builder.sections {
        section.delete = section.name.starts_with(b".debug_") || section.name.starts_with(b".rel.debug_");
    }
    for symbol in &mut builder.symbols {
        let section = symbol.section.map(|section| builder.sections.get(section));
        symbol.delete = section.is_some_and(|section| section.delete);
    }
    let has_names = |section: &Section<'_>| matches!(section.data, SectionData::SectionString);
    if !builder.sections.iter().any(has_names) {
        // LLVM has one table for the names of symbols and of sections, the writer wants one for each.
        let names = builder.sections.add();
        names.name = ".shstrtab".into();
        names.sh_type = SHT_STRTAB;
        names.sh_addralign = 1;
        names.data = SectionData::SectionString;
    }
    let mut stripped = Vec::new();
    builder.write(&mut stripped)?;
    Ok(stripped)
}
