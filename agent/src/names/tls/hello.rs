//! The body of a hello (RFC 8446, section 4.1.2; RFC 5246, section 7.4.1.2).

use super::{Hello, HostName};
use crate::names::fields::Fields;

/// `legacy_version` and `random`.
const VERSION_AND_RANDOM: usize = 2 + 32;
/// `ExtensionType` of `server_name` (RFC 6066, section 3).
const SERVER_NAME: u16 = 0;
/// `NameType` of `host_name`, the only one there is.
const HOST_NAME: u8 = 0;
/// `ExtensionType` of `encrypted_client_hello` (RFC 9849, section 5), and its type `outer`.
const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;
const OUTER: u8 = 0;

/// What `body` says, all of it being there; `None` when it breaks the rules.
pub(super) fn whole(body: &[u8]) -> Option<Hello> {
    let mut hello = Hello::default();
    read(body, &mut hello).map(|()| hello)
}

/// What the beginning of a body says; `None` when the name is not in it.
pub(super) fn part(body: &[u8]) -> Option<Hello> {
    let mut hello = Hello::default();
    // `None` is the rule: the body is cut.
    let _ = read(body, &mut hello);
    hello.name.is_some().then_some(hello)
}

/// Fills `hello` as far as `body` goes; `None` when it ends too early.
fn read(body: &[u8], hello: &mut Hello) -> Option<()> {
    let mut fields = Fields(body);
    fields.take(VERSION_AND_RANDOM)?;
    let _session_id = fields.vector8()?;
    let _cipher_suites = fields.vector16()?;
    let _compression_methods = fields.vector8()?;
    if fields.0.is_empty() {
        // Before TLS 1.3 a hello may end here.
        return Some(());
    }
    let length = usize::from(fields.u16()?);
    let is_whole = fields.0.len() >= length;
    let mut extensions = Fields(&fields.0[..length.min(fields.0.len())]);
    let mut named = false;
    while !extensions.0.is_empty() {
        let kind = extensions.u16()?;
        let content = extensions.vector16()?;
        match kind {
            // Each extension may come once; should it come again, the first stands.
            SERVER_NAME if !named => {
                named = true;
                server_name(content, hello)?;
            }
            ENCRYPTED_CLIENT_HELLO => hello.ech |= content.first() == Some(&OUTER),
            _ => {}
        }
    }
    is_whole.then_some(())
}

/// Takes the first host name in `ServerNameList`; `None` when the list breaks the rules.
fn server_name(content: &[u8], hello: &mut Hello) -> Option<()> {
    if content.is_empty() {
        return Some(());
    }
    let mut list = Fields(Fields(content).vector16()?);
    while !list.0.is_empty() {
        let kind = list.u8()?;
        let name = list.vector16()?;
        if kind == HOST_NAME {
            hello.name = HostName::read(name);
            break;
        }
    }
    Some(())
}
