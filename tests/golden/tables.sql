-- Tables of the golden application: own columns, documents, and both beside each other.
CREATE TYPE genre AS ENUM ('novel', 'poetry', 'science');

CREATE TABLE author (
    id int PRIMARY KEY,
    first_name text NOT NULL,
    last_name text,
    born date,
    rating numeric(12, 4)
);

CREATE TABLE book (
    id int PRIMARY KEY,
    author_id int REFERENCES author (id),
    genre genre NOT NULL,
    price numeric(8, 2),
    created_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    data jsonb NOT NULL
);

CREATE TABLE review (
    id int PRIMARY KEY,
    book_id int NOT NULL REFERENCES book (id),
    stars smallint NOT NULL,
    body text
);

CREATE TABLE shelf (id int PRIMARY KEY, data jsonb NOT NULL);

INSERT INTO author VALUES
    (1, 'Ada', 'Lovelace', '1815-12-10', 4.5000),
    (2, 'Émile', NULL, NULL, 12345678.1250),
    (3, 'No "Books"', 'Atall', '1900-01-01', NULL);

INSERT INTO book VALUES
    (1, 1, 'science', 19.90, '2024-01-01 10:00Z', NULL,
     '{"title": "Notes", "pages": 66, "tags": ["engine", null], "extra": {"Some_Key": 1.50}}'),
    (2, 1, 'poetry', NULL, '2024-01-02 10:00Z', NULL,
     '{"title": "Verses \u2014 \"early\"", "pages": 10}'),
    (3, 1, 'novel', 5.00, '2024-01-03 10:00Z', '2025-01-01Z', '{"title": "Withdrawn"}'),
    (4, 2, 'novel', 10.00, '2024-01-04 10:00:00.25Z', NULL,
     '{"title": "Rougon", "pages": null, "tags": []}'),
    (5, NULL, 'novel', 9.00, '2024-01-05 10:00Z', NULL, '{"pages": "many", "tags": "none"}');

INSERT INTO review VALUES (1, 1, 5, 'fine'), (2, 1, 3, NULL), (3, 2, 4, 'nice'), (4, 4, 1, 'long');

INSERT INTO shelf VALUES
    (1, '{"kind": "film", "title": "Reel", "minutes": 90}'),
    (2, '{"kind": "disc", "title": "Sonata", "tracks": [{"name": "I"}, {"name": "II"}]}'),
    (3, '{"kind": "tape", "title": "Unknown kind"}');
