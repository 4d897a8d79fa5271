//! The table of cron's that a job stands in: crontab(5).

use crate::attribution::files::Root;

/// Tables looked at.
const TABLES_MAX: usize = 1_024;
/// A table is smaller.
const FILE_MAX: usize = 256 << 10;

/// Tables of the system, whose lines name the user.
const SYSTEM: [&str; 2] = ["/etc/crontab", "/etc/anacrontab"];
const SYSTEM_FOLDER: &str = "/etc/cron.d";
/// Folders of users' tables: Debian's, SUSE's, Red Hat's.
const USERS_FOLDERS: [&str; 3] = [
    "/var/spool/cron/crontabs",
    "/var/spool/cron/tabs",
    "/var/spool/cron",
];

/// The one table in which user `uid` has a job that ran `command`; `None` also when several have.
///
/// `command` is what cron gave to the shell, or what the shell has executed in its own place, which is a part of that.
pub(super) fn of(root: &Root, command: &str, uid: u32) -> Option<String> {
    let command = plain(command);
    if command.is_empty() {
        return None;
    }
    let mut whole = Vec::new();
    let mut part = Vec::new();
    for (path, before) in tables(root, uid) {
        let Some(text) = root.text(&path, FILE_MAX) else {
            continue;
        };
        let commands: Vec<_> = text.lines().filter_map(|line| job(line, before)).collect();
        if commands.contains(&command) {
            whole.push(path);
        } else if commands.iter().any(|job| job.contains(&command)) {
            part.push(path);
        }
    }
    let mut found = if whole.is_empty() { part } else { whole };
    found.pop().filter(|_| found.is_empty())
}

/// Tables, and how many words stand before a command besides the time.
fn tables(root: &Root, uid: u32) -> Vec<(String, usize)> {
    let folder = |folder: &str| {
        let names = root.names(folder, TABLES_MAX);
        let paths = names.into_iter().map(|name| format!("{folder}/{name}"));
        paths.collect::<Vec<_>>()
    };
    let system = SYSTEM.map(str::to_owned).into_iter().chain(folder(SYSTEM_FOLDER));
    let users = USERS_FOLDERS.iter().flat_map(|users| folder(users));
    let owned = users.filter(|path| root.file(path).is_ok_and(|file| file.stat.st_uid == uid));
    system
        .map(|path| (path, 1))
        .chain(owned.map(|path| (path, 0)))
        .collect()
}

/// The command in a line, if there is one.
fn job(line: &str, before: usize) -> Option<String> {
    let line = line.trim_start();
    let first = line.chars().next()?;
    let time = match first {
        '@' => 1,
        '*' | '0'..='9' => 5,
        _ => return None,
    };
    let mut rest = line;
    for _ in 0..time + before {
        rest = rest.split_once(char::is_whitespace)?.1.trim_start();
    }
    Some(plain(&until_input(rest)))
}

/// What stands before the first `%`, behind which is the command's input; a `\%` is a `%`.
fn until_input(command: &str) -> String {
    let mut text = String::new();
    let mut characters = command.chars();
    while let Some(character) = characters.next() {
        match character {
            '%' => break,
            '\\' if characters.as_str().starts_with('%') => {
                text.push('%');
                characters.next();
            }
            other => text.push(other),
        }
    }
    text
}

/// Without quotes, and with single spaces: so a shell's text and what the shell makes of it are alike.
fn plain(command: &str) -> String {
    let text = command.replace(['\'', '"', '\\'], "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_job_stands_in_one_table() {
        let folder = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "etc/crontab",
            "SHELL=/bin/sh\n# 1 * * * * root /never\n17 *\t* * * root cd / && run-parts --report /etc/cron.hourly\n",
        );
        write(
            "etc/cron.d/report",
            "@reboot ann curl -s 'https://x.example/?a=1'\n0 4 * * 1 ann /srv/report\n",
        );
        write(
            "etc/cron.d/again",
            "0 5 * * 1 ann /srv/report\n* * * * * ann date +\\%F%input\n",
        );
        write("var/spool/cron/crontabs/ann", "*/5 * * * * /home/ann/ask --all\n");
        let root = Root::open(folder.path().to_str().unwrap()).unwrap();
        let own = rustix::process::geteuid().as_raw();
        let table = [
            (
                "cd / && run-parts --report /etc/cron.hourly",
                own,
                Some("/etc/crontab"),
            ),
            ("run-parts --report /etc/cron.hourly", own, Some("/etc/crontab")),
            ("curl -s https://x.example/?a=1", own, Some("/etc/cron.d/report")),
            ("/srv/report", own, None),
            ("date +%F", own, Some("/etc/cron.d/again")),
            ("/home/ann/ask --all", own, Some("/var/spool/cron/crontabs/ann")),
            ("/home/ann/ask --all", own + 1, None),
            ("/never", own, None),
            ("", own, None),
        ];
        for (command, uid, path) in table {
            assert_eq!(of(&root, command, uid).as_deref(), path, "{command}");
        }
    }
}
