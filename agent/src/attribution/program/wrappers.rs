//! Programs that are others at work.
//!
//! Most wrappers (`env`, `nohup`, `timeout`, `sudo`, `uv run`) execute what they wrap, in their own process or in a child
//! of it: the kernel's record is of the last exec, and they are at most ancestors. Here are those that stay in between.

use super::identity::file_name;

/// Options of the dynamic loader that take the next argument (ld.so(8), musl's `ldso/dynlink.c`).
const LOADER_OPTIONS: [&str; 8] = [
    "--library-path",
    "--inhibit-rpath",
    "--preload",
    "--audit",
    "--argv0",
    "--glibc-hwcaps-prepend",
    "--glibc-hwcaps-mask",
    "--list-diagnostics",
];

/// `ld-linux-x86-64.so.2 [OPTION…] PROGRAM [ARGUMENT…]`: the program, and its arguments from its own name on.
pub(super) fn loaded<'a>(executable: &str, arguments: &'a [String]) -> Option<(&'a str, &'a [String])> {
    let name = file_name(executable);
    let is_loader = (name.starts_with("ld-") && (name.contains(".so") || name.starts_with("ld-musl-")))
        || name == "ld.so";
    if !is_loader {
        return None;
    }
    let mut at = 1;
    loop {
        let argument = arguments.get(at)?;
        if !argument.starts_with('-') {
            return Some((argument, &arguments[at..]));
        }
        at += if LOADER_OPTIONS.contains(&argument.as_str()) {
            2
        } else {
            1
        };
    }
}

/// An executable that is many programs: how it is shown, and the arguments from the one's name on.
pub(super) fn applet<'a>(executable: &str, arguments: &'a [String]) -> Option<(&'static str, &'a [String])> {
    let name = file_name(executable);
    let shown = ["busybox", "toybox"].into_iter().find(|known| {
        name.strip_prefix(known)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    })?;
    let called = file_name(arguments.first()?);
    let at = usize::from(called.starts_with(shown));
    let applet = arguments.get(at)?;
    (!applet.starts_with('-')).then_some((shown, &arguments[at..]))
}

/// What a script that itself runs scripts in its own process runs: `node …/ts-node bot.ts`. `arguments` are those behind
/// it; `say` is told them with its name in front.
pub(super) fn inner<T>(
    script: &str,
    arguments: &[String],
    say: impl Fn(&[String]) -> Option<T>,
) -> Option<T> {
    if !matches!(
        file_name(script),
        "ts-node" | "ts-node-esm" | "ts-node-script" | "tsx"
    ) {
        return None;
    }
    let mut called = vec![script.to_owned()];
    called.extend_from_slice(arguments);
    say(&called)
}
