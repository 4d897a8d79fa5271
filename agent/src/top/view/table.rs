//! The rows.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::Text;
use ratatui::widgets::{Cell, Paragraph, Row, Table};

use super::super::model::{Line, Model, Order, Vendor, user, verdict};
use super::head::ago;
use super::{HEAD, Looks, SELECTED};
use crate::live::Used;
use crate::output::plain::{Bytes, printable};

/// Columns with their widths; the first takes what is left.
const COLUMNS: [(&str, Order, u16); 9] = [
    ("PROGRAM", Order::Program, 0),
    ("USER", Order::User, 9),
    ("VERDICT", Order::Verdict, 10),
    ("OPEN", Order::Open, 4),
    ("FLOWS", Order::Flows, 6),
    ("OUT", Order::Out, 8),
    ("IN", Order::In, 8),
    ("OUT/s", Order::Rate, 8),
    ("LAST", Order::Last, 6),
];

/// What is left out where the program would have less room than this, in this order.
const LEAST: u16 = 20;
const LEFT_OUT: [Order; 3] = [Order::In, Order::Rate, Order::Open];

/// Draws as many rows as have room, the selected one among them.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &mut Model, looks: Looks) {
    let room = usize::from(area.height.saturating_sub(1));
    let lines = model.lines();
    if lines.is_empty() {
        let words = match &model.word {
            None => "",
            Some(word) if word.used.is_empty() => {
                "no program of this host has used a vendor of the catalogue yet"
            }
            Some(_) => "no row has this text",
        };
        frame.render_widget(Paragraph::new(words), area);
        return;
    }
    let selected = |line: &Line<'_>| matches!(line, Line::Used(used) if Some(used.id) == model.selected);
    let top = in_sight(model.top, lines.iter().position(selected), room, lines.len());
    let columns = columns(area.width, model.is_judged());
    let widths = columns.iter().map(|(.., width)| match width {
        0 => Constraint::Fill(1),
        width => Constraint::Length(*width),
    });
    let orders: Vec<Order> = columns.iter().map(|(_, order, _)| *order).collect();
    let names = columns.iter().map(|(name, order, _)| {
        let sign = match (*order == model.order, model.reversed) {
            (false, _) => "",
            (true, false) => "v",
            (true, true) => "^",
        };
        cell(*order, format!("{name}{sign}"))
    });
    let rows = lines.iter().skip(top).take(room).map(|line| {
        let cells = orders.iter().map(|order| {
            let cell = cell(*order, text(line, *order, model));
            match line {
                Line::Used(used) if *order == Order::Verdict => cell.style(looks.verdict(used)),
                _ => cell,
            }
        });
        let style = match line {
            Line::Vendor(_) => looks.vendor(),
            line if selected(line) => SELECTED,
            Line::Used(_) => Style::new(),
        };
        Row::new(cells.collect::<Vec<_>>()).style(style)
    });
    let rows: Vec<_> = rows.collect();
    let header = Row::new(names.collect::<Vec<_>>()).style(HEAD);
    let table = Table::new(rows, widths).header(header).column_spacing(1);
    frame.render_widget(table, area);
    model.top = top;
}

/// The columns that have room.
fn columns(width: u16, is_judged: bool) -> Vec<(&'static str, Order, u16)> {
    let mut columns = COLUMNS.to_vec();
    columns.retain(|(_, order, _)| is_judged || *order != Order::Verdict);
    for left_out in LEFT_OUT {
        let taken: u16 = columns.iter().map(|(.., width)| width + 1).sum();
        if width.saturating_sub(taken - 1) >= LEAST {
            break;
        }
        columns.retain(|(_, order, _)| *order != left_out);
    }
    columns
}

/// The first line, so that the selected one and, at the top, its vendor are seen.
fn in_sight(top: usize, selected: Option<usize>, room: usize, lines: usize) -> usize {
    let top = top.min(lines.saturating_sub(room));
    match selected {
        Some(selected) if selected < top.saturating_add(1) => selected.saturating_sub(1),
        Some(selected) if selected >= top + room => selected + 1 - room.max(1),
        _ => top,
    }
}

fn cell(order: Order, text: String) -> Cell<'static> {
    let text = Text::raw(text);
    Cell::new(match order {
        Order::Program | Order::User | Order::Verdict => text,
        _ => text.right_aligned(),
    })
}

fn text(line: &Line<'_>, order: Order, model: &Model) -> String {
    match line {
        Line::Vendor(vendor) => of_vendor(vendor, order, model),
        Line::Used(used) => of_used(used, order, model),
    }
}

fn of_vendor(vendor: &Vendor<'_>, order: Order, model: &Model) -> String {
    match order {
        Order::Program => vendor.name.to_owned(),
        Order::User => match vendor.callers {
            1 => "1 row".to_owned(),
            callers => format!("{callers} rows"),
        },
        Order::Verdict => String::new(),
        Order::Open => vendor.open.to_string(),
        Order::Flows => vendor.flows.to_string(),
        Order::Out => Bytes(vendor.bytes_out).to_string(),
        Order::In => Bytes(vendor.bytes_in).to_string(),
        Order::Rate => rate(vendor.rate),
        Order::Last => last(vendor.last_seen, model),
    }
}

fn of_used(used: &Used, order: Order, model: &Model) -> String {
    match order {
        Order::Program => {
            let program = printable(&used.caller.program.name);
            if model.by_vendor {
                format!("  {program}")
            } else {
                format!("{}: {program}", used.vendor)
            }
        }
        Order::User => printable(&user(used)).into_owned(),
        Order::Verdict => verdict(used).to_owned(),
        Order::Open => used.open.to_string(),
        Order::Flows => used.flows.to_string(),
        Order::Out => Bytes(used.bytes_out).to_string(),
        Order::In => Bytes(used.bytes_in).to_string(),
        Order::Rate => rate(model.rates.of(used.id)),
        Order::Last => last(used.last_seen, model),
    }
}

fn rate(rate: u64) -> String {
    if rate == 0 {
        String::new()
    } else {
        Bytes(rate).to_string()
    }
}

fn last(time: jiff::Timestamp, model: &Model) -> String {
    model
        .word
        .as_ref()
        .map(|word| ago(word.time, time))
        .unwrap_or_default()
}
