/// An item of a field where one of several is chosen.
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) text: &'static str,
    pub(super) is_chosen: bool,
}

impl Choice {
    pub(super) fn all<T: Copy + PartialEq>(
        all: &[T],
        chosen: Option<T>,
        words: impl Fn(T) -> (&'static str, &'static str),
    ) -> Vec<Self> {
        let choice = |item: &T| {
            let (value, text) = words(*item);
            Self {
                value,
                text,
                is_chosen: chosen == Some(*item),
            }
        };
        all.iter().map(choice).collect()
    }
}
