-- The database of scoring. It forgets the oldest scores, so that a demo that
-- runs for days does not grow.
CREATE TABLE clients (
  id           TEXT PRIMARY KEY,
  name         TEXT NOT NULL,
  rating       INTEGER NOT NULL,
  credit_limit INTEGER NOT NULL
);

CREATE TABLE scores (
  seq            INTEGER PRIMARY KEY,
  application_id TEXT NOT NULL UNIQUE,
  client_id      TEXT NOT NULL REFERENCES clients (id),
  amount         INTEGER NOT NULL,
  score          INTEGER NOT NULL,
  decision       TEXT NOT NULL
);

CREATE TRIGGER forget AFTER INSERT ON scores BEGIN
  DELETE FROM scores WHERE seq <= NEW.seq - 5000;
END;
