//! Answers as tables for spreadsheets (RFC 4180).

/// A row of a table.
pub trait Cells {
    /// What the columns are called.
    const HEAD: &'static [&'static str];
    /// What people are told when there is no row.
    const NONE: &'static str = "nobody, as far as is known";

    /// What stands in them, as many as there are names.
    fn cells(&self) -> Vec<String>;
}

/// A table with its head, or the rows alone.
///
/// Programs, users and hosts choose their names themselves, and a spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`,
/// a tab or a carriage return for a formula. Such a cell gets an apostrophe before it (OWASP, "CSV Injection"), which
/// spreadsheets take for *this is text*.
pub fn csv<R: Cells>(rows: &[R], head: bool) -> Result<String, std::io::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    if head {
        writer.write_record(R::HEAD)?;
    }
    for row in rows {
        writer.write_record(row.cells().into_iter().map(harmless))?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    String::from_utf8(bytes).map_err(std::io::Error::other)
}

fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{cell}")
    } else {
        cell
    }
}
