//! Rendering of a shape and its documents into one output.
//! Output of a value that turns out null is truncated, up to the nearest nullable value.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use crate::doc::Doc;
use crate::keys::KeyOrder;
use crate::leaf::{Rejection, Sink, rejection, write, write_enum};
use crate::path::PathSegment;
use crate::result::{Code, Detail, Item, RenderError, Rendered, Stream, StreamTooShort};
use crate::scan::{NotJson, READ, Scan, Token};
use crate::shape::{Node, Shape};

/// The outcome of rendering a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is in the output.
    Written,
    /// It is null because of its document: its siblings are not visited any more.
    Stopped,
    /// It is null because of a stream: its siblings are still visited, without errors, so that
    /// every stream advances as in the render that requested the stream.
    Missing,
}

/// The state of one render: the output so far, and memory that values share.
pub(crate) struct Renderer<'s, 'a> {
    pub shape: &'s Shape,
    pub streams: &'a [Option<Stream<'a>>],
    pub cursors: Vec<usize>,
    pub out: Vec<u8>,
    /// Values of the objects that are open: see `read`.
    pub slots: Vec<Token>,
    pub orders: Vec<Option<Arc<KeyOrder>>>,
    /// Whether an order has changed.
    pub learned: bool,
    /// Memory to reuse for the next document.
    pub spare: Vec<u64>,
    /// Stack of the strict reader.
    open: Vec<u8>,
    pub path: Vec<PathSegment<'s>>,
    pub errors: Vec<RenderError>,
    pub missing: BTreeMap<usize, Vec<Box<[u8]>>>,
    pub too_short: Option<StreamTooShort>,
    /// Maximum bytes of the output; 0 once there were more.
    max_bytes: usize,
    too_large: bool,
    /// Above zero while visited values cannot stay in the output: no errors are recorded.
    pub silent: usize,
}

impl Shape {
    /// Renders the response for these streams; `None` is a stream that is not computed yet.
    ///
    /// # Errors
    /// A stream has fewer values than the documents need.
    pub fn render(&self, streams: &[Option<Stream<'_>>]) -> Result<Rendered, StreamTooShort> {
        self.render_within(streams, usize::MAX)
    }

    /// Renders as `render` does, and stops where the output has more than `max_bytes`.
    ///
    /// # Errors
    /// As `render`.
    pub fn render_within(
        &self,
        streams: &[Option<Stream<'_>>],
        max_bytes: usize,
    ) -> Result<Rendered, StreamTooShort> {
        let mut renderer = Renderer::new(self, streams, max_bytes);
        renderer.root();
        // No check follows the last value.
        let too_large = renderer.too_large || renderer.out.len() > max_bytes;
        if renderer.learned {
            *self.orders.lock().unwrap_or_else(PoisonError::into_inner) = renderer.orders;
        }
        match renderer.too_short {
            Some(short) => Err(short),
            None => Ok(Rendered {
                body: renderer.out,
                errors: renderer.errors,
                missing: renderer.missing,
                too_large,
            }),
        }
    }
}

impl<'s, 'a> Renderer<'s, 'a> {
    fn new(shape: &'s Shape, streams: &'a [Option<Stream<'a>>], max_bytes: usize) -> Self {
        let input: usize = streams.iter().flatten().flatten().map(Item::size).sum();
        Self {
            shape,
            streams,
            cursors: vec![0; streams.len()],
            out: Vec::with_capacity(input + 256),
            slots: Vec::new(),
            orders: shape.orders.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            learned: false,
            spare: Vec::new(),
            open: Vec::new(),
            path: Vec::new(),
            errors: Vec::new(),
            missing: BTreeMap::new(),
            too_short: None,
            max_bytes,
            too_large: false,
            silent: 0,
        }
    }

    fn root(&mut self) {
        self.out.extend_from_slice(b"{\"data\":");
        if let Node::Object(object) = &self.shape.nodes[self.shape.root] {
            let mark = self.out.len();
            let doc = Doc::empty();
            let token = Token { end: doc.text.len(), ..Token::ABSENT };
            if self.fields(object, &doc, token, 0) != Outcome::Written {
                self.null(mark);
            }
        }
        self.out.push(b'}');
    }

    /// Whether the output has more bytes than allowed; nothing more is visited then.
    #[inline]
    pub fn is_full(&mut self) -> bool {
        if self.out.len() <= self.max_bytes {
            return false;
        }
        self.too_large = true;
        self.max_bytes = 0;
        true
    }

    /// Truncates the output to `mark` and writes null there.
    pub fn null(&mut self, mark: usize) {
        self.out.truncate(mark);
        self.out.extend_from_slice(b"null");
    }

    /// Writes null for a value without output, if it is nullable.
    #[inline]
    pub fn null_if_allowed(&mut self, outcome: Outcome, nullable: bool, mark: usize) -> Outcome {
        if outcome == Outcome::Written || !nullable {
            return outcome;
        }
        self.null(mark);
        Outcome::Written
    }

    /// Renders one value whose end is known; it may be null.
    #[inline]
    pub fn value_or_null(
        &mut self,
        node: usize,
        nullable: bool,
        doc: &Doc<'a>,
        token: Token,
    ) -> Scan<Outcome> {
        let mark = self.out.len();
        if token.flags == 0 && (token.is_absent() || token.bytes(doc.text) == b"null") {
            return Ok(self.absent(node, nullable));
        }
        let outcome = self.value(node, doc, token)?;
        Ok(self.null_if_allowed(outcome, nullable, mark))
    }

    /// Renders null, which is a fault where the value is not nullable.
    pub fn absent(&mut self, node: usize, nullable: bool) -> Outcome {
        if nullable {
            self.out.extend_from_slice(b"null");
            return Outcome::Written;
        }
        self.fault(Code::Null, node, b"null");
        Outcome::Stopped
    }

    /// Renders one value that is not null and whose end is known.
    #[inline]
    pub fn value(&mut self, node: usize, doc: &Doc<'a>, token: Token) -> Scan<Outcome> {
        let shape = self.shape;
        let mut sink = Sink { out: &mut self.out, open: &mut self.open };
        let (written, code) = match &shape.nodes[node] {
            Node::Leaf(leaf) => (write(leaf.form, doc, token, &mut sink), Code::Leaf),
            Node::Enum(enum_) => (write_enum(enum_, doc.text, token, sink.out), Code::Enum),
            Node::Object(object) if token.flags & READ != 0 => {
                return self.written(object, node, doc, token, token.link as usize);
            }
            Node::List(list) if token.flags & READ != 0 => {
                return self.read_list(list, doc, token.link as usize);
            }
            _ => {
                let (end, outcome) = self.container(node, doc, token.start)?;
                return if end == token.end { Ok(outcome) } else { Err(NotJson) };
            }
        };
        match written {
            Ok(()) => Ok(Outcome::Written),
            Err(rejection) => self.reject(rejection, code, node, token.bytes(doc.text)),
        }
    }

    pub fn reject(
        &mut self,
        rejection: Rejection,
        code: Code,
        node: usize,
        text: &[u8],
    ) -> Scan<Outcome> {
        if rejection == Rejection::NotJson {
            return Err(NotJson);
        }
        self.fault(code, node, text);
        Ok(Outcome::Stopped)
    }

    /// Renders one object or list and returns its end.
    pub fn container(
        &mut self,
        node: usize,
        doc: &Doc<'a>,
        start: usize,
    ) -> Scan<(usize, Outcome)> {
        let shape = self.shape;
        let code = match (&shape.nodes[node], doc.text.get(start)) {
            (Node::Object(object), Some(b'{')) => return self.object(object, node, doc, start),
            (Node::Abstract(choice), Some(b'{')) => return self.choice(choice, node, doc, start),
            (Node::List(list), Some(b'[')) => return self.list(list, doc, start),
            (Node::Refused(refused), Some(b'{')) => {
                let token = doc.value(start)?;
                self.note(Code::Refused, node, Detail::Failure(refused.number));
                return Ok((token.end, Outcome::Stopped));
            }
            (Node::List(_), _) => Code::List,
            _ => Code::Object,
        };
        let token = doc.value(start)?;
        let outcome = self.reject(rejection(doc.text, token), code, node, token.bytes(doc.text))?;
        Ok((token.end, outcome))
    }

    /// Adds the outcome of one value to that of its object or list; true when its siblings are
    /// not visited.
    #[inline]
    pub fn add(&mut self, sum: &mut Outcome, outcome: Outcome) -> bool {
        if outcome == Outcome::Written || outcome == *sum {
            return false;
        }
        match outcome {
            Outcome::Missing => self.silent += 1,
            _ => self.silent -= usize::from(*sum == Outcome::Missing),
        }
        *sum = outcome;
        outcome == Outcome::Stopped
    }

    /// Ends the visit of an object or list.
    #[inline]
    pub fn close(&mut self, sum: Outcome) -> Outcome {
        self.silent -= usize::from(sum == Outcome::Missing);
        sum
    }
}
