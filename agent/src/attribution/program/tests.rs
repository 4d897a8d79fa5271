use proptest::prelude::*;

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

/// Executable, arguments, what a person would say, script. The directory is `/srv/app`.
const PROGRAMS: &[(&str, &[&str], &str, Option<&str>)] = &[
    // Executables.
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
        "/home/ann/.local/bin/uv",
        &["uv", "run", "bot.py"],
        "~/.local/bin/uv",
        None,
    ),
    (
        "/usr/bin/sudo",
        &["sudo", "-u", "bo", "curl"],
        "/usr/bin/sudo",
        None,
    ),
    // Python.
    (
        "/usr/bin/python3.11",
        &["python3", "/srv/bot.py", "-v"],
        "python3 /srv/bot.py",
        Some("/srv/bot.py"),
    ),
    (
        "/usr/bin/python2.7",
        &["python", "/srv/bot.py"],
        "python2 /srv/bot.py",
        Some("/srv/bot.py"),
    ),
    (
        "/usr/bin/pypy3.10",
        &["pypy3", "/srv/bot.py"],
        "pypy3 /srv/bot.py",
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
        &["python3", "-Xdev", "-W", "ignore", "-bb", "bot.py"],
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
        &["python3", "../../../../bot.py"],
        "python3 /bot.py",
        Some("/bot.py"),
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "--", "-odd.py"],
        "python3 /srv/app/-odd.py",
        Some("/srv/app/-odd.py"),
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "-m", "http.server"],
        "python3 -m http.server",
        Some("http.server"),
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "-Im", "pip", "list"],
        "python3 -m pip",
        Some("pip"),
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "-mpip"],
        "python3 -m pip",
        Some("pip"),
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
        "python3 -c",
        None,
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "-cimport secret"],
        "python3 -c",
        None,
    ),
    ("/usr/bin/python3.11", &["python3", "-"], "python3 -", None),
    ("/usr/bin/python3.11", &["python3"], "/usr/bin/python3", None),
    (
        "/usr/bin/python3.11",
        &["python3", "-V"],
        "/usr/bin/python3",
        None,
    ),
    (
        "/usr/bin/python3.11",
        &[
            "/usr/bin/python3",
            "-c",
            "from multiprocessing.spawn import spawn_main; spawn_main()",
            "--multiprocessing-fork",
        ],
        "python3 -m multiprocessing.spawn",
        Some("multiprocessing.spawn"),
    ),
    // What is run like an executable, whatever it is written in.
    (
        "/usr/bin/python3.11",
        &["/home/a/.venv/bin/python", "/home/a/.venv/bin/llm", "hi"],
        "~/.venv/bin/llm",
        Some("/home/a/.venv/bin/llm"),
    ),
    (
        "/usr/bin/python3.11",
        &["/usr/bin/python3", "/home/a/.local/share/pipx/venvs/llm/bin/llm"],
        "~/.local/bin/llm",
        Some("/home/a/.local/share/pipx/venvs/llm/bin/llm"),
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "/home/a/.local/bin/pip3.11"],
        "~/.local/bin/pip3.11",
        Some("/home/a/.local/bin/pip3.11"),
    ),
    (
        "/usr/bin/python3.11",
        &["python3", "bin/bot.py"],
        "python3 /srv/app/bin/bot.py",
        Some("/srv/app/bin/bot.py"),
    ),
    (
        "/usr/bin/node",
        &["node", "--require", "x.js", "/home/bo/.npm/bin/claude"],
        "~/.npm/bin/claude",
        Some("/home/bo/.npm/bin/claude"),
    ),
    (
        "/usr/bin/node",
        &["node", "/usr/local/bin/npx", "cowsay"],
        "/usr/local/bin/npx",
        Some("/usr/local/bin/npx"),
    ),
    (
        "/usr/bin/node",
        &["node", "node_modules/.bin/vite"],
        "/srv/app/node_modules/.bin/vite",
        Some("/srv/app/node_modules/.bin/vite"),
    ),
    (
        "/usr/bin/bash",
        &["/bin/bash", "/home/a/bin/ask", "why"],
        "~/bin/ask",
        Some("/home/a/bin/ask"),
    ),
    // Node and its like.
    (
        "/home/a/.nvm/versions/node/v20.1.0/bin/node",
        &["node", "app.js"],
        "node /srv/app/app.js",
        Some("/srv/app/app.js"),
    ),
    (
        "/usr/bin/node",
        &["node", "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js"],
        "node /usr/lib/node_modules/@anthropic-ai/claude-code/cli.js",
        Some("/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js"),
    ),
    (
        "/usr/bin/node",
        &[
            "node",
            "--import",
            "file:///x/loader.mjs",
            "--max-old-space-size=4096",
            "bot.ts",
        ],
        "node /srv/app/bot.ts",
        Some("/srv/app/bot.ts"),
    ),
    ("/usr/bin/node", &["node", "-e", "fetch('x')"], "node -e", None),
    ("/usr/bin/node", &["node", "--eval=fetch('x')"], "node -e", None),
    ("/usr/bin/node", &["node", "-p", "secret"], "node -e", None),
    (
        "/usr/bin/node",
        &["node", "--run", "start"],
        "node --run start",
        Some("start"),
    ),
    (
        "/usr/bin/nodejs",
        &["nodejs", "app.js"],
        "node /srv/app/app.js",
        Some("/srv/app/app.js"),
    ),
    (
        "/usr/bin/node",
        &[
            "node",
            "/srv/app/node_modules/.bin/ts-node",
            "-P",
            "tsconfig.json",
            "bot.ts",
        ],
        "ts-node /srv/app/bot.ts",
        Some("/srv/app/bot.ts"),
    ),
    (
        "/usr/bin/node",
        &["node", "/srv/app/node_modules/.bin/tsx", "bot.ts"],
        "tsx /srv/app/bot.ts",
        Some("/srv/app/bot.ts"),
    ),
    (
        "/usr/bin/node",
        &["node", "/srv/app/node_modules/.bin/tsx"],
        "/srv/app/node_modules/.bin/tsx",
        Some("/srv/app/node_modules/.bin/tsx"),
    ),
    (
        "/usr/bin/deno",
        &["deno", "run", "--allow-net", "main.ts"],
        "deno /srv/app/main.ts",
        Some("/srv/app/main.ts"),
    ),
    ("/usr/bin/deno", &["deno", "eval", "secret()"], "deno eval", None),
    (
        "/usr/bin/deno",
        &["deno", "task", "start"],
        "deno task start",
        Some("start"),
    ),
    (
        "/usr/bin/deno",
        &["deno", "run", "-A", "npm:cowsay"],
        "deno run npm:cowsay",
        Some("npm:cowsay"),
    ),
    (
        "/usr/bin/deno",
        &["deno", "run", "https://ann:secret@x.example/y.ts?token=secret"],
        "deno run https://x.example/y.ts",
        Some("https://x.example/y.ts"),
    ),
    (
        "/usr/bin/deno",
        &["deno", "run", "data:text/javascript,secret()"],
        "deno run data:",
        Some("data:"),
    ),
    (
        "/opt/bun",
        &["bun", "run.ts"],
        "bun /srv/app/run.ts",
        Some("/srv/app/run.ts"),
    ),
    ("/opt/bun", &["bun", "run", "dev"], "bun run dev", Some("dev")),
    (
        "/opt/bun",
        &["bun", "--bun", "run", "./dev"],
        "bun /srv/app/dev",
        Some("/srv/app/dev"),
    ),
    // Shells.
    ("/usr/bin/bash", &["bash", "-lc", "curl secret"], "bash -c", None),
    ("/usr/bin/bash", &["bash", "-ce", "curl secret"], "bash -c", None),
    ("/usr/bin/dash", &["sh", "-c", "curl secret"], "dash -c", None),
    (
        "/usr/bin/bash",
        &["bash", "-euo", "pipefail", "run.sh"],
        "bash /srv/app/run.sh",
        Some("/srv/app/run.sh"),
    ),
    (
        "/usr/bin/bash",
        &["bash", "+x", "--rcfile", "x", "run.sh"],
        "bash /srv/app/run.sh",
        Some("/srv/app/run.sh"),
    ),
    ("/usr/bin/bash", &["bash", "-s", "--", "install"], "bash -", None),
    ("/usr/bin/bash", &["-bash"], "/usr/bin/bash", None),
    (
        "/usr/bin/bash",
        &["bash", "/dev/fd/63"],
        "bash /dev/fd/*",
        Some("/dev/fd/63"),
    ),
    (
        "/usr/bin/bash",
        &["/bin/bash", "/etc/cron.daily/report"],
        "bash /etc/cron.daily/report",
        Some("/etc/cron.daily/report"),
    ),
    (
        "/usr/bin/fish",
        &["fish", "-C", "set x", "run.fish"],
        "fish /srv/app/run.fish",
        Some("/srv/app/run.fish"),
    ),
    ("/usr/bin/fish", &["fish", "--command=secret"], "fish -c", None),
    (
        "/usr/bin/zsh",
        &["zsh", "-f", "run"],
        "zsh /srv/app/run",
        Some("/srv/app/run"),
    ),
    // Ruby, Perl, PHP, Lua, R, Julia, PowerShell, Tcl.
    (
        "/usr/bin/ruby3.1",
        &["ruby", "-Ilib", "-r", "json", "bot.rb"],
        "ruby /srv/app/bot.rb",
        Some("/srv/app/bot.rb"),
    ),
    (
        "/usr/bin/ruby3.1",
        &["ruby", "-rjson", "-ne", "secret"],
        "ruby -e",
        None,
    ),
    (
        "/usr/bin/ruby3.1",
        &["ruby", "-S", "rake"],
        "ruby -S rake",
        Some("rake"),
    ),
    (
        "/usr/bin/perl",
        &["perl", "-MLWP::Simple", "-w", "bot.pl"],
        "perl /srv/app/bot.pl",
        Some("/srv/app/bot.pl"),
    ),
    (
        "/usr/bin/perl",
        &["perl", "-MLWP::Simple=get", "-0777lne", "secret"],
        "perl -e",
        None,
    ),
    (
        "/usr/bin/perl",
        &["perl", "-i.bake", "bot.pl"],
        "perl /srv/app/bot.pl",
        Some("/srv/app/bot.pl"),
    ),
    (
        "/usr/bin/php8.2",
        &["php", "-d", "x=1", "-f", "bot.php"],
        "php /srv/app/bot.php",
        Some("/srv/app/bot.php"),
    ),
    (
        "/usr/bin/php8.2",
        &["php", "-dx=1", "artisan", "serve"],
        "php /srv/app/artisan",
        Some("/srv/app/artisan"),
    ),
    ("/usr/bin/php8.2", &["php", "-r", "secret();"], "php -r", None),
    (
        "/usr/bin/lua5.4",
        &["lua", "-l", "socket", "bot.lua"],
        "lua /srv/app/bot.lua",
        Some("/srv/app/bot.lua"),
    ),
    (
        "/usr/lib/R/bin/exec/R",
        &[
            "/usr/lib/R/bin/exec/R",
            "--no-echo",
            "--no-restore",
            "--file=bot.R",
            "--args",
            "x",
        ],
        "R /srv/app/bot.R",
        Some("/srv/app/bot.R"),
    ),
    (
        "/usr/lib/R/bin/exec/R",
        &["R", "--no-echo", "-e", "secret()"],
        "R -e",
        None,
    ),
    (
        "/usr/lib/R/bin/exec/R",
        &["R", "--args", "x"],
        "/usr/lib/R/bin/exec/R",
        None,
    ),
    (
        "/opt/julia/bin/julia",
        &["julia", "--project=.", "-t", "4", "bot.jl"],
        "julia /srv/app/bot.jl",
        Some("/srv/app/bot.jl"),
    ),
    (
        "/opt/microsoft/powershell/7/pwsh",
        &[
            "pwsh",
            "-NoProfile",
            "-executionpolicy",
            "Bypass",
            "-FILE",
            "bot.ps1",
        ],
        "pwsh /srv/app/bot.ps1",
        Some("/srv/app/bot.ps1"),
    ),
    (
        "/opt/microsoft/powershell/7/pwsh",
        &["pwsh", "-command", "secret"],
        "pwsh -Command",
        None,
    ),
    (
        "/usr/bin/expect",
        &["expect", "-f", "bot.exp"],
        "expect /srv/app/bot.exp",
        Some("/srv/app/bot.exp"),
    ),
    // Java.
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
        &["java", "--class-path=a:b", "com.x.Main", "-jar", "y"],
        "java com.x.Main",
        Some("com.x.Main"),
    ),
    (
        "/usr/lib/jvm/17/bin/java",
        &["java", "-p", "mods", "--module", "com.x/com.x.Main"],
        "java -m com.x/com.x.Main",
        Some("com.x/com.x.Main"),
    ),
    (
        "/usr/lib/jvm/17/bin/java",
        &["java", "@options", "com.x.Main"],
        "java com.x.Main",
        Some("com.x.Main"),
    ),
    (
        "/usr/lib/jvm/17/bin/java",
        &["java", "@all", "serve"],
        "/usr/lib/jvm/*/bin/java",
        None,
    ),
    (
        "/usr/lib/jvm/17/bin/java",
        &["java", "Client.java"],
        "java /srv/app/Client.java",
        Some("/srv/app/Client.java"),
    ),
    (
        "/home/a/idea/jbr/bin/java",
        &[
            "java",
            "-classpath",
            "x",
            "-Didea.paths.selector=PyCharmCE2024.1",
            "com.intellij.idea.Main",
        ],
        "java com.intellij.idea.Main (PyCharmCE)",
        Some("com.intellij.idea.Main"),
    ),
    // .NET and Mono.
    (
        "/usr/bin/dotnet",
        &["dotnet", "exec", "/opt/x.dll"],
        "dotnet /opt/x.dll",
        Some("/opt/x.dll"),
    ),
    (
        "/usr/bin/dotnet",
        &["dotnet", "x.DLL"],
        "dotnet /srv/app/x.DLL",
        Some("/srv/app/x.DLL"),
    ),
    (
        "/usr/bin/dotnet",
        &["dotnet", "build", "x.csproj"],
        "/usr/bin/dotnet",
        None,
    ),
    (
        "/usr/bin/mono-sgen",
        &["mono", "--debug", "bot.exe"],
        "mono /srv/app/bot.exe",
        Some("/srv/app/bot.exe"),
    ),
    // Programs in others.
    ("/usr/bin/busybox", &["wget", "http://x"], "busybox wget", None),
    (
        "/usr/bin/busybox",
        &["busybox", "wget", "http://x"],
        "busybox wget",
        None,
    ),
    (
        "/usr/bin/busybox",
        &["sh", "run.sh"],
        "busybox sh /srv/app/run.sh",
        Some("/srv/app/run.sh"),
    ),
    (
        "/usr/bin/busybox",
        &["busybox", "sh", "-c", "secret"],
        "busybox sh -c",
        None,
    ),
    ("/usr/bin/busybox", &["busybox"], "/usr/bin/busybox", None),
    (
        "/usr/bin/busybox",
        &["busybox", "--list"],
        "/usr/bin/busybox",
        None,
    ),
    (
        "/usr/lib/ld-linux-x86-64.so.2",
        &["ld.so", "--library-path", "/x", "/usr/bin/curl", "-s"],
        "/usr/bin/curl",
        Some("/usr/bin/curl"),
    ),
    (
        "/usr/lib/ld-linux-x86-64.so.2",
        &["ld.so", "/usr/bin/python3", "bot.py"],
        "python3 /srv/app/bot.py",
        Some("/srv/app/bot.py"),
    ),
    (
        "/lib/ld-musl-x86_64.so.1",
        &["ld-musl", "./tool"],
        "/srv/app/tool",
        Some("/srv/app/tool"),
    ),
    (
        "/usr/lib/ld-linux-x86-64.so.2",
        &["ld.so", "--version"],
        "/usr/lib/ld-linux-x86-64.so.2",
        None,
    ),
    // Applications of many processes.
    (
        "/opt/google/chrome/chrome",
        &[
            "/opt/google/chrome/chrome",
            "--type=utility",
            "--utility-sub-type=network.mojom.NetworkService",
        ],
        "/opt/google/chrome/chrome",
        None,
    ),
    (
        "/usr/lib/firefox-esr/firefox-esr",
        &[
            "/usr/lib/firefox-esr/firefox-esr",
            "-contentproc",
            "-childID",
            "1",
            "tab",
        ],
        "/usr/lib/firefox-esr/firefox-esr",
        None,
    ),
    (
        "/usr/share/code/code",
        &["/usr/share/code/code", "--type=zygote"],
        "/usr/share/code/code",
        None,
    ),
    (
        "/usr/share/code/code",
        &[
            "/proc/self/exe",
            "--type=utility",
            "--utility-sub-type=node.mojom.NodeService",
            "--lang=en-US",
            "--service-sandbox-type=none",
        ],
        "/usr/share/code/code",
        None,
    ),
    (
        "/usr/share/code/code",
        &[
            "/proc/self/exe",
            "--type=utility",
            "--utility-sub-type=node.mojom.NodeService",
            "--lang=en-US",
            "--dns-result-order=ipv4first",
            "--inspect-port=0",
        ],
        "/usr/share/code/code (extension host)",
        None,
    ),
    (
        "/usr/share/code/code",
        &[
            "/usr/share/code/code",
            "/usr/share/code/resources/app/out/bootstrap-fork",
            "--type=extensionHost",
        ],
        "/usr/share/code/code (extension host)",
        None,
    ),
    (
        "/usr/share/code/code",
        &[
            "/usr/share/code/code",
            "/home/a/.vscode/extensions/x.y-1.2.3/server.js",
            "--node-ipc",
            "--clientProcessId=1",
        ],
        "/usr/share/code/code ~/.vscode/extensions/x.y-*/server.js",
        Some("/home/a/.vscode/extensions/x.y-1.2.3/server.js"),
    ),
    (
        "/home/a/.vscode-server/bin/ee8c7def80afc00dd6e593ef12f37756d8f504ea/node",
        &[
            "node",
            "/home/a/.vscode-server/bin/ee8c7def80afc00dd6e593ef12f37756d8f504ea/out/bootstrap-fork",
            "--type=extensionHost",
            "--transformURIs",
        ],
        "node ~/.vscode-server/bin/*/out/bootstrap-fork (extension host)",
        Some("/home/a/.vscode-server/bin/ee8c7def80afc00dd6e593ef12f37756d8f504ea/out/bootstrap-fork"),
    ),
    (
        "/usr/lib/electron28/electron",
        &["electron", "--no-sandbox", "/usr/lib/signal/app.asar"],
        "electron /usr/lib/signal/app.asar",
        Some("/usr/lib/signal/app.asar"),
    ),
    (
        "/usr/lib/electron28/electron",
        &[
            "electron",
            "--type=renderer",
            "--app-path=/usr/lib/signal/app.asar",
        ],
        "electron /usr/lib/signal/app.asar",
        Some("/usr/lib/signal/app.asar"),
    ),
    (
        "/usr/lib/electron28/electron",
        &[
            "electron",
            "--type=utility",
            "--user-data-dir=/home/a/.config/Signal",
        ],
        "electron ~/.config/Signal",
        None,
    ),
    (
        "/usr/lib/qt6/libexec/QtWebEngineProcess",
        &[
            "QtWebEngineProcess",
            "--type=utility",
            "--application-name=Falkon",
        ],
        "/usr/lib/qt6/libexec/QtWebEngineProcess (Falkon)",
        None,
    ),
    (
        "/usr/bin/tool",
        &["tool", "--application-name=x"],
        "/usr/bin/tool",
        None,
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
        image.interpreted = Some(interpreted.to_owned());
        of(&image)
    };
    let program = by_kernel("./call.rules");
    assert_eq!(program.name, "rules /srv/call.rules");
    assert_eq!(program.script.as_deref(), Some("/srv/call.rules"));
    let program = by_kernel("/dev/fd/3");
    assert_eq!((program.name.as_str(), program.script), ("/opt/rules", None));
}
