//! Applications of which many processes, or many applications' processes, are called the same.

use super::identity::file_name;

/// Where `electron` of a distribution, shared by applications, says whose process it is.
pub(super) fn electron(executable: &str, arguments: &[String]) -> Option<Electron> {
    let name = file_name(executable);
    if name.trim_end_matches(|character: char| character.is_ascii_digit()) != "electron" {
        return None;
    }
    if let Some(app) = value(arguments, "--app-path=") {
        return Some(Electron::App(app.to_owned()));
    }
    // Helpers that are not told the application know where its data are.
    if value(arguments, "--type=").is_some() {
        return value(arguments, "--user-data-dir=").map(|data| Electron::Data(data.to_owned()));
    }
    arguments
        .iter()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))
        .map(|app| Electron::App(app.to_owned()))
}

/// Whose process an `electron` is.
pub(super) enum Electron {
    /// Of the application in this file or directory.
    App(String),
    /// Of the one that keeps its data in this directory.
    Data(String),
}

/// A script that an application runs in its own executable, as node (`ELECTRON_RUN_AS_NODE`): language servers and other
/// parts of extensions, which talk to it over node's channel.
pub(super) fn script_of(arguments: &[String]) -> Option<&str> {
    let is_node = arguments.iter().any(|argument| {
        matches!(
            argument.as_str(),
            "--ms-enable-electron-run-as-node" | "--node-ipc"
        )
    });
    let script = arguments
        .iter()
        .skip(1)
        .find(|argument| !argument.starts_with('-'))?;
    (is_node && script.contains('/') && !is_bootstrap(script)).then_some(script.as_str())
}

/// The part of an application that this process is, where it matters who speaks: others' code runs there.
pub(super) fn part(executable: &str, arguments: &[String]) -> Option<String> {
    let has = |wanted: &str| arguments.iter().any(|argument| argument == wanted);
    let starts = |wanted: &str| arguments.iter().any(|argument| argument.starts_with(wanted));
    // Visual Studio Code and what derives from it. Its server, and versions before 1.74:
    let forked = has("--type=extensionHost") && arguments.iter().any(|argument| is_bootstrap(argument));
    // Since then: of its processes of this kind, only the extension host can be debugged.
    let utility = has("--utility-sub-type=node.mojom.NodeService") && starts("--inspect-port=");
    if forked || utility {
        return Some("extension host".to_owned());
    }
    // Qt's browser engine says whose it is.
    (file_name(executable) == "QtWebEngineProcess")
        .then(|| value(arguments, "--application-name="))
        .flatten()
        .map(str::to_owned)
}

/// The product of `JetBrains` that a `java` is; all of them have the same main class.
pub(super) fn jetbrains(arguments: &[String]) -> Option<&str> {
    let selector = value(arguments, "-Didea.paths.selector=")?;
    let product = selector.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    (!product.is_empty()).then_some(product)
}

fn is_bootstrap(argument: &str) -> bool {
    matches!(file_name(argument), "bootstrap-fork" | "bootstrap-fork.js")
}

fn value<'a>(arguments: &'a [String], option: &str) -> Option<&'a str> {
    arguments
        .iter()
        .find_map(|argument| argument.strip_prefix(option))
        .filter(|value| !value.is_empty())
}
