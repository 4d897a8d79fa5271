use super::*;

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

/// Executable, arguments, what a person would say, script.
const PROGRAMS: &[(&str, &[&str], &str, Option<&str>)] = &[
    (
        "/usr/bin/curl",
        &["curl", "-s", "https://x"],
        "/usr/bin/curl",
        None,
    ),
    ("/home/ann/bin/tool", &["tool"], "~/bin/tool", None),
    (
        "/root/.local/bin/claude",
        &["claude"],
        "~/.local/bin/claude",
        None,
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "/srv/bot.py", "-v"],
        "python3 /srv/bot.py",
        Some("/srv/bot.py"),
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "-u", "-X", "dev", "bot.py"],
        "python3 /srv/app/bot.py",
        Some("/srv/app/bot.py"),
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "../x/./bot.py"],
        "python3 /srv/x/bot.py",
        Some("/srv/x/bot.py"),
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "-m", "http.server"],
        "python3 -m http.server",
        Some("http.server"),
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "-c", "import secret"],
        "python3 -c",
        None,
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "-Ic", "import secret"],
        "python3 -Ic",
        None,
    ),
    ("/usr/bin/python3.11", &["python3"], "/usr/bin/python3.11", None),
    (
        "/usr/bin/node",
        &["node", "--require", "x.js", "/home/bo/.npm/bin/claude"],
        "node ~/.npm/bin/claude",
        Some("/home/bo/.npm/bin/claude"),
    ),
    ("/usr/bin/node", &["node", "-e", "fetch('x')"], "node -e", None),
    (
        "/usr/bin/deno",
        &["deno", "run", "--allow-net", "main.ts"],
        "deno /srv/app/main.ts",
        Some("/srv/app/main.ts"),
    ),
    (
        "/opt/bun",
        &["bun", "run.ts"],
        "bun /srv/app/run.ts",
        Some("/srv/app/run.ts"),
    ),
    ("/usr/bin/bash", &["bash", "-lc", "curl secret"], "bash -lc", None),
    (
        "/usr/bin/bash",
        &["/bin/bash", "/etc/cron.daily/report"],
        "bash /etc/cron.daily/report",
        Some("/etc/cron.daily/report"),
    ),
    (
        "/usr/lib/jvm/17/bin/java",
        &["java", "-Xmx1g", "-jar", "x.jar"],
        "java /srv/app/x.jar",
        Some("/srv/app/x.jar"),
    ),
    (
        "/usr/lib/jvm/17/bin/java",
        &["java", "-cp", "a:b", "com.x.Main"],
        "java com.x.Main",
        Some("com.x.Main"),
    ),
    (
        "/usr/lib/jvm/17/bin/java",
        &["java", "Client.java"],
        "java /srv/app/Client.java",
        Some("/srv/app/Client.java"),
    ),
    (
        "/usr/bin/dotnet",
        &["dotnet", "exec", "/opt/x.dll"],
        "dotnet /opt/x.dll",
        Some("/opt/x.dll"),
    ),
];

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
fn without_an_executable_the_called_name_stands() {
    let image = Image::new(None, vec!["tool".to_owned()], false, None);
    assert_eq!(of(&image).name, "tool");
    assert_eq!(of(&Image::default()).name, UNKNOWN);
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
        image.interpreted = Some(interpreted.to_owned());
        of(&image)
    };
    let program = by_kernel("./call.rules");
    assert_eq!(program.name, "rules /srv/call.rules");
    assert_eq!(program.script.as_deref(), Some("/srv/call.rules"));
    let program = by_kernel("/dev/fd/3");
    assert_eq!((program.name.as_str(), program.script), ("/opt/rules", None));
}
