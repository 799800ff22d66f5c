//! A simple reading of a request or a response, to compare with.

/// The length of the first request, found in a simple way.
#[must_use]
pub fn length(sent: &[u8]) -> Option<usize> {
    let end = sent.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&sent[..end]).ok()?.to_ascii_lowercase();
    let named = head.split("\r\n").filter_map(|line| line.strip_prefix("content-length:"));
    let lengths: Vec<usize> = named.map(|text| text.trim().parse().ok()).collect::<Option<_>>()?;
    let body = match lengths.as_slice() {
        [] => 0,
        [body] => *body,
        _ => return None,
    };
    (sent.len() >= end + 4 + body).then_some(end + 4 + body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_simple_reading_finds_what_it_should() {
        assert_eq!(length(b"GET /graphql HTTP/1.1\r\n\r\nrest"), Some(25));
        assert_eq!(length(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nabc"), Some(40));
        assert_eq!(length(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na"), None);
    }
}
