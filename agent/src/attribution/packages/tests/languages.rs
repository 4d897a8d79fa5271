//! Packages of languages, and those that are known by their place.

use super::*;

#[test]
fn pythons_packages_own_their_files_and_their_commands() {
    let (_kept, root) = root(&[
        ("/srv/.venv/bin/llm", ""),
        ("/srv/.venv/bin/own", ""),
        ("/srv/.venv/lib/python3.11/site-packages/llm/cli.py", ""),
        (
            "/srv/.venv/lib/python3.11/site-packages/llm-0.13.dist-info/RECORD",
            "../../../bin/llm,sha256=x,200\nllm/cli.py,sha256=y,3\n",
        ),
        (
            "/srv/.venv/lib/python3.11/site-packages/llm-0.13.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: llm\nVersion: 0.13\n\nVersion: 9\n",
        ),
        (
            "/srv/.venv/lib/python3.11/site-packages/llm-0.13.dist-info/INSTALLER",
            "uv\n",
        ),
        ("/home/a/.local/bin/ask", ""),
        (
            "/home/a/.local/lib/python3.9/site-packages/ask-2.dist-info/METADATA",
            "Name: ask\nVersion: 2\n",
        ),
        (
            "/home/a/.local/lib/python3.9/site-packages/ask-2.dist-info/entry_points.txt",
            "[console_scripts]\nask = ask:main\n",
        ),
        ("/home/a/.local/share/pipx/venvs/x/bin/x", ""),
        (
            "/home/a/.local/share/pipx/venvs/x/lib/python3.9/site-packages/x-1.dist-info/RECORD",
            "../../../bin/x,,\n",
        ),
        (
            "/home/a/.local/share/pipx/venvs/x/lib/python3.9/site-packages/x-1.dist-info/METADATA",
            "Name: x\nVersion: 1\n",
        ),
    ]);
    assert_eq!(owner(&root, "/srv/.venv/bin/llm"), package("uv", "llm", "0.13"));
    assert_eq!(
        owner(&root, "/srv/.venv/lib/python3.11/site-packages/llm/cli.py"),
        package("uv", "llm", "0.13")
    );
    assert_eq!(owner(&root, "/srv/.venv/bin/own"), None);
    assert_eq!(owner(&root, "/home/a/.local/bin/ask"), package("pip", "ask", "2"));
    assert_eq!(
        owner(&root, "/home/a/.local/share/pipx/venvs/x/bin/x"),
        package("pipx", "x", "1")
    );
}

#[test]
fn a_real_environments_pip_is_pips() {
    let directory = tempdir().expect("a directory");
    let environment = directory.path().join("venv");
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&environment)
        .output();
    if !made.as_ref().is_ok_and(|output| output.status.success()) {
        println!("skipped: needs python3 with venv and pip: {made:?}");
        return;
    }
    let said = Command::new(environment.join("bin/pip"))
        .arg("--version")
        .output()
        .expect("it runs");
    let said = String::from_utf8(said.stdout).expect("text");
    // `pip 24.0 from …`
    let version = said.split(' ').nth(1).expect("a version");
    let root = Root::open(&environment.to_string_lossy()).expect("there");
    assert_eq!(owner(&root, "/bin/pip"), package("pip", "pip", version));
}

#[test]
fn nodes_packages_own_what_is_in_them() {
    let (directory, root) = root(&[
        ("/srv/app/package.json", r#"{"name": "own", "version": "1.0.0"}"#),
        ("/srv/app/server.js", ""),
        (
            "/usr/local/lib/node_modules/@anthropic-ai/claude-code/package.json",
            r#"{"name": "@anthropic-ai/claude-code", "version": "2.0.1"}"#,
        ),
        ("/usr/local/lib/node_modules/@anthropic-ai/claude-code/cli.js", ""),
        (
            "/srv/app/node_modules/.pnpm/openai@4.2.0/node_modules/openai/package.json",
            r#"{"name": "openai", "version": "4.2.0"}"#,
        ),
        (
            "/srv/app/node_modules/.pnpm/openai@4.2.0/node_modules/openai/dist/package.json",
            r#"{"type": "module"}"#,
        ),
        (
            "/srv/app/node_modules/.pnpm/openai@4.2.0/node_modules/openai/dist/x.js",
            "",
        ),
        ("/srv/app/node_modules/broken/package.json", "{"),
        ("/srv/app/node_modules/broken/x.js", ""),
    ]);
    fs::create_dir_all(directory.path().join("usr/local/bin")).expect("made");
    symlink(
        "../lib/node_modules/@anthropic-ai/claude-code/cli.js",
        directory.path().join("usr/local/bin/claude"),
    )
    .expect("linked");
    assert_eq!(
        owner(&root, "/usr/local/bin/claude"),
        package("npm", "@anthropic-ai/claude-code", "2.0.1")
    );
    assert_eq!(
        owner(
            &root,
            "/srv/app/node_modules/.pnpm/openai@4.2.0/node_modules/openai/dist/x.js"
        ),
        package("pnpm", "openai", "4.2.0")
    );
    assert_eq!(owner(&root, "/srv/app/server.js"), None);
    assert_eq!(owner(&root, "/srv/app/node_modules/broken/x.js"), None);
}

#[test]
fn packages_with_a_place_of_their_own_are_known_by_it() {
    let (_kept, root) = root(&[
        ("/snap/code/159/usr/share/code/code", ""),
        ("/snap/code/159/meta/snap.yaml", "name: code\nversion: '1.89.1'\n"),
        (
            "/var/lib/flatpak/app/org.x.App/x86_64/stable/8c1f/files/bin/app",
            "",
        ),
        (
            "/.flatpak-info",
            "[Application]\nname=org.x.Sandboxed\nruntime=y\n",
        ),
        ("/app/bin/app", ""),
        (
            "/nix/store/0c6kzph7l0dcbfmjap64f0czdafn3b7x-claude-code-2.0.1/bin/claude",
            "",
        ),
        (
            "/gnu/store/0c6kzph7l0dcbfmjap64f0czdafn3b7x-curl-8.4.0/bin/curl",
            "",
        ),
        ("/home/linuxbrew/.linuxbrew/Cellar/llm/0.13.1/bin/llm", ""),
        ("/var/lib/gems/3.1.0/gems/ruby-openai-7.0.1/exe/x", ""),
        ("/home/a/.vscode/extensions/github.copilot-1.200.0/dist/x.js", ""),
        ("/home/a/.cargo/bin/aichat", ""),
        ("/home/a/.cargo/bin/own", ""),
        (
            "/home/a/.cargo/.crates2.json",
            r#"{"installs": {"aichat 0.29.0 (registry+https://x)": {"bins": ["aichat"]}}}"#,
        ),
        ("/home/a/miniconda3/envs/x/bin/tool", ""),
        (
            "/home/a/miniconda3/envs/x/conda-meta/my-tool-1.2-py311_0.json",
            r#"{"files": ["bin/tool", "lib/x"]}"#,
        ),
    ]);
    for (path, expected) in [
        (
            "/snap/code/159/usr/share/code/code",
            package("snap", "code", "1.89.1"),
        ),
        (
            "/var/lib/flatpak/app/org.x.App/x86_64/stable/8c1f/files/bin/app",
            Some(("flatpak", "org.x.App".to_owned(), None)),
        ),
        (
            "/app/bin/app",
            Some(("flatpak", "org.x.Sandboxed".to_owned(), None)),
        ),
        (
            "/nix/store/0c6kzph7l0dcbfmjap64f0czdafn3b7x-claude-code-2.0.1/bin/claude",
            package("nix", "claude-code", "2.0.1"),
        ),
        (
            "/gnu/store/0c6kzph7l0dcbfmjap64f0czdafn3b7x-curl-8.4.0/bin/curl",
            package("guix", "curl", "8.4.0"),
        ),
        (
            "/home/linuxbrew/.linuxbrew/Cellar/llm/0.13.1/bin/llm",
            package("brew", "llm", "0.13.1"),
        ),
        (
            "/var/lib/gems/3.1.0/gems/ruby-openai-7.0.1/exe/x",
            package("gem", "ruby-openai", "7.0.1"),
        ),
        (
            "/home/a/.vscode/extensions/github.copilot-1.200.0/dist/x.js",
            package("vscode", "github.copilot", "1.200.0"),
        ),
        ("/home/a/.cargo/bin/aichat", package("cargo", "aichat", "0.29.0")),
        ("/home/a/.cargo/bin/own", None),
        (
            "/home/a/miniconda3/envs/x/bin/tool",
            package("conda", "my-tool", "1.2"),
        ),
    ] {
        assert_eq!(owner(&root, path), expected, "{path}");
    }
}
