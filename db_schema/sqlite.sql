-- Hydra's tables, revision 0003, for sqlite. Written by `python -m db_schema`; do not edit.

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> 0001

CREATE TABLE IF NOT EXISTS audit_log (
    id INTEGER NOT NULL,
    at DATETIME NOT NULL,
    who VARCHAR(190) NOT NULL,
    what VARCHAR(190) NOT NULL,
    target VARCHAR(190) NOT NULL,
    "before" JSON,
    "after" JSON,
    where_from VARCHAR(190) NOT NULL,
    CONSTRAINT pk_audit_log PRIMARY KEY (id)
);

CREATE INDEX ix_audit_log_at ON audit_log (at);

CREATE INDEX ix_audit_log_target_at ON audit_log (target, at);

CREATE TABLE IF NOT EXISTS image (
    id INTEGER NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    media_type VARCHAR(64) NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    dhash BIGINT,
    stored_at DATETIME NOT NULL,
    purged_at DATETIME,
    CONSTRAINT pk_image PRIMARY KEY (id),
    CONSTRAINT uq_image_sha256 UNIQUE (sha256)
);

CREATE INDEX ix_image_dhash ON image (dhash);

CREATE TABLE IF NOT EXISTS label_batch (
    id INTEGER NOT NULL,
    labelled_by VARCHAR(190) NOT NULL,
    source VARCHAR(190) NOT NULL,
    created_at DATETIME NOT NULL,
    undone_at DATETIME,
    CONSTRAINT pk_label_batch PRIMARY KEY (id)
);

CREATE INDEX ix_label_batch_labelled_by_created_at ON label_batch (labelled_by, created_at);

CREATE TABLE IF NOT EXISTS news (
    id INTEGER NOT NULL,
    body TEXT NOT NULL,
    author VARCHAR(190) NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME,
    CONSTRAINT pk_news PRIMARY KEY (id)
);

CREATE INDEX ix_news_expires_at ON news (expires_at);

CREATE TABLE IF NOT EXISTS plot_type (
    id INTEGER NOT NULL,
    name VARCHAR(190) NOT NULL,
    title VARCHAR(190) NOT NULL,
    group_name VARCHAR(190) NOT NULL,
    pv VARCHAR(64) NOT NULL,
    contact TEXT NOT NULL,
    guidance TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    collect_percent DOUBLE NOT NULL,
    reference_plot_id INTEGER,
    policy JSON NOT NULL,
    CONSTRAINT pk_plot_type PRIMARY KEY (id),
    CONSTRAINT uq_plot_type_name UNIQUE (name)
);

CREATE TABLE IF NOT EXISTS service_status (
    service VARCHAR(64) NOT NULL,
    host VARCHAR(190) NOT NULL,
    pid INTEGER NOT NULL,
    state VARCHAR(64) NOT NULL,
    detail JSON NOT NULL,
    at DATETIME NOT NULL,
    CONSTRAINT pk_service_status PRIMARY KEY (service, host)
);

CREATE TABLE IF NOT EXISTS user_account (
    id INTEGER NOT NULL,
    name VARCHAR(190) NOT NULL,
    full_name VARCHAR(190) NOT NULL,
    email VARCHAR(190) NOT NULL,
    password_hash TEXT,
    disabled BOOLEAN NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_user_account PRIMARY KEY (id),
    CONSTRAINT uq_user_account_name UNIQUE (name)
);

CREATE TABLE IF NOT EXISTS change (
    id INTEGER NOT NULL,
    uid VARCHAR(32) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    plot_type_id INTEGER,
    ref_id INTEGER,
    payload JSON NOT NULL,
    at DATETIME NOT NULL,
    recorded_at DATETIME NOT NULL,
    CONSTRAINT pk_change PRIMARY KEY (id),
    CONSTRAINT fk_change_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_change_uid UNIQUE (uid)
);

CREATE INDEX ix_change_plot_type_id_id ON change (plot_type_id, id);

CREATE TABLE IF NOT EXISTS dataset (
    id INTEGER NOT NULL,
    plot_type_id INTEGER NOT NULL,
    digest VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_dataset PRIMARY KEY (id),
    CONSTRAINT fk_dataset_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_dataset_plot_type_id_digest UNIQUE (plot_type_id, digest)
);

CREATE TABLE IF NOT EXISTS label_class (
    id INTEGER NOT NULL,
    plot_type_id INTEGER NOT NULL,
    name VARCHAR(64) NOT NULL,
    position SMALLINT NOT NULL,
    severity SMALLINT NOT NULL,
    colour VARCHAR(64) NOT NULL,
    hotkey VARCHAR(64) NOT NULL,
    retired BOOLEAN NOT NULL,
    CONSTRAINT pk_label_class PRIMARY KEY (id),
    CONSTRAINT fk_label_class_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_label_class_plot_type_id_name UNIQUE (plot_type_id, name),
    CONSTRAINT uq_label_class_plot_type_id_position UNIQUE (plot_type_id, position)
);

CREATE TABLE IF NOT EXISTS plot (
    id INTEGER NOT NULL,
    uid VARCHAR(32) NOT NULL,
    plot_type_id INTEGER NOT NULL,
    image_id INTEGER NOT NULL,
    run INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    taken_at DATETIME NOT NULL,
    received_at DATETIME NOT NULL,
    source TEXT NOT NULL,
    run_period VARCHAR(64),
    CONSTRAINT pk_plot PRIMARY KEY (id),
    CONSTRAINT fk_plot_image_id FOREIGN KEY(image_id) REFERENCES image (id),
    CONSTRAINT fk_plot_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_plot_uid UNIQUE (uid)
);

CREATE INDEX ix_plot_image_id ON plot (image_id);

CREATE INDEX ix_plot_plot_type_id_run_chunk ON plot (plot_type_id, run, chunk);

CREATE INDEX ix_plot_received_at ON plot (received_at);

CREATE INDEX ix_plot_taken_at ON plot (taken_at);

CREATE TABLE IF NOT EXISTS role_grant (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    role VARCHAR(64) NOT NULL,
    plot_type_id INTEGER,
    granted_by VARCHAR(190) NOT NULL,
    granted_at DATETIME NOT NULL,
    CONSTRAINT pk_role_grant PRIMARY KEY (id),
    CONSTRAINT fk_role_grant_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT fk_role_grant_user_id FOREIGN KEY(user_id) REFERENCES user_account (id),
    CONSTRAINT uq_role_grant_user_id_role_plot_type_id UNIQUE (user_id, role, plot_type_id)
);

CREATE TABLE IF NOT EXISTS saved_view (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    name VARCHAR(190) NOT NULL,
    settings JSON NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_saved_view PRIMARY KEY (id),
    CONSTRAINT fk_saved_view_user_id FOREIGN KEY(user_id) REFERENCES user_account (id),
    CONSTRAINT uq_saved_view_user_id_name UNIQUE (user_id, name)
);

CREATE TABLE IF NOT EXISTS session (
    id INTEGER NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    user_id INTEGER NOT NULL,
    address VARCHAR(190) NOT NULL,
    created_at DATETIME NOT NULL,
    last_seen_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    CONSTRAINT pk_session PRIMARY KEY (id),
    CONSTRAINT fk_session_user_id FOREIGN KEY(user_id) REFERENCES user_account (id),
    CONSTRAINT uq_session_token_hash UNIQUE (token_hash)
);

CREATE INDEX ix_session_expires_at ON session (expires_at);

CREATE TABLE IF NOT EXISTS dataset_item (
    dataset_id INTEGER NOT NULL,
    plot_id INTEGER NOT NULL,
    label_class_id INTEGER NOT NULL,
    split VARCHAR(64) NOT NULL,
    CONSTRAINT pk_dataset_item PRIMARY KEY (dataset_id, plot_id),
    CONSTRAINT fk_dataset_item_dataset_id FOREIGN KEY(dataset_id) REFERENCES dataset (id),
    CONSTRAINT fk_dataset_item_label_class_id FOREIGN KEY(label_class_id) REFERENCES label_class (id),
    CONSTRAINT fk_dataset_item_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id)
);

CREATE INDEX ix_dataset_item_plot_id ON dataset_item (plot_id);

CREATE TABLE IF NOT EXISTS label (
    id INTEGER NOT NULL,
    batch_id INTEGER NOT NULL,
    plot_id INTEGER NOT NULL,
    label_class_id INTEGER NOT NULL,
    CONSTRAINT pk_label PRIMARY KEY (id),
    CONSTRAINT fk_label_batch_id FOREIGN KEY(batch_id) REFERENCES label_batch (id),
    CONSTRAINT fk_label_label_class_id FOREIGN KEY(label_class_id) REFERENCES label_class (id),
    CONSTRAINT fk_label_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id),
    CONSTRAINT uq_label_batch_id_plot_id UNIQUE (batch_id, plot_id)
);

CREATE INDEX ix_label_plot_id ON label (plot_id);

CREATE TABLE IF NOT EXISTS model (
    id INTEGER NOT NULL,
    plot_type_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    path TEXT NOT NULL,
    parent_id INTEGER,
    classes JSON NOT NULL,
    metrics JSON NOT NULL,
    dataset_id INTEGER,
    state VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    created_by VARCHAR(190) NOT NULL,
    activated_at DATETIME,
    CONSTRAINT pk_model PRIMARY KEY (id),
    CONSTRAINT fk_model_dataset_id FOREIGN KEY(dataset_id) REFERENCES dataset (id),
    CONSTRAINT fk_model_parent_id FOREIGN KEY(parent_id) REFERENCES model (id),
    CONSTRAINT fk_model_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_model_plot_type_id_version_sha256 UNIQUE (plot_type_id, version, sha256)
);

CREATE INDEX ix_model_plot_type_id_state ON model (plot_type_id, state);

CREATE TABLE IF NOT EXISTS truth (
    plot_id INTEGER NOT NULL,
    label_class_id INTEGER NOT NULL,
    batch_id INTEGER NOT NULL,
    split VARCHAR(64),
    group_name VARCHAR(190),
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_truth PRIMARY KEY (plot_id),
    CONSTRAINT fk_truth_batch_id FOREIGN KEY(batch_id) REFERENCES label_batch (id),
    CONSTRAINT fk_truth_label_class_id FOREIGN KEY(label_class_id) REFERENCES label_class (id),
    CONSTRAINT fk_truth_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id)
);

CREATE INDEX ix_truth_label_class_id ON truth (label_class_id);

CREATE TABLE IF NOT EXISTS inference (
    id INTEGER NOT NULL,
    plot_id INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    plot_type_id INTEGER NOT NULL,
    top_class VARCHAR(64) NOT NULL,
    top_score DOUBLE NOT NULL,
    margin DOUBLE NOT NULL,
    novelty DOUBLE NOT NULL,
    scores JSON NOT NULL,
    cam BLOB,
    cam_height INTEGER,
    cam_width INTEGER,
    status SMALLINT,
    condition SMALLINT,
    confirmed BOOLEAN,
    shadow BOOLEAN NOT NULL,
    took_ms DOUBLE NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT pk_inference PRIMARY KEY (id),
    CONSTRAINT fk_inference_model_id FOREIGN KEY(model_id) REFERENCES model (id),
    CONSTRAINT fk_inference_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id),
    CONSTRAINT fk_inference_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_inference_plot_id_model_id UNIQUE (plot_id, model_id)
);

CREATE INDEX ix_inference_model_id_created_at ON inference (model_id, created_at);

CREATE INDEX ix_inference_plot_type_id_created_at ON inference (plot_type_id, created_at);

CREATE INDEX ix_inference_plot_type_id_margin ON inference (plot_type_id, margin);

CREATE INDEX ix_inference_plot_type_id_status_created_at ON inference (plot_type_id, status, created_at);

CREATE TABLE IF NOT EXISTS review_item (
    id INTEGER NOT NULL,
    kind VARCHAR(64) NOT NULL,
    plot_id INTEGER NOT NULL,
    model_id INTEGER,
    score DOUBLE NOT NULL,
    state VARCHAR(64) NOT NULL,
    created_at DATETIME NOT NULL,
    resolved_by VARCHAR(190),
    resolved_at DATETIME,
    CONSTRAINT pk_review_item PRIMARY KEY (id),
    CONSTRAINT fk_review_item_model_id FOREIGN KEY(model_id) REFERENCES model (id),
    CONSTRAINT fk_review_item_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id)
);

CREATE INDEX ix_review_item_plot_id ON review_item (plot_id);

CREATE INDEX ix_review_item_state_kind_score ON review_item (state, kind, score);

CREATE TABLE IF NOT EXISTS threshold (
    id INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    class_name VARCHAR(64) NOT NULL,
    set_at DATETIME NOT NULL,
    value DOUBLE NOT NULL,
    method VARCHAR(64) NOT NULL,
    set_by VARCHAR(190) NOT NULL,
    CONSTRAINT pk_threshold PRIMARY KEY (id),
    CONSTRAINT fk_threshold_model_id FOREIGN KEY(model_id) REFERENCES model (id)
);

CREATE INDEX ix_threshold_model_id_class_name_set_at ON threshold (model_id, class_name, set_at);

CREATE TABLE IF NOT EXISTS training_run (
    id INTEGER NOT NULL,
    plot_type_id INTEGER NOT NULL,
    dataset_id INTEGER,
    model_id INTEGER,
    state VARCHAR(64) NOT NULL,
    started_at DATETIME NOT NULL,
    finished_at DATETIME,
    settings JSON NOT NULL,
    history JSON NOT NULL,
    created_by VARCHAR(190) NOT NULL,
    CONSTRAINT pk_training_run PRIMARY KEY (id),
    CONSTRAINT fk_training_run_dataset_id FOREIGN KEY(dataset_id) REFERENCES dataset (id),
    CONSTRAINT fk_training_run_model_id FOREIGN KEY(model_id) REFERENCES model (id),
    CONSTRAINT fk_training_run_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id)
);

CREATE INDEX ix_training_run_plot_type_id_started_at ON training_run (plot_type_id, started_at);

CREATE TABLE IF NOT EXISTS episode (
    id INTEGER NOT NULL,
    uid VARCHAR(190) NOT NULL,
    plot_type_id INTEGER NOT NULL,
    class_name VARCHAR(64) NOT NULL,
    first_inference_id INTEGER,
    started_at DATETIME NOT NULL,
    confirmed_at DATETIME NOT NULL,
    ended_at DATETIME,
    worst_score DOUBLE NOT NULL,
    acked_by VARCHAR(190),
    acked_at DATETIME,
    feedback VARCHAR(64),
    note TEXT,
    logbook_url TEXT,
    CONSTRAINT pk_episode PRIMARY KEY (id),
    CONSTRAINT fk_episode_first_inference_id FOREIGN KEY(first_inference_id) REFERENCES inference (id),
    CONSTRAINT fk_episode_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_episode_uid UNIQUE (uid)
);

CREATE INDEX ix_episode_plot_type_id_started_at ON episode (plot_type_id, started_at);

CREATE INDEX ix_episode_started_at ON episode (started_at);

CREATE TABLE IF NOT EXISTS current_status (
    plot_type_id INTEGER NOT NULL,
    plot_id INTEGER,
    inference_id INTEGER,
    status SMALLINT NOT NULL,
    severity SMALLINT NOT NULL,
    condition SMALLINT NOT NULL,
    reason TEXT NOT NULL,
    since DATETIME,
    episode_id INTEGER,
    muted_until DATETIME,
    muted_by VARCHAR(190) NOT NULL,
    state JSON NOT NULL,
    verdict JSON,
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_current_status PRIMARY KEY (plot_type_id),
    CONSTRAINT fk_current_status_episode_id FOREIGN KEY(episode_id) REFERENCES episode (id),
    CONSTRAINT fk_current_status_inference_id FOREIGN KEY(inference_id) REFERENCES inference (id),
    CONSTRAINT fk_current_status_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id),
    CONSTRAINT fk_current_status_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id)
);

INSERT INTO alembic_version (version_num) VALUES ('0001') RETURNING version_num;

-- Running upgrade 0001 -> 0002

CREATE TABLE IF NOT EXISTS policy (
    id INTEGER NOT NULL,
    uid VARCHAR(32) NOT NULL,
    plot_type_id INTEGER NOT NULL,
    policy JSON NOT NULL,
    at DATETIME NOT NULL,
    CONSTRAINT pk_policy PRIMARY KEY (id),
    CONSTRAINT fk_policy_plot_type_id_plot_type FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_policy_uid UNIQUE (uid)
);

CREATE TABLE IF NOT EXISTS setting (
    id INTEGER NOT NULL,
    plot_type_id INTEGER,
    name VARCHAR(64) NOT NULL,
    value JSON,
    set_at DATETIME NOT NULL,
    set_by VARCHAR(190) NOT NULL,
    set_from VARCHAR(190) NOT NULL,
    CONSTRAINT pk_setting PRIMARY KEY (id),
    CONSTRAINT fk_setting_plot_type_id_plot_type FOREIGN KEY(plot_type_id) REFERENCES plot_type (id)
);

CREATE INDEX ix_policy_plot_type_id_at ON policy (plot_type_id, at);

CREATE INDEX ix_setting_plot_type_id_name_id ON setting (plot_type_id, name, id);

UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0001';

-- Running upgrade 0002 -> 0003

CREATE TABLE IF NOT EXISTS api_token (
    id INTEGER NOT NULL,
    name VARCHAR(190) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    role VARCHAR(64) NOT NULL,
    plot_types JSON,
    created_by VARCHAR(190) NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME,
    last_used_at DATETIME,
    revoked_at DATETIME,
    CONSTRAINT pk_api_token PRIMARY KEY (id),
    CONSTRAINT uq_api_token_token_hash UNIQUE (token_hash)
);

ALTER TABLE session ADD COLUMN agent VARCHAR(190);

ALTER TABLE session ADD COLUMN groups JSON;

CREATE INDEX ix_audit_log_who_at ON audit_log (who, at);

CREATE INDEX ix_audit_log_what_at ON audit_log (what, at);

CREATE INDEX ix_session_user_id_expires_at ON session (user_id, expires_at);

CREATE TABLE IF NOT EXISTS standing (
    plot_id INTEGER NOT NULL,
    plot_type_id INTEGER NOT NULL,
    state VARCHAR(64) NOT NULL,
    dissent DOUBLE NOT NULL,
    label_class_id INTEGER,
    batch_id INTEGER,
    after_batch INTEGER NOT NULL,
    split VARCHAR(64),
    group_name VARCHAR(190),
    updated_at DATETIME NOT NULL,
    CONSTRAINT pk_standing PRIMARY KEY (plot_id),
    CONSTRAINT fk_standing_batch_id_label_batch FOREIGN KEY(batch_id) REFERENCES label_batch (id),
    CONSTRAINT fk_standing_label_class_id_label_class FOREIGN KEY(label_class_id) REFERENCES label_class (id),
    CONSTRAINT fk_standing_plot_id_plot FOREIGN KEY(plot_id) REFERENCES plot (id),
    CONSTRAINT fk_standing_plot_type_id_plot_type FOREIGN KEY(plot_type_id) REFERENCES plot_type (id)
);

CREATE TABLE IF NOT EXISTS skipped (
    person VARCHAR(190) NOT NULL,
    plot_id INTEGER NOT NULL,
    at DATETIME NOT NULL,
    CONSTRAINT pk_skipped PRIMARY KEY (person, plot_id),
    CONSTRAINT fk_skipped_plot_id_plot FOREIGN KEY(plot_id) REFERENCES plot (id)
);

ALTER TABLE label_batch ADD COLUMN plot_type_id INTEGER;

ALTER TABLE label_batch ADD COLUMN summary JSON;

ALTER TABLE review_item ADD COLUMN note TEXT;

ALTER TABLE review_item ADD COLUMN asked_by VARCHAR(190);

ALTER TABLE review_item ADD COLUMN batch_id INTEGER;

CREATE INDEX ix_standing_plot_type_id_dissent_plot_id ON standing (plot_type_id, dissent, plot_id);

CREATE INDEX ix_standing_batch_id ON standing (batch_id);

CREATE INDEX ix_skipped_plot_id ON skipped (plot_id);

CREATE INDEX ix_label_batch_plot_type_id_id ON label_batch (plot_type_id, id);

CREATE INDEX ix_review_item_batch_id ON review_item (batch_id);

CREATE INDEX ix_plot_plot_type_id_id ON plot (plot_type_id, id);

CREATE INDEX ix_plot_plot_type_id_uid ON plot (plot_type_id, uid);

CREATE INDEX ix_inference_model_id_margin_plot_id ON inference (model_id, margin, plot_id);

CREATE INDEX ix_inference_model_id_top_class_margin_plot_id ON inference (model_id, top_class, margin, plot_id);

DROP INDEX ix_inference_plot_type_id_margin;

CREATE TABLE IF NOT EXISTS embedding (
    inference_id INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    plot_id INTEGER NOT NULL,
    vector BLOB NOT NULL,
    CONSTRAINT pk_embedding PRIMARY KEY (inference_id),
    CONSTRAINT fk_embedding_inference_id_inference FOREIGN KEY(inference_id) REFERENCES inference (id),
    CONSTRAINT fk_embedding_model_id_model FOREIGN KEY(model_id) REFERENCES model (id),
    CONSTRAINT fk_embedding_plot_id_plot FOREIGN KEY(plot_id) REFERENCES plot (id)
);

CREATE INDEX ix_embedding_model_id_inference_id ON embedding (model_id, inference_id);

CREATE INDEX ix_embedding_plot_id ON embedding (plot_id);

CREATE INDEX ix_inference_trend ON inference (plot_type_id, created_at, shadow, top_class, top_score, novelty);

DROP INDEX ix_inference_plot_type_id_created_at;

ALTER TABLE episode ADD COLUMN worst_inference_id INTEGER;

ALTER TABLE episode ADD COLUMN feedback_by VARCHAR(190);

ALTER TABLE episode ADD COLUMN feedback_at DATETIME;

CREATE INDEX ix_inference_status_created_at ON inference (status, created_at);

CREATE TABLE IF NOT EXISTS report_recipient (
    id INTEGER NOT NULL,
    who VARCHAR(190) NOT NULL,
    email VARCHAR(190) NOT NULL,
    since DATETIME NOT NULL,
    CONSTRAINT pk_report_recipient PRIMARY KEY (id),
    CONSTRAINT uq_report_recipient_who UNIQUE (who)
);

UPDATE alembic_version SET version_num='0003' WHERE alembic_version.version_num = '0002';
