/// A stream and the pieces that it comes in.
#[derive(Clone, Copy, Debug)]
pub struct Cuts<'a> {
    lengths: &'a [u8],
    /// All of it.
    pub stream: &'a [u8],
}

impl<'a> Cuts<'a> {
    /// Takes an input apart: a count, as many lengths of pieces, and the stream. Count and lengths are a byte each, so
    /// that a seed is a zero and then a stream as it is.
    pub fn of(input: &'a [u8]) -> Option<Self> {
        let (&count, rest) = input.split_first()?;
        let (lengths, stream) = rest.split_at_checked(count.into())?;
        Some(Self { lengths, stream })
    }

    /// The pieces of the stream, some of which may be empty; the last is what is left.
    pub fn pieces(self) -> impl Iterator<Item = &'a [u8]> {
        self.pieces_of(self.stream)
    }

    /// The same of a part of it.
    pub fn pieces_of(self, stream: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = Some(stream);
        let mut lengths = self.lengths.iter();
        std::iter::from_fn(move || {
            let stream = rest.take()?;
            let length = lengths.next().map_or(stream.len(), |&length| length.into());
            let (piece, later) = stream.split_at(length.min(stream.len()));
            rest = Some(later).filter(|later| !later.is_empty());
            Some(piece)
        })
    }
}
