//! The timer of systemd that starts a service, by unit files: systemd.timer(5), systemd.unit(5).

use crate::attribution::{files::Root, people};

/// Unit files looked at in a directory.
const UNITS_MAX: usize = 4_096;
/// A unit file is smaller.
const FILE_MAX: usize = 64 << 10;

/// Where units of the system's manager are, the first going before the others.
const SYSTEM: [&str; 9] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/run/systemd/generator",
    "/run/systemd/generator.late",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// Those of all users' managers.
const USERS: [&str; 4] = [
    "/etc/systemd/user",
    "/run/systemd/user",
    "/usr/local/lib/systemd/user",
    "/usr/lib/systemd/user",
];
/// A user's own, below the home and below `/run/user/UID`.
const HOME: [&str; 2] = [".config/systemd/user", ".local/share/systemd/user"];
const RUNTIME: [&str; 4] = [
    "systemd/user",
    "systemd/transient",
    "systemd/generator",
    "systemd/generator.late",
];

/// The timer that starts `service`, of the system's manager or of the one of user `manager`: one that is wanted by another
/// unit, or was made at run time. A timer that nobody has enabled starts nothing.
pub(super) fn of(root: &Root, service: &str, manager: Option<u32>) -> Option<String> {
    let places = places(root, manager);
    let mut timers: Vec<String> = Vec::new();
    for place in &places {
        let names = root.names(place, UNITS_MAX);
        if place.contains("/transient") || place.contains("/generator") {
            timers.extend(names.iter().filter(|name| is_a(name, "timer")).cloned());
        }
        for wants in names
            .iter()
            .filter(|name| is_a(name, "wants") || is_a(name, "requires"))
        {
            let wanted = root.names(&format!("{place}/{wants}"), UNITS_MAX);
            timers.extend(wanted.into_iter().filter(|name| is_a(name, "timer")));
        }
    }
    timers.sort();
    timers.dedup();
    timers
        .into_iter()
        .find(|timer| starts(root, &places, timer).as_deref() == Some(service))
}

fn places(root: &Root, manager: Option<u32>) -> Vec<String> {
    let Some(uid) = manager else {
        return SYSTEM.map(str::to_owned).into();
    };
    let home = people::home(root, uid);
    let below = |folder: &str, places: &[&str]| -> Vec<String> {
        places.iter().map(|place| format!("{folder}/{place}")).collect()
    };
    let mut places = home.map(|home| below(&home, &HOME)).unwrap_or_default();
    places.extend(below(&format!("/run/user/{uid}"), &RUNTIME));
    places.extend(USERS.map(str::to_owned));
    places
}

fn is_a(name: &str, kind: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending == kind)
}

/// The unit that `timer` starts.
fn starts(root: &Root, places: &[String], timer: &str) -> Option<String> {
    let stem = timer.strip_suffix(".timer")?;
    // `name@instance` is made of the file of `name@`.
    let (template, instance) = stem.split_once('@').map_or((None, ""), |(name, instance)| {
        (Some(format!("{name}@.timer")), instance)
    });
    let files = [Some(timer.to_owned()), template];
    let text = files.iter().flatten().find_map(|file| {
        let mut paths = places.iter().map(|place| format!("{place}/{file}"));
        paths.find_map(|path| root.text(&path, FILE_MAX))
    })?;
    let named = unit(&text).map(|unit| unit.replace("%i", instance));
    Some(named.unwrap_or_else(|| format!("{stem}.service")))
}

/// What a timer's file names as its unit.
fn unit(text: &str) -> Option<&str> {
    let mut section = "";
    let mut unit = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if section == "[Timer]"
            && let Some((key, value)) = line.split_once('=')
            && key.trim_end() == "Unit"
        {
            unit = Some(value.trim()).filter(|value| !value.is_empty());
        }
    }
    unit
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink, path::Path};

    use super::*;

    fn write(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn enable(root: &Path, path: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink("/somewhere", path).unwrap();
    }

    #[test]
    fn a_service_has_a_timer_that_is_enabled() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        write(
            root,
            "usr/lib/systemd/system/backup.timer",
            "[Timer]\nOnCalendar=daily\n",
        );
        write(
            root,
            "usr/lib/systemd/system/trim.timer",
            "[Timer]\nOnCalendar=weekly\n",
        );
        write(
            root,
            "usr/lib/systemd/system/night.timer",
            "[Unit]\nUnit=no\n[Timer]\nUnit = report.service\n",
        );
        write(
            root,
            "usr/lib/systemd/system/dump@.timer",
            "[Timer]\nUnit=dump-%i.service\n",
        );
        write(
            root,
            "run/systemd/transient/run-r1.timer",
            "[Timer]\nOnActiveSec=1\n",
        );
        write(root, "etc/passwd", "ann:x:1000:1000::/home/ann:/bin/sh\n");
        write(root, "home/ann/.config/systemd/user/mine.timer", "[Timer]\n");
        for wanted in [
            "etc/systemd/system/timers.target.wants/backup.timer",
            "etc/systemd/system/timers.target.wants/night.timer",
            "etc/systemd/system/timers.target.wants/dump@main.timer",
            "etc/systemd/system/timers.target.wants/gone.timer",
            "home/ann/.config/systemd/user/timers.target.wants/mine.timer",
        ] {
            enable(root, wanted);
        }
        let root = Root::open(root.to_str().unwrap()).unwrap();
        let table = [
            ("backup.service", None, Some("backup.timer")),
            ("trim.service", None, None),
            ("report.service", None, Some("night.timer")),
            ("night.service", None, None),
            ("dump-main.service", None, Some("dump@main.timer")),
            ("run-r1.service", None, Some("run-r1.timer")),
            ("gone.service", None, None),
            ("mine.service", None, None),
            ("mine.service", Some(1_000), Some("mine.timer")),
            ("backup.service", Some(1_000), None),
            ("mine.service", Some(1_001), None),
        ];
        for (service, manager, timer) in table {
            assert_eq!(
                of(&root, service, manager).as_deref(),
                timer,
                "{service} of {manager:?}"
            );
        }
    }
}
