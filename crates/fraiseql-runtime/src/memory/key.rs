//! The key of a request: everything that decides its answer.

use crate::message::{Method, Request};

/// Headers whose text decides an answer.
const DECIDING: [&[u8]; 4] = [b"accept", b"content-type", b"sec-fetch-site", b"sec-fetch-mode"];

/// Headers with which an answer to a GET is for one client only.
const PERSONAL: [&[u8]; 2] = [b"authorization", b"cookie"];

/// The key of a request, and the digests of responses that its client has.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Asked<'a> {
    /// The key.
    pub(crate) key: Vec<u8>,
    /// The value of `If-None-Match` of a GET.
    pub(crate) etags: Option<&'a [u8]>,
}

/// Returns the key of a request, or `None` for a request that has none.
///
/// `client`: The number of the identity of its client; 0 if all clients are alike.
pub(crate) fn asked(request: &Request, client: u64) -> Option<Asked<'_>> {
    let mut deciding: [Option<&[u8]>; 4] = [None; 4];
    let (mut personal, mut etags, is_get) = (0, None, request.method == Method::Get);
    for (name, value) in &request.headers {
        if let Some(place) = DECIDING.iter().position(|each| *each == name) {
            // A repeated header is left to Python.
            if deciding[place].replace(value).is_some() {
                return None;
            }
        } else if PERSONAL.contains(&&**name) {
            personal = 1;
        } else if name == "if-none-match" && is_get {
            if etags.replace(&**value).is_some() {
                return None;
            }
        } else if name == "content-encoding" {
            return None;
        }
    }
    let mut key = Vec::with_capacity(request.query.len() + request.body.len() + 160);
    key.extend_from_slice(&client.to_le_bytes());
    key.push(if is_get { 1 + personal } else { 0 });
    for each in deciding {
        append(&mut key, each)?;
    }
    append(&mut key, Some(&request.query))?;
    key.extend_from_slice(&request.body);
    Some(Asked { key, etags })
}

/// Appends a text with its length, so that no two requests have one key.
fn append(key: &mut Vec<u8>, text: Option<&[u8]>) -> Option<()> {
    let length = match text {
        Some(text) => u32::try_from(text.len()).ok()?.checked_add(1)?,
        None => 0,
    };
    key.extend_from_slice(&length.to_le_bytes());
    key.extend_from_slice(text.unwrap_or_default());
    Some(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::{Method, Request, asked};

    fn request(method: Method, headers: &[(&'static str, &'static str)]) -> Request {
        let headers = headers
            .iter()
            .map(|(name, value)| (Bytes::from_static(name.as_bytes()), Bytes::from(*value)))
            .collect();
        Request { method, query: Bytes::new(), headers, body: Bytes::from("{}") }
    }

    fn key(method: Method, headers: &[(&'static str, &'static str)]) -> Option<Vec<u8>> {
        asked(&request(method, headers), 0).map(|asked| asked.key)
    }

    #[test]
    fn headers_that_decide_are_part_of_the_key() {
        let plain = key(Method::Post, &[("content-type", "application/json")]);
        assert!(plain.is_some());
        for (name, value) in [("accept", "*/*"), ("sec-fetch-site", "cross-site"), ("accept", "")] {
            let other = [("content-type", "application/json"), (name, value)];
            assert_ne!(plain, key(Method::Post, &other), "{name}");
        }
        let ignored = [("content-type", "application/json"), ("user-agent", "curl")];
        assert_eq!(plain, key(Method::Post, &ignored));
    }

    #[test]
    fn clients_have_keys_of_their_own() {
        let request = request(Method::Post, &[]);
        let keys = [0, 1, 256].map(|client| asked(&request, client).unwrap().key);
        assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);
    }

    #[test]
    fn a_cookie_counts_for_a_get_only() {
        assert_ne!(key(Method::Get, &[]), key(Method::Get, &[("cookie", "a=b")]));
        assert_eq!(key(Method::Post, &[]), key(Method::Post, &[("cookie", "a=b")]));
    }

    #[test]
    fn what_is_repeated_or_encoded_is_left_to_python() {
        assert_eq!(key(Method::Post, &[("accept", "a"), ("accept", "b")]), None);
        assert_eq!(key(Method::Post, &[("content-encoding", "gzip")]), None);
        assert_eq!(key(Method::Get, &[("if-none-match", "a"), ("if-none-match", "b")]), None);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let mut left = request(Method::Post, &[]);
        let mut right = left.clone();
        (left.query, left.body) = (Bytes::from("ab"), Bytes::from("c"));
        (right.query, right.body) = (Bytes::from("a"), Bytes::from("bc"));
        assert_ne!(asked(&left, 0).map(|a| a.key), asked(&right, 0).map(|a| a.key));
    }
}
