//! Draws the model.

mod detail;
mod head;
mod help;
mod table;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use umbra_report::Verdict;

use super::model::{Model, Over};
use crate::live::Used;

pub(super) use head::ago;

/// Below this nothing can be read.
const NARROWEST: u16 = 40;
const LOWEST: u16 = 8;

const HEAD: Style = Style::new().add_modifier(Modifier::BOLD);
const FAINT: Style = Style::new().add_modifier(Modifier::DIM);
const SELECTED: Style = Style::new().add_modifier(Modifier::REVERSED);

/// How things look that have a colour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Looks {
    /// Without them, bold has to do.
    pub(super) colours: bool,
}

impl Looks {
    /// What a person should look at.
    fn warning(self) -> Style {
        if self.colours {
            HEAD.fg(Color::Yellow)
        } else {
            HEAD
        }
    }

    fn verdict(self, used: &Used) -> Style {
        let colour = match used.verdict.as_ref().map(|judged| judged.verdict) {
            Some(Verdict::Prohibited) => Color::Red,
            Some(Verdict::Unreviewed) => Color::Yellow,
            Some(Verdict::Sanctioned) => Color::Green,
            None => return Style::new(),
        };
        if self.colours {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    fn vendor(self) -> Style {
        if self.colours { HEAD.fg(Color::Cyan) } else { HEAD }
    }
}

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, model: &mut Model, looks: Looks) {
    let area = frame.area();
    if area.width < NARROWEST || area.height < LOWEST {
        let words = format!("{NARROWEST} x {LOWEST} letters are needed");
        frame.render_widget(Paragraph::new(words), area);
        return;
    }
    let head = head::lines(model, looks);
    let height = u16::try_from(head.len()).unwrap_or(LOWEST);
    let [above, middle, below] = Layout::vertical([
        Constraint::Length(height),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(head), above);
    match model.over {
        Over::Nothing | Over::Filter => table::draw(frame, middle, model, looks),
        Over::Detail => detail::draw(frame, middle, model),
        Over::Help => help::draw(frame, middle),
    }
    foot(frame, below, model);
}

fn foot(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let line = if model.over == Over::Filter {
        Line::from(vec![
            Span::styled("show rows with: ", HEAD),
            Span::raw(model.filter.as_str()),
            Span::styled("_", FAINT),
            Span::styled("   Enter keeps it, Esc takes it away", FAINT),
        ])
    } else if model.over == Over::Nothing {
        let keys = "Enter details  </> sort  r reverse  / filter  v by vendor  Space pause  ? help";
        Line::styled(keys, FAINT)
    } else {
        Line::styled("Esc back  q end", FAINT)
    };
    frame.render_widget(Paragraph::new(line), area);
}
