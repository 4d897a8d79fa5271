//! What keys do.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::model::{Model, Next, Over};

/// Rows that a page is of.
const PAGE: isize = 10;

/// Keys and what they do, as the help says it.
pub(super) const HELP: [(&str, &str); 9] = [
    ("Up Down, j k", "select a row; PgUp PgDn, Home End go further"),
    ("Enter", "all that is known of it; Esc goes back"),
    ("< >, Left Right", "sort by the column beside"),
    ("r", "the other way round"),
    ("/", "show rows with a text; Esc takes it away"),
    ("v", "by vendor, or all rows in one order"),
    ("Space, p", "stand still, or go on"),
    ("?, h", "this help"),
    ("q, Ctrl-C", "end"),
];

/// Does what an event asks for.
pub(super) fn take(model: &mut Model, event: &Event) -> Next {
    let Event::Key(key) = event else {
        return Next::GoOn;
    };
    if key.kind == KeyEventKind::Release {
        return Next::GoOn;
    }
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c' | 'd') => Next::End,
            _ => Next::GoOn,
        };
    }
    if model.over == Over::Filter {
        type_in(model, key);
        return Next::GoOn;
    }
    match key.code {
        KeyCode::Char('q') => return Next::End,
        KeyCode::Up | KeyCode::Char('k') => model.step(-1),
        KeyCode::Down | KeyCode::Char('j') => model.step(1),
        KeyCode::PageUp => model.step(-PAGE),
        KeyCode::PageDown => model.step(PAGE),
        KeyCode::Home => model.step(isize::MIN),
        KeyCode::End => model.step(isize::MAX),
        KeyCode::Left | KeyCode::Char('<') => model.sort_beside(-1),
        KeyCode::Right | KeyCode::Char('>') => model.sort_beside(1),
        KeyCode::Char('r') => model.reversed = !model.reversed,
        KeyCode::Char('v') => model.by_vendor = !model.by_vendor,
        KeyCode::Char(' ' | 'p') => model.paused = !model.paused,
        KeyCode::Char('/') => model.over = Over::Filter,
        KeyCode::Char('?' | 'h') => {
            model.over = if model.over == Over::Help {
                Over::Nothing
            } else {
                Over::Help
            };
        }
        KeyCode::Enter => {
            if model.chosen().is_none() {
                model.step(0);
            }
            model.over = if model.over == Over::Detail || model.chosen().is_none() {
                Over::Nothing
            } else {
                Over::Detail
            };
        }
        KeyCode::Esc if model.over == Over::Nothing => model.filter.clear(),
        KeyCode::Esc => model.over = Over::Nothing,
        _ => {}
    }
    Next::GoOn
}

fn type_in(model: &mut Model, key: &KeyEvent) {
    match key.code {
        KeyCode::Char(letter) => model.type_in(letter),
        KeyCode::Backspace => {
            model.filter.pop();
        }
        KeyCode::Enter => model.over = Over::Nothing,
        KeyCode::Esc => {
            model.over = Over::Nothing;
            model.filter.clear();
        }
        _ => {}
    }
}
