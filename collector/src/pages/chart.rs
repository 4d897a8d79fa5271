//! Bytes sent a day as stacked bars. Names are not in the picture: the table beside it is its key.

use jiff::civil::Date;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;

use crate::findings::bytes;

/// Width and height, in pixels of a screen of no special density.
const SIZE: (u32, u32) = (760, 240);
/// Pixels around the picture, and of the names of amounts at its left.
const MARGIN: u32 = 8;
const LEFT: u32 = 64;
/// Units of a day on the axis, so that there is room between bars.
const DAY: i32 = 10;
/// As `.part-0` and so on in the style sheet: at least 3:1 against the panels of both themes (WCAG 2.2, 1.4.11).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0x6d, 0x5a, 0xe6),
    RGBColor(0x1f, 0x8a, 0x5b),
    RGBColor(0xc2, 0x57, 0x1a),
    RGBColor(0x0f, 0x86, 0xb3),
    RGBColor(0xb8, 0x47, 0x8f),
    RGBColor(0x7d, 0x87, 0x94),
];

/// The picture of bytes by part and day; `None`: there are none, or it cannot be drawn.
pub(super) fn drawn(parts: &[Vec<u64>], days: &[Date]) -> Option<String> {
    let heights = (0..days.len()).map(|day| {
        let of_day = parts.iter().filter_map(|part| part.get(day));
        of_day.fold(0_u64, |sum, bytes| sum.saturating_add(*bytes))
    });
    let top = heights.max().filter(|top| *top > 0)?;
    let mut svg = String::new();
    match draw(&mut svg, parts, days, top) {
        Ok(()) => Some(svg),
        Err(error) => {
            tracing::error!("a chart cannot be drawn: {error}");
            None
        }
    }
}

fn draw(
    svg: &mut String,
    parts: &[Vec<u64>],
    days: &[Date],
    top: u64,
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    let width = DAY.saturating_mul(i32::try_from(days.len()).unwrap_or(i32::MAX));
    let mut chart = ChartBuilder::on(&root)
        .margin(MARGIN)
        .set_label_area_size(LabelAreaPosition::Left, LEFT)
        .set_label_area_size(LabelAreaPosition::Bottom, 26)
        .build_cartesian_2d(0..width, 0..top)?;
    // A day's name stands below the middle of its bar.
    let days_in_pixels = SIZE.0 - LEFT - 2 * MARGIN;
    let half = u32::try_from(days.len()).map_or(0, |days| days_in_pixels / days.max(1) / 2);
    let day = |at: &i32| {
        let place = usize::try_from(at / DAY).ok();
        let day = place.and_then(|place| days.get(place));
        day.map_or_else(String::new, |day| day.strftime("%m-%d").to_string())
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(days.len() + 1)
        .y_labels(5)
        .x_label_formatter(&day)
        .x_label_offset(half)
        .y_label_formatter(&|at| bytes(*at))
        .label_style(("sans-serif", 12))
        .draw()?;
    let mut below = vec![0_u64; days.len()];
    for (part, colour) in parts.iter().zip(COLOURS) {
        let bars = part
            .iter()
            .zip(&mut below)
            .zip((0..).step_by(10))
            .map(|((bytes, below), at)| {
                let from = *below;
                *below = below.saturating_add(*bytes);
                Rectangle::new([(at + 1, from), (at + DAY - 1, *below)], colour.filled())
            });
        chart.draw_series(bars.collect::<Vec<_>>())?;
    }
    root.present()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_each_day_has_a_bar_and_axes_have_units() {
        let days: Vec<Date> = (1..=3).map(|day| Date::constant(2026, 11, day)).collect();
        let svg = drawn(
            &[vec![1_000_000, 0, 2_000_000], vec![0, 500_000, 1_000_000]],
            &days,
        );
        let svg = svg.expect("a picture");
        assert_eq!(svg.matches("fill=\"#6D5AE6\"").count(), 3, "{svg}");
        assert_eq!(svg.matches("fill=\"#1F8A5B\"").count(), 3, "{svg}");
        assert!(svg.contains("2.0 MB") && svg.contains("11-02"), "{svg}");
        // The page's policy of content lets nothing of these through.
        assert!(!svg.contains("style=") && !svg.contains("<script"), "{svg}");
        assert_eq!(drawn(&[vec![0, 0, 0]], &days), None);
        assert!(drawn(&[vec![u64::MAX, 1, 1], vec![u64::MAX, 1, 1]], &days).is_some());
    }
}
