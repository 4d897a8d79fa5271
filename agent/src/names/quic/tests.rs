mod connection;
mod cuts;
mod limits;
mod versions;

use super::{InitialReader, made::hello};
use crate::names::{
    host::HostName,
    tls::{Answer, Hello},
};

const NAME: &str = "api.openai.com";

fn read<'a>(datagrams: impl IntoIterator<Item = &'a Vec<u8>>) -> Answer {
    let mut reader = InitialReader::default();
    for datagram in datagrams {
        reader.push(datagram);
    }
    reader.answer().clone()
}

fn named(name: &str) -> Answer {
    Answer::Hello(Hello {
        name: HostName::read(name.as_bytes()),
        ech: false,
    })
}

/// A hello that needs two datagrams.
fn long_hello() -> Vec<u8> {
    let hello = hello(NAME, 6);
    assert!(hello.len() > 1300, "{}", hello.len());
    hello
}
