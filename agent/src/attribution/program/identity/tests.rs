use proptest::{collection::vec, prelude::*};

use super::*;

/// Paths that are one program, and what it is called.
const SAME: &[(&str, &[&str])] = &[
    // Homes.
    (
        "~/.local/bin/claude",
        &[
            "/home/ann/.local/bin/claude",
            "/home/bo/.local/bin/claude",
            "/root/.local/bin/claude",
            "/var/home/ann/.local/bin/claude",
            "/var/roothome/.local/bin/claude",
        ],
    ),
    // The merged /usr, and a file that is gone.
    (
        "/usr/bin/curl",
        &["/usr/bin/curl", "/bin/curl", "/bin/curl (deleted)"],
    ),
    ("/usr/lib64/firefox/firefox", &["/lib64/firefox/firefox"]),
    ("/usr/sbin/squid", &["/sbin/squid", "/usr/sbin/squid"]),
    // Versions of interpreters, in all that installs them.
    (
        "/usr/bin/python3",
        &[
            "/usr/bin/python3.9",
            "/usr/bin/python3.11",
            "/bin/python3",
            "/usr/bin/python3.13t",
            "/usr/bin/python3.11-dbg",
        ],
    ),
    ("/usr/bin/ruby", &["/usr/bin/ruby3.1", "/usr/bin/ruby3.3"]),
    (
        "/usr/bin/perl",
        &["/usr/bin/perl5.36.0", "/usr/bin/perl5.36-x86_64-linux-gnu"],
    ),
    ("/usr/bin/php", &["/usr/bin/php8.2", "/usr/bin/php82"]),
    (
        "~/.nvm/versions/node/*/bin/node",
        &[
            "/home/ann/.nvm/versions/node/v20.11.1/bin/node",
            "/root/.nvm/versions/node/v22.2.0/bin/node",
        ],
    ),
    (
        "~/.pyenv/versions/*/bin/python3",
        &[
            "/home/ann/.pyenv/versions/3.11.4/bin/python3.11",
            "/root/.pyenv/versions/3.12.1/bin/python3.12",
        ],
    ),
    (
        "~/.asdf/installs/nodejs/*/bin/node",
        &["/home/ann/.asdf/installs/nodejs/20.1.0/bin/node"],
    ),
    (
        "~/.local/share/mise/installs/node/*/bin/node",
        &[
            "/home/ann/.local/share/mise/installs/node/20/bin/node",
            "/home/ann/.local/share/mise/installs/node/22.1.0/bin/node",
            "/home/ann/.local/share/mise/installs/node/latest/bin/node",
        ],
    ),
    (
        "~/.rbenv/versions/*/bin/ruby",
        &["/home/ann/.rbenv/versions/3.2.2/bin/ruby"],
    ),
    (
        "~/.rvm/rubies/ruby-*/bin/ruby",
        &[
            "/home/ann/.rvm/rubies/ruby-3.2.2/bin/ruby",
            "/home/ann/.rvm/rubies/ruby-3.3.0/bin/ruby",
        ],
    ),
    (
        "~/.sdkman/candidates/java/*/bin/java",
        &[
            "/home/ann/.sdkman/candidates/java/17.0.9-tem/bin/java",
            "/home/ann/.sdkman/candidates/java/current/bin/java",
        ],
    ),
    (
        "~/.volta/tools/image/node/*/bin/node",
        &["/home/ann/.volta/tools/image/node/20.11.0/bin/node"],
    ),
    (
        "~/.local/share/fnm/node-versions/*/installation/bin/node",
        &["/home/ann/.local/share/fnm/node-versions/v20.1.0/installation/bin/node"],
    ),
    (
        "/run/user/*/fnm_multishells/*/bin/claude",
        &[
            "/run/user/1000/fnm_multishells/12_1700000000000/bin/claude",
            "/run/user/1001/fnm_multishells/77_1700000000001/bin/claude",
        ],
    ),
    (
        "~/miniconda3/pkgs/python-*/bin/python3",
        &["/home/ann/miniconda3/pkgs/python-3.11.4-h955ad1f_0/bin/python3.11"],
    ),
    (
        "~/.local/share/uv/python/cpython-*/bin/python3",
        &["/home/ann/.local/share/uv/python/cpython-3.12.3-linux-x86_64-gnu/bin/python3.12"],
    ),
    (
        "/usr/lib/jvm/*/bin/java",
        &[
            "/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
            "/usr/lib/jvm/java-21-openjdk-amd64/bin/java",
        ],
    ),
    // Environments of one tool.
    (
        "~/.local/bin/llm",
        &[
            "/home/ann/.local/bin/llm",
            "/home/ann/.local/share/pipx/venvs/llm/bin/llm",
            "/home/ann/.local/pipx/venvs/llm/bin/llm",
            "/root/.local/share/uv/tools/llm/bin/llm",
        ],
    ),
    (
        "~/.cache/uv/archive-v0/*/bin/llm",
        &["/home/ann/.cache/uv/archive-v0/Xk3_9aBcDeFgHiJkLmNoP/bin/llm"],
    ),
    (
        "~/.cache/pypoetry/virtualenvs/bot-*/bin/bot",
        &[
            "/home/ann/.cache/pypoetry/virtualenvs/bot-Xy3_9aBc-py3.11/bin/bot",
            "/home/bo/.cache/pypoetry/virtualenvs/bot-aa-bb_cc-py3.12/bin/bot",
        ],
    ),
    (
        "~/.local/share/virtualenvs/bot-*/bin/bot",
        &["/home/ann/.local/share/virtualenvs/bot-Xy3_9aBc/bin/bot"],
    ),
    (
        "/srv/app/lib/python3/site-packages/bot/cli.py",
        &[
            "/srv/app/lib/python3.11/site-packages/bot/cli.py",
            "/srv/app/lib/python3.12/site-packages/bot/cli.py",
        ],
    ),
    // Node's packages.
    (
        "~/.npm/_npx/*/node_modules/.bin/cowsay",
        &["/home/ann/.npm/_npx/0a1b2c3d4e5f6071/node_modules/.bin/cowsay"],
    ),
    (
        "/srv/app/node_modules/.pnpm/openai@*/node_modules/openai/bin/cli",
        &[
            "/srv/app/node_modules/.pnpm/openai@4.20.0/node_modules/openai/bin/cli",
            "/srv/app/node_modules/.pnpm/openai@5.1.0_zod@3.2.0/node_modules/openai/bin/cli",
        ],
    ),
    // Directories for what is made up.
    ("/tmp/*/app.py", &["/tmp/tmpab12cd/app.py", "/tmp/a/app.py"]),
    ("/tmp/*/b001/exe/main", &["/tmp/go-build123/b001/exe/main"]),
    (
        "/tmp/user/*/*/app.py",
        &["/tmp/user/1000/tmpx/app.py", "/tmp/user/0/tmpy/app.py"],
    ),
    ("/var/tmp/*/app.py", &["/var/tmp/x/app.py"]),
    ("/dev/shm/*/app", &["/dev/shm/x/app"]),
    (
        "/tmp/.mount_Cursor*/usr/share/cursor/cursor",
        &[
            "/tmp/.mount_Cursora1B2c3/usr/share/cursor/cursor",
            "/tmp/.mount_CursorXyZ012/usr/share/cursor/cursor",
        ],
    ),
    // Stores by hash.
    (
        "/nix/store/*-curl/bin/curl",
        &[
            "/nix/store/0c6kzph7l0dcbfmjap64f0czdafn3b7x-curl-8.4.0/bin/curl",
            "/nix/store/1d6kzph7l0dcbfmjap64f0czdafn3b7x-curl-8.5.0-bin/bin/curl",
        ],
    ),
    (
        "/nix/store/*-claude-code/bin/claude",
        &["/nix/store/0c6kzph7l0dcbfmjap64f0czdafn3b7x-claude-code-2.0.1/bin/claude"],
    ),
    (
        "/gnu/store/*-curl/bin/curl",
        &["/gnu/store/0c6kzph7l0dcbfmjap64f0czdafn3b7x-curl-8.4.0/bin/curl"],
    ),
    // Revisions.
    (
        "/snap/code/*/usr/share/code/code",
        &[
            "/snap/code/159/usr/share/code/code",
            "/snap/code/x1/usr/share/code/code",
        ],
    ),
    (
        "/var/lib/flatpak/app/org.x.App/x86_64/stable/*/files/bin/app",
        &["/var/lib/flatpak/app/org.x.App/x86_64/stable/8c1f2e/files/bin/app"],
    ),
    (
        "/home/linuxbrew/.linuxbrew/Cellar/llm/*/bin/llm",
        &[
            "/home/linuxbrew/.linuxbrew/Cellar/llm/0.13.1/bin/llm",
            "/home/linuxbrew/.linuxbrew/Cellar/llm/27/bin/llm",
        ],
    ),
    (
        "~/.vscode-server/bin/*/node",
        &["/home/ann/.vscode-server/bin/ee8c7def80afc00dd6e593ef12f37756d8f504ea/node"],
    ),
    (
        "~/.vscode-server/cli/servers/Stable-*/server/node",
        &["/home/ann/.vscode-server/cli/servers/Stable-ee8c7def80afc00dd6e593ef12f37756d8f504ea/server/node"],
    ),
    (
        "~/.cursor-server/bin/linux-x64/*/node",
        &["/home/ann/.cursor-server/bin/linux-x64/ee8c7def80afc00dd6e593ef12f37756d8f504ea/node"],
    ),
    (
        "~/.vscode-server/code-*",
        &["/home/ann/.vscode-server/code-8b3775030ed1a69b13e4f4c628c612102e30a681"],
    ),
    (
        "~/.vscode/extensions/github.copilot-*/dist/server.js",
        &[
            "/home/ann/.vscode/extensions/github.copilot-1.200.0/dist/server.js",
            "/home/ann/.vscode/extensions/github.copilot-1.9.3-linux-x64/dist/server.js",
        ],
    ),
    // Tools that call a directory, or themselves, by their version.
    (
        "~/.local/share/claude/versions/*",
        &[
            "/home/ann/.local/share/claude/versions/1.0.83",
            "/home/ann/.local/share/claude/versions/2.1.0",
        ],
    ),
    (
        "~/.local/share/cursor-agent/versions/*/index.js",
        &["/home/ann/.local/share/cursor-agent/versions/2025.09.18-7ae6800/index.js"],
    ),
    (
        "/opt/idea-IU-*/bin/idea",
        &[
            "/opt/idea-IU-241.15989.150/bin/idea",
            "/opt/idea-IU-242.1.2/bin/idea",
        ],
    ),
    (
        "/opt/tool/*/bin/tool",
        &["/opt/tool/1.2.3/bin/tool", "/opt/tool/v2.0/bin/tool"],
    ),
    (
        "/srv/bot/releases/*/bot.py",
        &["/srv/bot/releases/20260101120000/bot.py"],
    ),
    // What cargo builds.
    (
        "~/work/target/debug/deps/tool-*",
        &[
            "/home/ann/work/target/debug/deps/tool-0123456789abcdef",
            "/home/bo/work/target/debug/deps/tool-fedcba9876543210",
        ],
    ),
    (
        "~/w/target/debug/build/x-*/build-script-build",
        &["/home/ann/w/target/debug/build/x-0123456789abcdef/build-script-build"],
    ),
    // Files without a path.
    ("/dev/fd/*", &["/dev/fd/63", "/proc/self/fd/3", "/proc/4711/fd/9"]),
    ("memfd:tool", &["/memfd:tool", "/memfd:tool (deleted)"]),
];

/// Paths that are different programs.
const DIFFERENT: &[&[&str]] = &[
    &[
        "/srv/a/app.py",
        "/srv/b/app.py",
        "/home/ann/a/app.py",
        "/home/ann/b/app.py",
    ],
    &[
        "/opt/a/bin/x",
        "/opt/b/bin/x",
        "/usr/bin/x",
        "/usr/local/bin/x",
        "/usr/sbin/x",
    ],
    &["/usr/bin/python2.7", "/usr/bin/python3.11", "/usr/bin/python"],
    &["/usr/bin/sh", "/usr/bin/sh2", "/usr/bin/bash"],
    &["/srv/sites/8080/app.py", "/srv/sites/8081/app.py"],
    &["/srv/site-1.example/app.py", "/srv/site-2.example/app.py"],
    &["/srv/2024/app.py", "/srv/2025/app.py"],
    &[
        "/home/ann/proj-a/.venv/bin/serve",
        "/home/ann/proj-b/.venv/bin/serve",
    ],
    &[
        "/home/ann/miniconda3/envs/a/bin/x",
        "/home/ann/miniconda3/envs/b/bin/x",
    ],
    &["/tmp/a/app.py", "/tmp/a/bot.py", "/tmp/app.py"],
    &["/tmp/.mount_Cursora1B2c3/app", "/tmp/.mount_Claudea1B2c3/app"],
    &["/snap/code/1/bin/x", "/snap/codium/1/bin/x"],
    &["/snap/code/159/bin/x", "/opt/snap/code/159/bin/x"],
    &[
        "/home/ann/.local/share/pipx/venvs/llm/bin/openai",
        "/home/ann/.local/bin/openai",
    ],
    &["/srv/bin/0123/node", "/srv/bin/4567/node"],
    &["/memfd:a", "/memfd:b"],
    &["/home/linuxbrew/.linuxbrew/bin/x", "/home/ann/.linuxbrew/bin/x"],
    &["/opt/deps/tool-0123", "/opt/deps/tool-4567"],
    &[
        "/nix/store/0c6kzph7l0dcbfmjap64f0czdafn3b7x-curl-8.4.0/bin/x",
        "/nix/store/0c6kzph7l0dcbfmjap64f0czdafn3b7x-wget-8.4.0/bin/x",
    ],
];

#[test]
fn the_same_tool_is_one_program() {
    for (name, paths) in SAME {
        for path in *paths {
            assert_eq!(fleet_wide(path), *name, "{path}");
        }
    }
}

#[test]
fn different_programs_stay_different() {
    for paths in DIFFERENT {
        let mut names: Vec<String> = paths.iter().map(|path| fleet_wide(path)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), paths.len(), "{paths:?} became {names:?}");
    }
}

/// Parts that the rules have something to say about, beside others.
fn part() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}",
        "[a-zA-Z0-9._@*~ -]{1,20}",
        "[0-9]{1,3}(\\.[0-9]{1,3}){1,3}(-[a-z0-9]{1,8})?",
        "[a-z]{1,6}[-_@]v?[0-9]{1,2}\\.[0-9]{1,2}",
        "[a-f0-9]{16}|[a-f0-9]{40}",
        "[a-z]{1,4}-[a-f0-9]{16}",
        "[0-9a-z]{32}-[a-z]{1,5}(-[a-z]{1,5})?-[0-9]{1,2}",
        "\\.mount_[A-Za-z0-9]{1,14}",
        "[a-z]{1,4}-[A-Za-z0-9_-]{8}(-py3\\.[0-9])?",
        "(python|pypy|ruby|perl|php|node|lua|sh)([0-9](\\.[0-9]{1,2})?)?",
        proptest::sample::select(vec![
            "home",
            "root",
            "tmp",
            "var",
            "usr",
            "bin",
            "lib",
            "snap",
            "nix",
            "gnu",
            "store",
            "versions",
            "node",
            "installs",
            "mise",
            ".asdf",
            "releases",
            "deps",
            "build",
            "virtualenvs",
            "proc",
            "self",
            "dev",
            "fd",
            "shm",
            "run",
            "user",
            "flatpak",
            "app",
            ".vscode-server",
            ".local",
            "share",
            "uv",
            "tools",
            "pipx",
            "venvs",
            "Cellar",
            "jvm",
            "roothome",
            "linuxbrew",
            "memfd:x",
            "..",
            ".",
            "",
        ])
        .prop_map(str::to_owned),
    ]
}

fn path() -> impl Strategy<Value = String> {
    vec(part(), 1..9).prop_map(|parts| format!("/{}", parts.join("/")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn doing_it_again_changes_nothing(path in path()) {
        let once = fleet_wide(&path);
        prop_assert_eq!(fleet_wide(&once), once);
    }

    /// But for interpreters' versions, and files called by a version or a hash alone.
    #[test]
    fn a_file_keeps_its_name(path in path(), name in "[a-z]{3,12}(\\.[a-z]{1,4})?") {
        let whole = fleet_wide(&format!("{path}/{name}"));
        prop_assert_eq!(file_name(&whole), name);
    }

    /// Outside of temporary directories, words in a path are never left out.
    #[test]
    fn words_stay(top in "opt|srv|mnt|data", words in vec("[a-z]{1,8}", 1..6)) {
        let path = format!("/{top}/{}", words.join("/"));
        let is_known = words.iter().any(|word| ["bin", "jvm", "postgresql", "installs", "store"].contains(&word.as_str()));
        prop_assume!(!is_known);
        prop_assert_eq!(fleet_wide(&path), path);
    }

    #[test]
    fn any_text_is_taken(path in ".*") {
        let once = fleet_wide(&path);
        prop_assert_eq!(fleet_wide(&once), once);
    }
}
