mod chain;
mod form;
pub(crate) mod made;
mod stream;

use super::Response;
use hickory_resolver::proto::op::Message;

const NAME: &str = "api.openai.com";

/// What a message says that is a response.
fn read(message: &[u8]) -> Response {
    Response::read(message).unwrap().unwrap()
}

/// The addresses in a message as text, with their seconds.
fn addresses(message: &Message) -> Vec<(String, u32)> {
    let response = read(&message.to_vec().unwrap());
    let addresses = response.addresses.iter();
    addresses
        .map(|(address, ttl)| (address.to_string(), *ttl))
        .collect()
}

/// Addresses as [`addresses`] gives them.
fn list(addresses: &[(&str, u32)]) -> Vec<(String, u32)> {
    addresses
        .iter()
        .map(|&(address, ttl)| (address.to_owned(), ttl))
        .collect()
}
