//! The identities of clients, by the headers that decide them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use crate::identity::{Client, Identity};
use crate::message::Request;

/// Bytes of the identities of a half of the table.
const HALF_BYTES: usize = 8 << 20;

/// The identities of a process, by the bytes of the headers that decide them.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    /// Names of the headers; `None` if all requests have the identity of the connection.
    names: Option<Vec<Bytes>>,
    edition: u64,
    /// Those used last; when they are many, the others are dropped and these take their place.
    young: Half,
    old: Half,
}

#[derive(Debug, Default)]
struct Half {
    by_key: HashMap<Vec<u8>, Arc<Identity>>,
    bytes: usize,
}

impl Identities {
    /// Sets the names of the headers that decide the identity of a request.
    pub fn declare(&self, names: Vec<Bytes>) {
        let mut table = self.table();
        table.names = Some(names);
        table.clear();
    }

    /// Drops all identities, and returns the number of the edition that begins.
    pub fn begin(&self) -> u64 {
        let mut table = self.table();
        table.clear();
        table.edition
    }

    /// Adds the identity, which is JSON, of requests with these values of the headers.
    ///
    /// Returns its number; `None` if it is of an earlier edition, and dropped.
    ///
    /// # Errors
    /// Names the fault.
    pub fn add(
        &self,
        edition: u64,
        values: &[Option<Bytes>],
        text: &[u8],
    ) -> Result<Option<u64>, String> {
        let key = key_of(values.iter().map(Option::as_deref)).ok_or("headers that are too long")?;
        let identity = Identity::of(text, &key)?;
        let mut table = self.table();
        let fits = table.names.as_ref().is_some_and(|names| names.len() == values.len());
        if !fits || table.edition != edition {
            return Ok(None);
        }
        let identity = match table.find(&key) {
            Some(known) if known.setting() == identity.setting() => identity.with(&known),
            _ => identity,
        };
        let number = identity.number;
        table.insert(key, Arc::new(identity));
        Ok(Some(number))
    }

    /// The client of a request, or `None` where Python has to decide.
    pub fn of(&self, request: &Request) -> Option<Client> {
        let mut table = self.table();
        let Some(names) = &table.names else { return Some(Client::Any) };
        let mut values: Vec<Option<&[u8]>> = vec![None; names.len()];
        for (name, value) in &request.headers {
            if let Some(place) = names.iter().position(|each| each == name)
                && values[place].replace(value).is_some()
            {
                return None;
            }
        }
        let key = key_of(values.into_iter())?;
        table.find(&key).map(Client::Known)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn clear(&mut self) {
        self.edition += 1;
        self.young = Half::default();
        self.old = Half::default();
    }

    fn insert(&mut self, key: Vec<u8>, identity: Arc<Identity>) {
        self.old.remove(&key);
        self.young.remove(&key);
        if self.young.bytes + identity.bytes > HALF_BYTES {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.bytes += identity.bytes;
        self.young.by_key.insert(key, identity);
    }

    /// A valid identity; it counts as used.
    fn find(&mut self, key: &[u8]) -> Option<Arc<Identity>> {
        if let Some(identity) = self.young.by_key.get(key) {
            let identity = Arc::clone(identity);
            if identity.is_valid() {
                return Some(identity);
            }
            self.young.remove(key);
            return None;
        }
        let identity = self.old.remove(key).filter(|identity| identity.is_valid())?;
        self.insert(key.to_vec(), Arc::clone(&identity));
        Some(identity)
    }
}

impl Half {
    fn remove(&mut self, key: &[u8]) -> Option<Arc<Identity>> {
        let identity = self.by_key.remove(key)?;
        self.bytes -= identity.bytes;
        Some(identity)
    }
}

/// The values with their lengths, so that no two lists have one key.
fn key_of<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> Option<Vec<u8>> {
    let mut key = Vec::new();
    for value in values {
        let length = match value {
            Some(value) => u32::try_from(value.len()).ok()?.checked_add(1)?,
            None => 0,
        };
        key.extend_from_slice(&length.to_le_bytes());
        key.extend_from_slice(value.unwrap_or_default());
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;
    use crate::message::Method;

    const ALWAYS: &str = r#"{"setting":null,"window":[0,9000000000],"seconds":null,"rights":[]}"#;

    fn declared() -> (Identities, u64) {
        let identities = Identities::default();
        identities.declare(vec![Bytes::from_static(b"authorization"), Bytes::from_static(b"x-a")]);
        let edition = identities.begin();
        (identities, edition)
    }

    fn request(headers: &[(&'static str, &'static str)]) -> Request {
        let headers =
            headers.iter().map(|(name, value)| (Bytes::from(*name), Bytes::from(*value))).collect();
        Request { method: Method::Get, query: Bytes::new(), headers, body: Bytes::new() }
    }

    fn is_known(identities: &Identities, headers: &[(&'static str, &'static str)]) -> bool {
        matches!(identities.of(&request(headers)), Some(Client::Known(_)))
    }

    fn add(identities: &Identities, edition: u64, values: [Option<&'static str>; 2], text: &str) {
        let values = values.map(|value| value.map(Bytes::from));
        identities.add(edition, &values, text.as_bytes()).unwrap();
    }

    #[test]
    fn without_a_declaration_all_clients_are_alike() {
        let identities = Identities::default();
        assert!(matches!(identities.of(&request(&[("authorization", "a")])), Some(Client::Any)));
    }

    #[test]
    fn only_the_same_bytes_of_all_headers_are_known() {
        let (identities, edition) = declared();
        add(&identities, edition, [Some("ab"), Some("c")], ALWAYS);
        assert!(is_known(&identities, &[("x-a", "c"), ("other", "1"), ("authorization", "ab")]));
        for headers in [
            &[][..],
            &[("authorization", "ab")],
            &[("authorization", "ab"), ("x-a", "C")],
            &[("authorization", "a"), ("x-a", "bc")],
            &[("authorization", "ab"), ("x-a", "")],
            &[("authorization", "ab"), ("x-a", "c"), ("authorization", "ab")],
        ] {
            assert!(identities.of(&request(headers)).is_none(), "{headers:?}");
        }
    }

    #[test]
    fn a_missing_header_is_not_an_empty_one() {
        let (identities, edition) = declared();
        add(&identities, edition, [Some("a"), None], ALWAYS);
        assert!(is_known(&identities, &[("authorization", "a")]));
        assert!(!is_known(&identities, &[("authorization", "a"), ("x-a", "")]));
    }

    #[test]
    fn an_identity_ends() {
        let (identities, edition) = declared();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        for (window, seconds, valid) in [
            ((0, now), "null", false),
            ((now + 60, now + 90), "null", false),
            ((now, now + 60), "null", true),
            ((now, now + 60), "0", false),
            ((now, now + 60), "-1", false),
            ((now, now + 60), "30.5", true),
        ] {
            let (from, before) = window;
            let text = format!(
                r#"{{"setting":null,"window":[{from},{before}],"seconds":{seconds},"rights":[]}}"#
            );
            add(&identities, edition, [Some("a"), None], &text);
            assert_eq!(is_known(&identities, &[("authorization", "a")]), valid, "{text}");
        }
    }

    #[test]
    fn a_new_edition_drops_all_and_takes_nothing_of_an_earlier_one() {
        let (identities, edition) = declared();
        add(&identities, edition, [Some("a"), None], ALWAYS);
        let next = identities.begin();
        assert!(!is_known(&identities, &[("authorization", "a")]));
        add(&identities, edition, [Some("a"), None], ALWAYS);
        assert!(!is_known(&identities, &[("authorization", "a")]));
        add(&identities, next, [Some("a"), None], ALWAYS);
        assert!(is_known(&identities, &[("authorization", "a")]));
    }

    #[test]
    fn the_table_is_bounded_and_keeps_what_is_used() {
        let (identities, edition) = declared();
        add(&identities, edition, [Some("kept"), None], ALWAYS);
        let long = "x".repeat(100_000);
        for number in 0..400 {
            let value = Some(Bytes::from(format!("{long}{number}")));
            identities.add(edition, &[value, None], ALWAYS.as_bytes()).unwrap();
            assert!(is_known(&identities, &[("authorization", "kept")]), "{number}");
            let table = identities.table();
            assert!(table.young.bytes + table.old.bytes <= 2 * HALF_BYTES);
        }
    }
}
