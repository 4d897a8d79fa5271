//! Programs that are run by others are known for what they are: wrappers that execute them leave no trace, those that wait
//! for them are ancestors, and what is run like an executable is called like one (docs/IDENTITY.md).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use umbra_tests::TestBed;
use umbra_tests::agent::{Agent, Setup};
use umbra_tests::clients::uv;
use umbra_tests::event::Process as Seen;
use umbra_tests::machine::program;
use umbra_tests::process::Process;
use umbra_tests::skip::{Need, skip, spared};
use umbra_tests::wait::eventually;

use crate::expect::SOON;
use crate::names::{OPENAI, bed};

/// A command as pip installs one.
const COMMAND: &str = "#!/usr/bin/env python3
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile=sys.argv[2])
urllib.request.urlopen(sys.argv[1], context=context).read()
";

#[test]
fn what_wrappers_loaders_and_shebangs_run_is_known() {
    if spared("wrappers") {
        return;
    }
    let Some(bed) = bed(&[]) else { return };
    let agent = Agent::start(&Setup::default());
    let url = format!("https://{}/bytes/1000", OPENAI.name);
    let authority = bed.authority();
    let authority = authority.to_str().expect("UTF-8");
    let curl = program("curl").unwrap_or_else(|why| panic!("{why}"));
    let curl = curl.to_str().expect("UTF-8");
    let command = bed.dir().join("bin/ask");
    fs::create_dir(bed.dir().join("bin")).expect("made");
    fs::write(&command, COMMAND).expect("written");
    fs::set_permissions(&command, fs::Permissions::from_mode(0o755)).expect("ours");
    let command = command.to_str().expect("UTF-8");

    let run = |line: &[&str]| ran(&bed, &agent, line);

    let wrappers = "env -u X Y=z nohup nice timeout 100 stdbuf -oL xargs -a /dev/null";
    let client = [
        curl,
        "--silent",
        "--output",
        "/dev/null",
        "--cacert",
        authority,
        &url,
    ];
    let line: Vec<&str> = wrappers.split(' ').chain(client).collect();
    let seen = run(&line);
    assert_eq!(seen.program, curl);
    assert_eq!(seen.script, None);
    let above: Vec<_> = seen
        .ancestors
        .iter()
        .take(2)
        .map(|above| above["program"].clone())
        .collect();
    assert_eq!(above, ["/usr/bin/xargs", "/usr/bin/timeout"], "{seen:?}");

    // The loader of this machine is the one that this test names as its own interpreter.
    let loader = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"]
        .into_iter()
        .find(|loader| fs::exists(loader).unwrap_or(false))
        .expect("glibc's loader");
    let line: Vec<&str> = [loader].into_iter().chain(client).collect();
    let seen = run(&line);
    assert_eq!(
        (seen.program.as_str(), seen.script.as_deref()),
        (curl, Some(curl))
    );
    assert!(
        seen.exe.is_some_and(|exe| exe.contains("/ld-linux-")),
        "the loader is what ran"
    );

    let seen = run(&["./bin/ask", &url, authority]);
    assert_eq!(seen.script.as_deref(), Some(command));
    let expected = if command.starts_with("/tmp/") {
        "/tmp/*/bin/ask"
    } else {
        command
    };
    assert_eq!(seen.program, expected);
    assert!(agent.stop().success());
}

#[test]
fn what_npx_and_uv_run_is_known_below_them() {
    if spared("npx and uv") {
        return;
    }
    let Some(bed) = bed(&["npx", "python3"].map(Need::Program)) else {
        return;
    };
    let uv = match uv() {
        Ok(uv) => uv,
        Err(why) => return skip(&why),
    };
    let agent = Agent::start(&Setup::default());
    let url = format!("https://{}/bytes/1000", OPENAI.name);
    let authority = bed.authority();
    let authority = authority.to_str().expect("UTF-8");
    // As npm installs a command, and as people keep a script.
    let (command, script) = (bed.dir().join("node_modules/.bin/ask"), bed.dir().join("ask.py"));
    fs::create_dir_all(command.parent().expect("a folder")).expect("made");
    for file in [&command, &script] {
        fs::write(file, COMMAND).expect("written");
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).expect("ours");
    }
    let uv = uv.to_str().expect("UTF-8");
    let is_below = |seen: &Seen, wrapper: &str| {
        let mut programs = seen
            .ancestors
            .iter()
            .filter_map(|above| above["program"].as_str());
        programs.any(|program| program.ends_with(wrapper))
    };

    let seen = ran(&bed, &agent, &["npx", "--no-install", "ask", &url, authority]);
    assert_eq!(seen.script.as_deref(), command.to_str(), "{seen:?}");
    assert!(seen.program.ends_with("/node_modules/.bin/ask"), "{seen:?}");
    assert!(is_below(&seen, "/npx"), "{seen:?}");

    let options = ["run", "--no-project", "--offline", "--no-cache", "--no-config"];
    let line = [&[uv], &options[..], &["./ask.py", &url, authority]].concat();
    let seen = ran(&bed, &agent, &line);
    assert_eq!(seen.script.as_deref(), script.to_str(), "{seen:?}");
    assert_eq!(seen.program, "python3 /tmp/*/ask.py", "{seen:?}");
    assert!(is_below(&seen, "/bin/uv"), "{seen:?}");
    assert!(agent.stop().success());
}

/// The process that made the flow of a command.
fn ran(bed: &TestBed, agent: &Agent, line: &[&str]) -> Seen {
    let mut run = Process::start(bed.command(line[0]).args(&line[1..]));
    assert!(
        run.wait(Duration::from_mins(2)).success(),
        "{line:?}: {}",
        run.stderr.text()
    );
    let pid = run.pid();
    let is_of =
        |process: &Seen| process.pid == pid || process.ancestors.iter().any(|above| above["pid"] == pid);
    eventually(SOON, || {
        let mut flows = agent.flows(|event| is_of(&event.process));
        flows.pop().ok_or_else(|| format!("no flow of {line:?}"))
    })
    .open
    .process
}
