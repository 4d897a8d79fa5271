use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph};

use super::super::keys::HELP;
use super::HEAD;

/// Keys and what they do.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect) {
    let keys =
        HELP.map(|(key, what)| Line::from(vec![Span::styled(format!("{key:16}"), HEAD), Span::raw(what)]));
    let block = Block::bordered().title(" Keys ");
    frame.render_widget(Paragraph::new(keys.to_vec()).block(block), area);
}
