/// The tables of the catalogue, described in docs/catalogue.md. Change `version` with every change here: a catalogue of
/// another version is set aside and rebuilt from the files, which hold the truth. Ids are never used twice: a process may
/// hold one of a row that another process has deleted meanwhile.
enum Schema {
  /// Stored as `PRAGMA user_version`.
  static let version = 5
  /// Stored as `PRAGMA application_id`; "TSCP".
  static let applicationID = 0x5453_4350

  static let tables = """
    CREATE TABLE meta (
      key TEXT PRIMARY KEY,
      value
    ) WITHOUT ROWID;

    CREATE TABLE runs (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT NOT NULL UNIQUE,
      revision INTEGER NOT NULL
    );

    CREATE TABLE files (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      path TEXT NOT NULL UNIQUE,
      state TEXT NOT NULL,
      message TEXT,
      device INTEGER NOT NULL,
      inode INTEGER NOT NULL,
      size INTEGER NOT NULL,
      modified_ns INTEGER NOT NULL,
      changed_ns INTEGER NOT NULL,
      head_length INTEGER NOT NULL,
      head_hash INTEGER NOT NULL,
      tail_hash INTEGER NOT NULL,
      fingerprint INTEGER NOT NULL,
      generation INTEGER NOT NULL,
      offset INTEGER NOT NULL,
      records INTEGER NOT NULL,
      skipped_records INTEGER NOT NULL,
      bytes_lost INTEGER NOT NULL,
      tail TEXT NOT NULL,
      tail_bytes INTEGER NOT NULL,
      tail_expected INTEGER,
      tail_since REAL,
      file_version TEXT,
      writer TEXT,
      compression TEXT,
      first_wall_time REAL,
      last_wall_time REAL,
      last_step INTEGER,
      revision INTEGER NOT NULL
    );
    CREATE INDEX files_by_run ON files (run_id);

    CREATE TABLE skips (
      file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
      offset INTEGER NOT NULL,
      length INTEGER NOT NULL,
      reason TEXT NOT NULL
    );
    CREATE INDEX skips_by_file ON skips (file_id, offset);

    CREATE TABLE warnings (
      file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
      offset INTEGER NOT NULL,
      message TEXT NOT NULL
    );
    CREATE INDEX warnings_by_file ON warnings (file_id);

    CREATE TABLE sessions (
      file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
      offset INTEGER NOT NULL,
      status TEXT NOT NULL,
      step INTEGER NOT NULL,
      wall_time REAL NOT NULL,
      checkpoint_path TEXT NOT NULL,
      message TEXT NOT NULL
    );
    CREATE INDEX sessions_by_file ON sessions (file_id);

    CREATE TABLE log_messages (
      file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
      offset INTEGER NOT NULL,
      level INTEGER NOT NULL,
      step INTEGER NOT NULL,
      wall_time REAL NOT NULL,
      message TEXT NOT NULL
    );
    CREATE INDEX log_messages_by_file ON log_messages (file_id);

    CREATE TABLE series (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      tag TEXT NOT NULL,
      kind TEXT NOT NULL,
      dtype TEXT,
      plugin TEXT,
      plugin_content BLOB,
      data_class INTEGER NOT NULL,
      display_name TEXT,
      description TEXT,
      revision INTEGER NOT NULL,
      UNIQUE (run_id, tag, kind)
    );
    CREATE INDEX series_by_revision ON series (revision);

    CREATE TABLE segments (
      series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
      file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
      points INTEGER NOT NULL,
      first_step INTEGER NOT NULL,
      last_step INTEGER NOT NULL,
      min_step INTEGER NOT NULL,
      max_step INTEGER NOT NULL,
      step_descents INTEGER NOT NULL,
      first_wall_time REAL NOT NULL,
      last_wall_time REAL NOT NULL,
      first_value REAL,
      first_value_step INTEGER,
      last_value REAL,
      last_value_step INTEGER,
      min_value REAL,
      min_value_step INTEGER,
      max_value REAL,
      max_value_step INTEGER,
      nan INTEGER NOT NULL,
      positive_infinity INTEGER NOT NULL,
      negative_infinity INTEGER NOT NULL,
      PRIMARY KEY (series_id, file_id)
    ) WITHOUT ROWID;
    CREATE INDEX segments_by_file ON segments (file_id);

    CREATE TABLE blocks (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
      file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
      points INTEGER NOT NULL,
      precision INTEGER NOT NULL,
      first_step INTEGER NOT NULL,
      last_step INTEGER NOT NULL,
      min_step INTEGER NOT NULL,
      max_step INTEGER NOT NULL,
      step_descents INTEGER NOT NULL,
      first_wall_time REAL NOT NULL,
      last_wall_time REAL NOT NULL,
      min_wall_time REAL NOT NULL,
      max_wall_time REAL NOT NULL,
      wall_time_descents INTEGER NOT NULL,
      first_value REAL,
      last_value REAL,
      min_value REAL,
      max_value REAL,
      nan INTEGER NOT NULL,
      positive_infinity INTEGER NOT NULL,
      negative_infinity INTEGER NOT NULL,
      checksum INTEGER NOT NULL,
      data BLOB NOT NULL
    );
    CREATE INDEX blocks_by_series ON blocks (series_id, file_id, id);
    CREATE INDEX blocks_by_file ON blocks (file_id);

    CREATE TABLE blobs (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
      file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
      step INTEGER NOT NULL,
      wall_time REAL NOT NULL,
      record_offset INTEGER NOT NULL,
      record_length INTEGER NOT NULL,
      value_offset INTEGER NOT NULL,
      value_length INTEGER NOT NULL,
      value_kind TEXT NOT NULL,
      form TEXT NOT NULL,
      dtype TEXT,
      shape TEXT NOT NULL,
      count INTEGER NOT NULL,
      width INTEGER,
      height INTEGER,
      sample_rate REAL,
      content_type TEXT
    );
    CREATE INDEX blobs_by_series ON blobs (series_id, file_id, id);
    CREATE INDEX blobs_by_file ON blobs (file_id);

    CREATE TABLE folders (
      path TEXT PRIMARY KEY,
      signature INTEGER NOT NULL
    ) WITHOUT ROWID;

    CREATE TABLE checkpoints (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
      folder TEXT NOT NULL,
      prefix TEXT NOT NULL UNIQUE,
      step INTEGER,
      format TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      modified REAL NOT NULL,
      problem TEXT
    );
    CREATE INDEX checkpoints_by_folder ON checkpoints (folder);
    CREATE INDEX checkpoints_by_run ON checkpoints (run_id);

    CREATE TABLE graph_files (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      run TEXT NOT NULL,
      path TEXT NOT NULL UNIQUE,
      source TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      modified_ns INTEGER NOT NULL
    );

    CREATE TABLE notices (
      path TEXT PRIMARY KEY,
      kind TEXT NOT NULL,
      message TEXT NOT NULL
    ) WITHOUT ROWID;

    INSERT INTO meta VALUES ('revision', 1), ('runs_revision', 1), ('checkpoints_revision', 1),
      ('graphs_revision', 1), ('health_revision', 1);
    """
}
