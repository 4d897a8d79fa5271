mod table;

use proptest::prelude::*;

use super::*;
use table::PROGRAMS;

fn program(executable: &str, arguments: &[&str]) -> (String, Option<String>) {
    let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
    let image = Image::new(
        Some(executable.to_owned()),
        arguments,
        false,
        Some("/srv/app".to_owned()),
    );
    let program = of(&image);
    (program.name, program.script)
}

#[test]
fn programs_are_called_what_a_person_would_say() {
    for (executable, arguments, name, script) in PROGRAMS {
        let expected = ((*name).to_owned(), script.map(str::to_owned));
        assert_eq!(
            program(executable, arguments),
            expected,
            "{executable} {arguments:?}"
        );
    }
}

#[test]
fn modules_of_python_are_told_from_scripts_and_others_modules() {
    for (executable, arguments, expected) in [
        (
            "/usr/bin/python3.11",
            &["python3", "-m", "http.server"][..],
            Some("http.server"),
        ),
        (
            "/usr/bin/python3.11",
            &["python3", "-um", "llm", "-m", "gpt"],
            Some("llm"),
        ),
        ("/usr/bin/python3.11", &["python3", "llm"], None),
        ("/usr/bin/java", &["java", "-m", "mod/com.x.Main"], None),
    ] {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let program = of(&Image::new(Some(executable.to_owned()), arguments, false, None));
        assert_eq!(module(&program), expected, "{program:?}");
    }
}

#[test]
fn without_an_executable_the_called_name_stands() {
    let image = Image::new(None, vec!["tool".to_owned()], false, None);
    assert_eq!(of(&image).name, "tool");
    assert_eq!(of(&Image::default()).name, UNKNOWN);
}

#[test]
fn half_an_argument_is_not_told() {
    let arguments = |last: &str| {
        vec![
            "java".to_owned(),
            "-cp".to_owned(),
            "a:b".to_owned(),
            last.to_owned(),
        ]
    };
    let name = |cut| {
        let image = Image::new(Some("/usr/bin/java".to_owned()), arguments("com.x.Ma"), cut, None);
        of(&image).name
    };
    assert_eq!(name(false), "java com.x.Ma");
    assert_eq!(name(true), "/usr/bin/java");
}

#[test]
fn a_script_whose_directory_is_not_known_stays_relative() {
    let arguments = vec!["python3".to_owned(), "./x/../bot.py".to_owned()];
    let program = of(&Image::new(
        Some("/usr/bin/python3.11".to_owned()),
        arguments,
        false,
        None,
    ));
    assert_eq!(program.name, "python3 bot.py");
    assert_eq!(program.script.as_deref(), Some("bot.py"));
}

/// Code and credentials that are in arguments are in no part of what is said.
#[test]
fn code_is_never_shown() {
    for (executable, arguments, ..) in PROGRAMS {
        let (name, script) = program(executable, arguments);
        assert!(
            !format!("{name} {script:?}").contains("secret"),
            "{arguments:?} became {name}"
        );
    }
}

proptest! {
    /// Whatever the arguments: no panic, and no more than what they say.
    #[test]
    fn any_arguments_are_taken(
        executable in "/usr/bin/(python3.11|node|deno|bun|ruby3.1|perl|php8.2|bash|fish|java|dotnet|R|pwsh|julia|busybox|electron|ld.so)",
        arguments in proptest::collection::vec(
            prop_oneof!["-{0,2}[a-zA-Z=@/.+]{0,8}", "(run|exec|eval|x|--|-|-c|-e|-m|-jar|--node-ipc|--type=x)", ".*"],
            0..6,
        ),
        cut in any::<bool>(),
    ) {
        let image = Image::new(Some(executable), arguments, cut, Some("/srv".to_owned()));
        let program = of(&image);
        prop_assert!(!program.name.is_empty());
    }
}

#[test]
fn a_script_is_known_behind_any_interpreter_that_the_kernel_starts() {
    let by_kernel = |interpreted: &str| {
        let arguments = ["/opt/rules", "-x", interpreted].map(str::to_owned).to_vec();
        let mut image = Image::new(
            Some("/opt/rules".to_owned()),
            arguments,
            false,
            Some("/srv".to_owned()),
        );
        image.given = Some(interpreted.to_owned());
        image.is_script = true;
        of(&image)
    };
    let program = by_kernel("./call.rules");
    assert_eq!(program.name, "rules /srv/call.rules");
    assert_eq!(program.script.as_deref(), Some("/srv/call.rules"));
    let program = by_kernel("/dev/fd/3");
    assert_eq!((program.name.as_str(), program.script), ("/opt/rules", None));
}
