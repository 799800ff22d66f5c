//! Malformed requests.

/// Malformed requests: the same ones for the same seed.
#[derive(Debug)]
pub struct Malformed(u64);

const FRAGMENTS: [&str; 30] = [
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    "\t",
    ":",
    ",",
    "#",
    "\u{e9}",
    "\r\n\r\n",
    "content-length: 5\r\n",
    "Content-Length:0\r\n",
    "content-length: 99999999999999999999\r\n",
    "content-length: +5\r\n",
    "content-length : 5\r\n",
    "transfer-encoding: chunked\r\n",
    "connection: close\r\n",
    "connection: keep-alive\r\n",
    "expect: 100-continue\r\n",
    "x-folded: a\r\n b\r\n",
    "HTTP/1.0",
    "HTTP/1.1",
    "?query=%7Ba%7D",
    "GET ",
    "POST ",
    "/graphql",
    "POST /graphql HTTP/1.1\r\ncontent-length: 5\r\n\r\nknown",
    "GET /graphql?known HTTP/1.1\r\n\r\n",
    "0\r\n\r\n",
];

impl Malformed {
    /// Begins with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % most.max(1)
    }

    fn change(&mut self, text: &mut Vec<u8>) {
        let at = self.below(text.len() + 1);
        let end = (at + self.below(12)).min(text.len());
        match self.below(6) {
            0 if at < text.len() => text[at] = u8::try_from(self.below(256)).unwrap_or_default(),
            1 => drop(text.drain(at..end)),
            2 => {
                let part = text[at..end].to_vec();
                drop(text.splice(at..at, part));
            }
            3 if self.below(4) == 0 => text.truncate(at),
            _ => {
                let fragment = FRAGMENTS[self.below(FRAGMENTS.len())];
                drop(text.splice(at..at, fragment.bytes()));
            }
        }
    }
}

impl Iterator for Malformed {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let first = FRAGMENTS[27 + self.below(2)];
        let mut text = first.replace("\r\n\r\n", "\r\nhost: x\r\naccept: */*\r\n\r\n").into_bytes();
        (0..=self.below(3)).for_each(|_| self.change(&mut text));
        Some(text)
    }
}
