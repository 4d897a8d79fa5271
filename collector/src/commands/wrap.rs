/// Columns of a terminal that nobody has made wider.
const WIDTH: usize = 80;

/// Text in lines of 80 columns that begin with so many spaces. A word that is longer stays whole, to be copied.
pub(super) fn wrap(text: &str, indent: usize) -> String {
    let room = WIDTH.saturating_sub(indent);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let indent = " ".repeat(indent);
    let indented = lines.iter().map(|line| indent.clone() + line + "\n");
    indented.collect()
}
