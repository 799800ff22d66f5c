//! The shapes that are measured.

/// A post with its author and comments: the most fields, under camelCase keys.
pub const POSTS: &str = r#"{"root": 0, "nodes": [
  {"kind": "object", "type": "Query", "fields": [
    {"id": 0, "key": "posts", "source": {"stream": 0}, "node": 1, "nullable": false}]},
  {"kind": "list", "item": 2, "item_nullable": false},
  {"kind": "object", "type": "Post", "fields": [
    {"id": 1, "key": "id", "source": {"name": "id"}, "node": 6, "nullable": false},
    {"id": 2, "key": "title", "source": {"name": "title"}, "node": 7, "nullable": false},
    {"id": 3, "key": "body", "source": {"name": "body"}, "node": 7, "nullable": true},
    {"id": 4, "key": "isPublic", "source": {"name": "is_public"}, "node": 8, "nullable": false},
    {"id": 5, "key": "createdAt", "source": {"name": "created_at"}, "node": 9, "nullable": false},
    {"id": 6, "key": "author", "source": {"name": "author"}, "node": 3, "nullable": false},
    {"id": 7, "key": "comments", "source": {"name": "comments"}, "node": 4, "nullable": false}]},
  {"kind": "object", "type": "User", "fields": [
    {"id": 8, "key": "id", "source": {"name": "id"}, "node": 6, "nullable": false},
    {"id": 9, "key": "name", "source": {"name": "full_name"}, "node": 7, "nullable": false},
    {"id": 10, "key": "country", "source": {"name": "country"}, "node": 7, "nullable": true}]},
  {"kind": "list", "item": 5, "item_nullable": false},
  {"kind": "object", "type": "Comment", "fields": [
    {"id": 11, "key": "id", "source": {"name": "id"}, "node": 6, "nullable": false},
    {"id": 12, "key": "body", "source": {"name": "body"}, "node": 7, "nullable": false},
    {"id": 13, "key": "likes", "source": {"name": "likes"}, "node": 6, "nullable": true},
    {"id": 14, "key": "createdAt", "source": {"name": "created_at"}, "node": 9, "nullable": false},
    {"id": 15, "key": "author", "source": {"name": "author"}, "node": 3, "nullable": true}]},
  {"kind": "leaf", "form": "Int", "type": "Int"},
  {"kind": "leaf", "form": "String", "type": "String"},
  {"kind": "leaf", "form": "Boolean", "type": "Boolean"},
  {"kind": "leaf", "form": "string", "type": "DateTime"}]}"#;

/// The field of the comments' authors, which a second shape leaves out.
const COMMENT_AUTHOR: &str = r#",
    {"id": 15, "key": "author", "source": {"name": "author"}, "node": 3, "nullable": true}"#;

/// The same documents, copied unchanged.
pub const RAW: &str = r#"{"root": 0, "nodes": [
  {"kind": "object", "type": "Query", "fields": [
    {"id": 0, "key": "posts", "source": {"stream": 0}, "node": 1, "nullable": false}]},
  {"kind": "leaf", "form": "any", "type": "JSON"}]}"#;

/// The same documents, of which only the key is selected.
pub const KEYS: &str = r#"{"root": 0, "nodes": [
  {"kind": "object", "type": "Query", "fields": [
    {"id": 0, "key": "posts", "source": {"stream": 0}, "node": 1, "nullable": false}]},
  {"kind": "list", "item": 2, "item_nullable": false},
  {"kind": "object", "type": "Post", "fields": [
    {"id": 1, "key": "id", "source": {"name": "id"}, "node": 3, "nullable": false}]},
  {"kind": "leaf", "form": "Int", "type": "Int"}]}"#;

/// The selection of the benchmark's Q4; `$own` and `$inner` are the sources of fields.
const BENCHMARK: &str = r#"{"root": 0, "nodes": [
  {"kind": "object", "type": "Query", "fields": [
    {"id": 0, "key": "posts", "source": {"stream": 0}, "node": 1, "nullable": false}]},
  {"kind": "list", "item": 2, "item_nullable": false},
  {"kind": "object", "type": "Post", $document "fields": [
    {"id": 1, "key": "id", "source": {"name": "id"}, "node": 6, "nullable": false},
    {"id": 2, "key": "title", "source": {"name": "title" $inner}, "node": 7, "nullable": false},
    {"id": 3, "key": "views", "source": {"name": "views" $inner}, "node": 6, "nullable": false},
    {"id": 4, "key": "createdAt", "source": {"name": "created_at" $inner}, "node": 8, "nullable": false},
    {"id": 5, "key": "author", "source": {"name": "author" $inner}, "node": 3, "nullable": false},
    {"id": 6, "key": "comments", "source": {"name": "comments" $inner}, "node": 4, "nullable": false}]},
  {"kind": "object", "type": "User", "fields": [
    {"id": 7, "key": "id", "source": {"name": "id"}, "node": 6, "nullable": false},
    {"id": 8, "key": "firstName", "source": {"name": "first_name"}, "node": 7, "nullable": false},
    {"id": 9, "key": "lastName", "source": {"name": "last_name"}, "node": 7, "nullable": false}]},
  {"kind": "list", "item": 5, "item_nullable": false},
  {"kind": "object", "type": "Comment", "fields": [
    {"id": 10, "key": "id", "source": {"name": "id"}, "node": 6, "nullable": false},
    {"id": 11, "key": "body", "source": {"name": "body"}, "node": 7, "nullable": false},
    {"id": 12, "key": "createdAt", "source": {"name": "created_at"}, "node": 8, "nullable": false}]},
  {"kind": "leaf", "form": "Int", "type": "Int"},
  {"kind": "leaf", "form": "String", "type": "String"},
  {"kind": "leaf", "form": "string", "type": "DateTime"}]}"#;

/// A user with scalars only, as in Q1: read from a served row.
const USER: &str = r#"{"root": 0, "nodes": [
  {"kind": "object", "type": "Query", "fields": [
    {"id": 0, "key": "user", "source": {"stream": 0}, "node": 1, "nullable": true}]},
  {"kind": "object", "type": "User", "document": "$", "fields": [
    {"id": 1, "key": "id", "source": {"name": "id"}, "node": 2, "nullable": false},
    {"id": 2, "key": "firstName", "source": {"name": "first_name" $inner}, "node": 3, "nullable": false},
    {"id": 3, "key": "lastName", "source": {"name": "last_name" $inner}, "node": 3, "nullable": false},
    {"id": 4, "key": "email", "source": {"name": "email" $inner}, "node": 3, "nullable": false},
    {"id": 5, "key": "country", "source": {"name": "country" $inner}, "node": 3, "nullable": false}]},
  {"kind": "leaf", "form": "Int", "type": "Int"},
  {"kind": "leaf", "form": "String", "type": "String"}]}"#;

const INNER: &str = r#", "document": true"#;

/// The benchmark's shape over stored documents.
pub fn stored() -> String {
    BENCHMARK.replace("$document", "").replace("$inner", "")
}

/// The benchmark's shape over served rows, with the document under `$`.
pub fn served() -> String {
    BENCHMARK.replace("$document", r#""document": "$","#).replace("$inner", INNER)
}

pub fn user() -> String {
    USER.replace("$inner", INNER)
}

/// `POSTS` without the comments' authors.
pub fn fewer() -> String {
    POSTS.replace(COMMENT_AUTHOR, "")
}
