//! Where the page of something is.

/// The page of what is called so in a section: `/vendors/Hugging%20Face`.
pub(crate) fn address(section: &str, name: impl AsRef<str>) -> String {
    let segment: String = form_urlencoded::byte_serialize(name.as_ref().as_bytes()).collect();
    // In a path a `+` is itself.
    format!("/{section}/{}", segment.replace('+', "%20"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_any_name() {
        assert_eq!(address("vendors", "OpenAI"), "/vendors/OpenAI");
        assert_eq!(address("users", "uid 1000"), "/users/uid%201000");
        assert_eq!(address("users", "a/b+c?&#é"), "/users/a%2Fb%2Bc%3F%26%23%C3%A9");
    }
}
