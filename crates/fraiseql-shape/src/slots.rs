//! Slots of the values of an object.

use std::collections::HashMap;

use crate::compile_error::{Compiled, refuse};
use crate::description::{FieldDescription, SourceDescription};

/// The slots of an object: its own, then those of its inner document.
pub(crate) struct Slots {
    pub document: bool,
    pub outer: Vec<String>,
    pub inner: Vec<String>,
    places: HashMap<(bool, String), usize>,
}

impl Slots {
    pub fn new(document: Option<String>, fields: &[FieldDescription]) -> Self {
        let mut slots = Self {
            document: document.is_some(),
            outer: document.into_iter().collect(),
            inner: Vec::new(),
            places: HashMap::new(),
        };
        // Slot 0 holds the document; a field may read the same key.
        for name in &slots.outer {
            slots.places.insert((false, name.clone()), 0);
        }
        slots.collect(fields, false);
        slots.collect(fields, true);
        slots
    }

    fn collect(&mut self, fields: &[FieldDescription], inside: bool) {
        for field in fields {
            let SourceDescription::Name { name, document } = &field.source else { continue };
            let key = (*document, name.clone());
            if *document != inside || self.places.contains_key(&key) {
                continue;
            }
            self.places.insert(key, self.outer.len() + self.inner.len());
            if inside { &mut self.inner } else { &mut self.outer }.push(name.clone());
        }
    }

    /// The keys of the inner document and their slots.
    pub fn inner(&self) -> impl Iterator<Item = (&str, usize)> {
        self.inner.iter().map(String::as_str).zip(self.outer.len()..)
    }

    /// The keys of the object itself and their slots. Keys of the document are included: an object
    /// without an inner document has them itself.
    pub fn flat(&self) -> impl Iterator<Item = (&str, usize)> {
        let own = self.outer.iter().map(String::as_str).zip(0..);
        own.chain(self.inner().filter(|(key, _)| self.own(key).is_none()))
    }

    /// The slots of keys that are read both from the object and from its document.
    pub fn shared(&self) -> Box<[(usize, usize)]> {
        self.inner().filter_map(|(key, slot)| Some((self.own(key)?, slot))).collect()
    }

    /// The slot of a key of the object itself.
    fn own(&self, key: &str) -> Option<usize> {
        self.places.get(&(false, key.to_owned())).copied()
    }

    pub fn slot(&self, key: &str, name: &str, document: bool) -> Compiled<usize> {
        if document && !self.document {
            return refuse(format!("field '{key}' reads a document, but its object has none"));
        }
        Ok(self.places[&(document, name.to_owned())])
    }
}
