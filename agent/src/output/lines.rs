//! A line for a person.

use super::Told;
use super::plain::{Bytes, printable};
use crate::flows::Step;

/// `12:04:31Z OpenAI API  api.openai.com  by python3 ~/bot.py as ann (pid 4711, ssh from 192.0.2.9)`, and at the close the
/// counts.
pub(super) fn line(told: &Told<'_>) -> String {
    let Told {
        change,
        name,
        service,
        attributed,
        relays,
    } = *told;
    let uid = attributed.user.uid.to_string();
    let user = attributed.user.name.as_deref().unwrap_or(&uid);
    let origin = attributed.set_off().and_then(|origin| origin.words());
    let what = format!(
        "{}  {name}  by {} as {} (pid {}{}){}{}",
        service.service,
        printable(&attributed.process.program.name),
        printable(user),
        attributed.process.pid,
        origin.map_or_else(String::new, |origin| format!(", {}", printable(&origin))),
        if change.flow.via.is_some() {
            " via a proxy"
        } else {
            ""
        },
        if relays.is_some() {
            " for another program"
        } else {
            ""
        },
    );
    let time = change.time.strftime("%H:%M:%SZ");
    if change.step != Step::Closed {
        return format!("{time} {what}");
    }
    let seconds = change.time.duration_since(change.flow.opened).as_secs_f64();
    format!(
        "{time} {what} closed: {} out, {} in, {seconds:.1} s",
        Bytes(change.bytes_out),
        Bytes(change.bytes_in)
    )
}
