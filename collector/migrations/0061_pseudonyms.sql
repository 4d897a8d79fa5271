-- What pseudonyms of people are made with (src/store/people.rs), of the first start on that asks for them. One row at most.
CREATE TABLE pseudonym_key (
    id     INTEGER NOT NULL PRIMARY KEY,
    secret TEXT    NOT NULL
) STRICT;
