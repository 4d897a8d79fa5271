mod chain;
mod form;
mod stream;

use super::{Response, made};
use hickory_resolver::proto::op::Message;

const NAME: &str = "api.openai.com";

/// What a message says that is a response.
fn read(message: &[u8]) -> Response {
    Response::read(message).unwrap().unwrap()
}

/// The addresses in a message as text, with their seconds.
fn addresses(message: &Message) -> Vec<(String, u32)> {
    text(&read(&message.to_vec().unwrap()).addresses)
}

/// The fronts in a message as text, with their seconds.
fn fronts(message: &Message) -> Vec<(String, u32)> {
    text(&read(&message.to_vec().unwrap()).ech_public_names)
}

/// What the two functions before should give.
fn list(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
    text(expected)
}

fn text<T: ToString>(list: &[(T, u32)]) -> Vec<(String, u32)> {
    list.iter().map(|(what, ttl)| (what.to_string(), *ttl)).collect()
}
