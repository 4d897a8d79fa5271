use super::{Client, browsers, build, client, plain, script, stdin};
use crate::machine::{binary, program};

/// Clients that speak TLS over TCP.
pub const CLIENTS: [Client; 11] = [
    client("curl", "OpenSSL", || {
        plain(
            &program("curl")?,
            "--silent --show-error --fail --output /dev/null --cacert {authority} {url}",
        )
    }),
    client("wget", "GnuTLS", || {
        plain(
            &program("wget")?,
            "--quiet --no-hsts --output-document=/dev/null --ca-certificate={authority} {url}",
        )
    }),
    client("python", "OpenSSL", || {
        script(
            &build::interpreter("python3", "import os; print(os.readlink('/proc/self/exe'))")?,
            "client.py",
            "{url} {authority}",
        )
    }),
    client("node", "OpenSSL, its own copy", || {
        script(&program("node")?, "client.mjs", "{url} {authority}")
    }),
    client("java", "JSSE", build::java),
    client("go", "crypto/tls, static", || {
        plain(&build::go()?, "{url} {authority}")
    }),
    client("rustls", "rustls, static", || {
        plain(&binary("umbra-testbed")?, "fetch {url} {authority}")
    }),
    client("bun", "BoringSSL, static", || {
        script(&build::bun()?, "client.mjs", "{url} {authority}")
    }),
    client("chromium", "BoringSSL, post-quantum, GREASE", browsers::chromium),
    client("openssl", "OpenSSL", || {
        stdin(
            &program("openssl")?,
            "s_client -quiet -verify_return_error -CAfile {authority} -servername {name} -connect {name}:{port}",
        )
    }),
    client("gnutls-cli", "GnuTLS", || {
        stdin(
            &program("gnutls-cli")?,
            "--x509cafile={authority} --port={port} {name}",
        )
    }),
];

/// A browser that takes a while to start; it needs the stores of [`crate::nss`].
pub const FIREFOX: Client = client("firefox", "NSS, post-quantum, ECH GREASE", browsers::firefox);

/// A browser that encrypts its hello when the DNS gives it a configuration; it needs the stores of [`crate::nss`].
pub const CHROMIUM_ECH: Client = client("chromium-ech", "BoringSSL", browsers::chromium_ech);
