-- Hydra's tables, revision 0003, for mysql. Written by `python -m db_schema`; do not edit.

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

-- Running upgrade  -> 0001

CREATE TABLE IF NOT EXISTS audit_log (
    id BIGINT NOT NULL AUTO_INCREMENT,
    at DATETIME(6) NOT NULL,
    who VARCHAR(190) NOT NULL,
    what VARCHAR(190) NOT NULL,
    target VARCHAR(190) NOT NULL,
    `before` JSON,
    after JSON,
    where_from VARCHAR(190) NOT NULL,
    CONSTRAINT pk_audit_log PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Who changed what, before and after; never updated' COLLATE utf8mb4_bin;

CREATE INDEX ix_audit_log_at ON audit_log (at);

CREATE INDEX ix_audit_log_target_at ON audit_log (target, at);

CREATE TABLE IF NOT EXISTS image (
    id BIGINT NOT NULL AUTO_INCREMENT,
    sha256 VARCHAR(64) NOT NULL,
    media_type VARCHAR(64) NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    dhash BIGINT,
    stored_at DATETIME(6) NOT NULL,
    purged_at DATETIME(6),
    CONSTRAINT pk_image PRIMARY KEY (id),
    CONSTRAINT uq_image_sha256 UNIQUE (sha256)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Picture bytes in the archive, each once' COLLATE utf8mb4_bin;

CREATE INDEX ix_image_dhash ON image (dhash);

CREATE TABLE IF NOT EXISTS label_batch (
    id BIGINT NOT NULL AUTO_INCREMENT,
    labelled_by VARCHAR(190) NOT NULL,
    source VARCHAR(190) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    undone_at DATETIME(6),
    CONSTRAINT pk_label_batch PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Labels given in one go; undone as a whole' COLLATE utf8mb4_bin;

CREATE INDEX ix_label_batch_labelled_by_created_at ON label_batch (labelled_by, created_at);

CREATE TABLE IF NOT EXISTS news (
    id BIGINT NOT NULL AUTO_INCREMENT,
    body TEXT NOT NULL,
    author VARCHAR(190) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6),
    CONSTRAINT pk_news PRIMARY KEY (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Banners on all pages' COLLATE utf8mb4_bin;

CREATE INDEX ix_news_expires_at ON news (expires_at);

CREATE TABLE IF NOT EXISTS plot_type (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(190) NOT NULL,
    title VARCHAR(190) NOT NULL,
    group_name VARCHAR(190) NOT NULL,
    pv VARCHAR(64) NOT NULL,
    contact TEXT NOT NULL,
    guidance TEXT NOT NULL,
    active BOOL NOT NULL,
    collect_percent DOUBLE NOT NULL,
    reference_plot_id BIGINT,
    policy JSON NOT NULL,
    CONSTRAINT pk_plot_type PRIMARY KEY (id),
    CONSTRAINT uq_plot_type_name UNIQUE (name)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Kinds of plots that this hall watches; inactive ones are no longer configured' COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS service_status (
    service VARCHAR(64) NOT NULL,
    host VARCHAR(190) NOT NULL,
    pid BIGINT NOT NULL,
    state VARCHAR(64) NOT NULL,
    detail JSON NOT NULL,
    at DATETIME(6) NOT NULL,
    CONSTRAINT pk_service_status PRIMARY KEY (service, host)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Heartbeat of each service' COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS user_account (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(190) NOT NULL,
    full_name VARCHAR(190) NOT NULL,
    email VARCHAR(190) NOT NULL,
    password_hash TEXT,
    disabled BOOL NOT NULL,
    created_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_user_account PRIMARY KEY (id),
    CONSTRAINT uq_user_account_name UNIQUE (name)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='People; without a password hash they come from the site''s directory' COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS `change` (
    id BIGINT NOT NULL AUTO_INCREMENT,
    uid VARCHAR(32) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    plot_type_id BIGINT,
    ref_id BIGINT,
    payload JSON NOT NULL,
    at DATETIME(6) NOT NULL,
    recorded_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_change PRIMARY KEY (id),
    CONSTRAINT fk_change_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_change_uid UNIQUE (uid)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='What happened, in order: the cursor of live pages and the history for replay' COLLATE utf8mb4_bin;

CREATE INDEX ix_change_plot_type_id_id ON `change` (plot_type_id, id);

CREATE TABLE IF NOT EXISTS dataset (
    id BIGINT NOT NULL AUTO_INCREMENT,
    plot_type_id BIGINT NOT NULL,
    digest VARCHAR(64) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_dataset PRIMARY KEY (id),
    CONSTRAINT fk_dataset_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_dataset_plot_type_id_digest UNIQUE (plot_type_id, digest)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='A frozen training set' COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS label_class (
    id BIGINT NOT NULL AUTO_INCREMENT,
    plot_type_id BIGINT NOT NULL,
    name VARCHAR(64) NOT NULL,
    position SMALLINT NOT NULL,
    severity SMALLINT NOT NULL,
    colour VARCHAR(64) NOT NULL,
    hotkey VARCHAR(64) NOT NULL,
    retired BOOL NOT NULL,
    CONSTRAINT pk_label_class PRIMARY KEY (id),
    CONSTRAINT fk_label_class_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_label_class_plot_type_id_name UNIQUE (plot_type_id, name),
    CONSTRAINT uq_label_class_plot_type_id_position UNIQUE (plot_type_id, position)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Classes of a plot type; position is the enum state, append only' COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS plot (
    id BIGINT NOT NULL AUTO_INCREMENT,
    uid VARCHAR(32) NOT NULL,
    plot_type_id BIGINT NOT NULL,
    image_id BIGINT NOT NULL,
    run INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    taken_at DATETIME(6) NOT NULL,
    received_at DATETIME(6) NOT NULL,
    source TEXT NOT NULL,
    run_period VARCHAR(64),
    CONSTRAINT pk_plot PRIMARY KEY (id),
    CONSTRAINT fk_plot_image_id FOREIGN KEY(image_id) REFERENCES image (id),
    CONSTRAINT fk_plot_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_plot_uid UNIQUE (uid)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='One picture of one plot type; uid identifies the arrival' COLLATE utf8mb4_bin;

CREATE INDEX ix_plot_image_id ON plot (image_id);

CREATE INDEX ix_plot_plot_type_id_run_chunk ON plot (plot_type_id, run, chunk);

CREATE INDEX ix_plot_received_at ON plot (received_at);

CREATE INDEX ix_plot_taken_at ON plot (taken_at);

CREATE TABLE IF NOT EXISTS role_grant (
    id BIGINT NOT NULL AUTO_INCREMENT,
    user_id BIGINT NOT NULL,
    `role` VARCHAR(64) NOT NULL,
    plot_type_id BIGINT,
    granted_by VARCHAR(190) NOT NULL,
    granted_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_role_grant PRIMARY KEY (id),
    CONSTRAINT fk_role_grant_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT fk_role_grant_user_id FOREIGN KEY(user_id) REFERENCES user_account (id),
    CONSTRAINT uq_role_grant_user_id_role_plot_type_id UNIQUE (user_id, `role`, plot_type_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Who is viewer, labeler, expert, liaison or admin; of one plot type or (NULL) of all' COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS saved_view (
    id BIGINT NOT NULL AUTO_INCREMENT,
    user_id BIGINT NOT NULL,
    name VARCHAR(190) NOT NULL,
    settings JSON NOT NULL,
    created_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_saved_view PRIMARY KEY (id),
    CONSTRAINT fk_saved_view_user_id FOREIGN KEY(user_id) REFERENCES user_account (id),
    CONSTRAINT uq_saved_view_user_id_name UNIQUE (user_id, name)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Filters and layouts that people keep' COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS session (
    id BIGINT NOT NULL AUTO_INCREMENT,
    token_hash VARCHAR(64) NOT NULL,
    user_id BIGINT NOT NULL,
    address VARCHAR(190) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    last_seen_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_session PRIMARY KEY (id),
    CONSTRAINT fk_session_user_id FOREIGN KEY(user_id) REFERENCES user_account (id),
    CONSTRAINT uq_session_token_hash UNIQUE (token_hash)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Web sessions; only the token''s hash is kept' COLLATE utf8mb4_bin;

CREATE INDEX ix_session_expires_at ON session (expires_at);

CREATE TABLE IF NOT EXISTS dataset_item (
    dataset_id BIGINT NOT NULL,
    plot_id BIGINT NOT NULL,
    label_class_id BIGINT NOT NULL,
    split VARCHAR(64) NOT NULL,
    CONSTRAINT pk_dataset_item PRIMARY KEY (dataset_id, plot_id),
    CONSTRAINT fk_dataset_item_dataset_id FOREIGN KEY(dataset_id) REFERENCES dataset (id),
    CONSTRAINT fk_dataset_item_label_class_id FOREIGN KEY(label_class_id) REFERENCES label_class (id),
    CONSTRAINT fk_dataset_item_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='One plot of a frozen set, with the label it had then' COLLATE utf8mb4_bin;

CREATE INDEX ix_dataset_item_plot_id ON dataset_item (plot_id);

CREATE TABLE IF NOT EXISTS label (
    id BIGINT NOT NULL AUTO_INCREMENT,
    batch_id BIGINT NOT NULL,
    plot_id BIGINT NOT NULL,
    label_class_id BIGINT NOT NULL,
    CONSTRAINT pk_label PRIMARY KEY (id),
    CONSTRAINT fk_label_batch_id FOREIGN KEY(batch_id) REFERENCES label_batch (id),
    CONSTRAINT fk_label_label_class_id FOREIGN KEY(label_class_id) REFERENCES label_class (id),
    CONSTRAINT fk_label_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id),
    CONSTRAINT uq_label_batch_id_plot_id UNIQUE (batch_id, plot_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Every vote, never overwritten' COLLATE utf8mb4_bin;

CREATE INDEX ix_label_plot_id ON label (plot_id);

CREATE TABLE IF NOT EXISTS model (
    id BIGINT NOT NULL AUTO_INCREMENT,
    plot_type_id BIGINT NOT NULL,
    version INTEGER NOT NULL,
    sha256 VARCHAR(64) NOT NULL,
    path TEXT NOT NULL,
    parent_id BIGINT,
    classes JSON NOT NULL,
    metrics JSON NOT NULL,
    dataset_id BIGINT,
    state VARCHAR(64) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    created_by VARCHAR(190) NOT NULL,
    activated_at DATETIME(6),
    CONSTRAINT pk_model PRIMARY KEY (id),
    CONSTRAINT fk_model_dataset_id FOREIGN KEY(dataset_id) REFERENCES dataset (id),
    CONSTRAINT fk_model_parent_id FOREIGN KEY(parent_id) REFERENCES model (id),
    CONSTRAINT fk_model_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_model_plot_type_id_version_sha256 UNIQUE (plot_type_id, version, sha256)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Model bundles; a row with an empty path was only seen in a result, never entered in the library' COLLATE utf8mb4_bin;

CREATE INDEX ix_model_plot_type_id_state ON model (plot_type_id, state);

CREATE TABLE IF NOT EXISTS truth (
    plot_id BIGINT NOT NULL,
    label_class_id BIGINT NOT NULL,
    batch_id BIGINT NOT NULL,
    split VARCHAR(64),
    group_name VARCHAR(190),
    updated_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_truth PRIMARY KEY (plot_id),
    CONSTRAINT fk_truth_batch_id FOREIGN KEY(batch_id) REFERENCES label_batch (id),
    CONSTRAINT fk_truth_label_class_id FOREIGN KEY(label_class_id) REFERENCES label_class (id),
    CONSTRAINT fk_truth_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='The label that training reads, one a plot' COLLATE utf8mb4_bin;

CREATE INDEX ix_truth_label_class_id ON truth (label_class_id);

CREATE TABLE IF NOT EXISTS inference (
    id BIGINT NOT NULL AUTO_INCREMENT,
    plot_id BIGINT NOT NULL,
    model_id BIGINT NOT NULL,
    plot_type_id BIGINT NOT NULL,
    top_class VARCHAR(64) NOT NULL,
    top_score DOUBLE NOT NULL,
    margin DOUBLE NOT NULL,
    novelty DOUBLE NOT NULL,
    scores JSON NOT NULL,
    cam BLOB,
    cam_height INTEGER,
    cam_width INTEGER,
    status SMALLINT,
    `condition` SMALLINT,
    confirmed BOOL,
    shadow BOOL NOT NULL,
    took_ms DOUBLE NOT NULL,
    created_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_inference PRIMARY KEY (id),
    CONSTRAINT fk_inference_model_id FOREIGN KEY(model_id) REFERENCES model (id),
    CONSTRAINT fk_inference_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id),
    CONSTRAINT fk_inference_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_inference_plot_id_model_id UNIQUE (plot_id, model_id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='What a model said of a plot; scores is a list of [class, score] in enum order' COLLATE utf8mb4_bin;

CREATE INDEX ix_inference_model_id_created_at ON inference (model_id, created_at);

CREATE INDEX ix_inference_plot_type_id_created_at ON inference (plot_type_id, created_at);

CREATE INDEX ix_inference_plot_type_id_margin ON inference (plot_type_id, margin);

CREATE INDEX ix_inference_plot_type_id_status_created_at ON inference (plot_type_id, status, created_at);

CREATE TABLE IF NOT EXISTS review_item (
    id BIGINT NOT NULL AUTO_INCREMENT,
    kind VARCHAR(64) NOT NULL,
    plot_id BIGINT NOT NULL,
    model_id BIGINT,
    score DOUBLE NOT NULL,
    state VARCHAR(64) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    resolved_by VARCHAR(190),
    resolved_at DATETIME(6),
    CONSTRAINT pk_review_item PRIMARY KEY (id),
    CONSTRAINT fk_review_item_model_id FOREIGN KEY(model_id) REFERENCES model (id),
    CONSTRAINT fk_review_item_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Plots that an expert should look at' COLLATE utf8mb4_bin;

CREATE INDEX ix_review_item_plot_id ON review_item (plot_id);

CREATE INDEX ix_review_item_state_kind_score ON review_item (state, kind, score);

CREATE TABLE IF NOT EXISTS threshold (
    id BIGINT NOT NULL AUTO_INCREMENT,
    model_id BIGINT NOT NULL,
    class_name VARCHAR(64) NOT NULL,
    set_at DATETIME(6) NOT NULL,
    value DOUBLE NOT NULL,
    method VARCHAR(64) NOT NULL,
    set_by VARCHAR(190) NOT NULL,
    CONSTRAINT pk_threshold PRIMARY KEY (id),
    CONSTRAINT fk_threshold_model_id FOREIGN KEY(model_id) REFERENCES model (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Every threshold ever set; the newest of a class is in force' COLLATE utf8mb4_bin;

CREATE INDEX ix_threshold_model_id_class_name_set_at ON threshold (model_id, class_name, set_at);

CREATE TABLE IF NOT EXISTS training_run (
    id BIGINT NOT NULL AUTO_INCREMENT,
    plot_type_id BIGINT NOT NULL,
    dataset_id BIGINT,
    model_id BIGINT,
    state VARCHAR(64) NOT NULL,
    started_at DATETIME(6) NOT NULL,
    finished_at DATETIME(6),
    settings JSON NOT NULL,
    history JSON NOT NULL,
    created_by VARCHAR(190) NOT NULL,
    CONSTRAINT pk_training_run PRIMARY KEY (id),
    CONSTRAINT fk_training_run_dataset_id FOREIGN KEY(dataset_id) REFERENCES dataset (id),
    CONSTRAINT fk_training_run_model_id FOREIGN KEY(model_id) REFERENCES model (id),
    CONSTRAINT fk_training_run_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='A training, its settings and its curves' COLLATE utf8mb4_bin;

CREATE INDEX ix_training_run_plot_type_id_started_at ON training_run (plot_type_id, started_at);

CREATE TABLE IF NOT EXISTS episode (
    id BIGINT NOT NULL AUTO_INCREMENT,
    uid VARCHAR(190) NOT NULL,
    plot_type_id BIGINT NOT NULL,
    class_name VARCHAR(64) NOT NULL,
    first_inference_id BIGINT,
    started_at DATETIME(6) NOT NULL,
    confirmed_at DATETIME(6) NOT NULL,
    ended_at DATETIME(6),
    worst_score DOUBLE NOT NULL,
    acked_by VARCHAR(190),
    acked_at DATETIME(6),
    feedback VARCHAR(64),
    note TEXT,
    logbook_url TEXT,
    CONSTRAINT pk_episode PRIMARY KEY (id),
    CONSTRAINT fk_episode_first_inference_id FOREIGN KEY(first_inference_id) REFERENCES inference (id),
    CONSTRAINT fk_episode_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_episode_uid UNIQUE (uid)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='One incident, from the first wrong plot until the type was confirmed right again' COLLATE utf8mb4_bin;

CREATE INDEX ix_episode_plot_type_id_started_at ON episode (plot_type_id, started_at);

CREATE INDEX ix_episode_started_at ON episode (started_at);

CREATE TABLE IF NOT EXISTS current_status (
    plot_type_id BIGINT NOT NULL,
    plot_id BIGINT,
    inference_id BIGINT,
    status SMALLINT NOT NULL,
    severity SMALLINT NOT NULL,
    `condition` SMALLINT NOT NULL,
    reason TEXT NOT NULL,
    since DATETIME(6),
    episode_id BIGINT,
    muted_until DATETIME(6),
    muted_by VARCHAR(190) NOT NULL,
    state JSON NOT NULL,
    verdict JSON,
    updated_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_current_status PRIMARY KEY (plot_type_id),
    CONSTRAINT fk_current_status_episode_id FOREIGN KEY(episode_id) REFERENCES episode (id),
    CONSTRAINT fk_current_status_inference_id FOREIGN KEY(inference_id) REFERENCES inference (id),
    CONSTRAINT fk_current_status_plot_id FOREIGN KEY(plot_id) REFERENCES plot (id),
    CONSTRAINT fk_current_status_plot_type_id FOREIGN KEY(plot_type_id) REFERENCES plot_type (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='What the operators see now, one row a plot type; state is all that decide() remembers' COLLATE utf8mb4_bin;

INSERT INTO alembic_version (version_num) VALUES ('0001');

-- Running upgrade 0001 -> 0002

CREATE TABLE IF NOT EXISTS policy (
    id BIGINT NOT NULL AUTO_INCREMENT,
    uid VARCHAR(32) NOT NULL,
    plot_type_id BIGINT NOT NULL,
    policy JSON NOT NULL,
    at DATETIME(6) NOT NULL,
    CONSTRAINT pk_policy PRIMARY KEY (id),
    CONSTRAINT fk_policy_plot_type_id_plot_type FOREIGN KEY(plot_type_id) REFERENCES plot_type (id),
    CONSTRAINT uq_policy_uid UNIQUE (uid)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Every policy that was ever in force, whoever or whatever changed it' COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS setting (
    id BIGINT NOT NULL AUTO_INCREMENT,
    plot_type_id BIGINT,
    name VARCHAR(64) NOT NULL,
    value JSON,
    set_at DATETIME(6) NOT NULL,
    set_by VARCHAR(190) NOT NULL,
    set_from VARCHAR(190) NOT NULL,
    CONSTRAINT pk_setting PRIMARY KEY (id),
    CONSTRAINT fk_setting_plot_type_id_plot_type FOREIGN KEY(plot_type_id) REFERENCES plot_type (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Rules set by hand over the configuration, for one plot type or (NULL) all; the newest of a name holds' COLLATE utf8mb4_bin;

CREATE INDEX ix_policy_plot_type_id_at ON policy (plot_type_id, at);

CREATE INDEX ix_setting_plot_type_id_name_id ON setting (plot_type_id, name, id);

UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0001';

-- Running upgrade 0002 -> 0003

CREATE TABLE IF NOT EXISTS api_token (
    id BIGINT NOT NULL AUTO_INCREMENT,
    name VARCHAR(190) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    `role` VARCHAR(64) NOT NULL,
    plot_types JSON,
    created_by VARCHAR(190) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6),
    last_used_at DATETIME(6),
    revoked_at DATETIME(6),
    CONSTRAINT pk_api_token PRIMARY KEY (id),
    CONSTRAINT uq_api_token_token_hash UNIQUE (token_hash)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Keys of programs; only the token''s hash is kept' COLLATE utf8mb4_bin;

ALTER TABLE session ADD COLUMN agent VARCHAR(190);

ALTER TABLE session ADD COLUMN `groups` JSON;

CREATE INDEX ix_audit_log_who_at ON audit_log (who, at);

CREATE INDEX ix_audit_log_what_at ON audit_log (what, at);

CREATE INDEX ix_session_user_id_expires_at ON session (user_id, expires_at);

CREATE TABLE IF NOT EXISTS standing (
    plot_id BIGINT NOT NULL,
    plot_type_id BIGINT NOT NULL,
    state VARCHAR(64) NOT NULL,
    dissent DOUBLE NOT NULL,
    label_class_id BIGINT,
    batch_id BIGINT,
    after_batch BIGINT NOT NULL,
    split VARCHAR(64),
    group_name VARCHAR(190),
    updated_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_standing PRIMARY KEY (plot_id),
    CONSTRAINT fk_standing_batch_id_label_batch FOREIGN KEY(batch_id) REFERENCES label_batch (id),
    CONSTRAINT fk_standing_label_class_id_label_class FOREIGN KEY(label_class_id) REFERENCES label_class (id),
    CONSTRAINT fk_standing_plot_id_plot FOREIGN KEY(plot_id) REFERENCES plot (id),
    CONSTRAINT fk_standing_plot_type_id_plot_type FOREIGN KEY(plot_type_id) REFERENCES plot_type (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Plots whose label is not just what everybody said: disputed, decided, left out, asked again' COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS skipped (
    person VARCHAR(190) NOT NULL,
    plot_id BIGINT NOT NULL,
    at DATETIME(6) NOT NULL,
    CONSTRAINT pk_skipped PRIMARY KEY (person, plot_id),
    CONSTRAINT fk_skipped_plot_id_plot FOREIGN KEY(plot_id) REFERENCES plot (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Plots that somebody put off while labelling; they come last' COLLATE utf8mb4_bin;

ALTER TABLE label_batch ADD COLUMN plot_type_id BIGINT;

ALTER TABLE label_batch ADD COLUMN summary JSON;

ALTER TABLE review_item ADD COLUMN note TEXT;

ALTER TABLE review_item ADD COLUMN asked_by VARCHAR(190);

ALTER TABLE review_item ADD COLUMN batch_id BIGINT;

CREATE INDEX ix_standing_plot_type_id_dissent_plot_id ON standing (plot_type_id, dissent, plot_id);

CREATE INDEX ix_standing_batch_id ON standing (batch_id);

CREATE INDEX ix_skipped_plot_id ON skipped (plot_id);

CREATE INDEX ix_label_batch_plot_type_id_id ON label_batch (plot_type_id, id);

CREATE INDEX ix_review_item_batch_id ON review_item (batch_id);

CREATE INDEX ix_plot_plot_type_id_id ON plot (plot_type_id, id);

CREATE INDEX ix_plot_plot_type_id_uid ON plot (plot_type_id, uid);

CREATE INDEX ix_inference_model_id_margin_plot_id ON inference (model_id, margin, plot_id);

CREATE INDEX ix_inference_model_id_top_class_margin_plot_id ON inference (model_id, top_class, margin, plot_id);

DROP INDEX ix_inference_plot_type_id_margin ON inference;

CREATE TABLE IF NOT EXISTS embedding (
    inference_id BIGINT NOT NULL,
    model_id BIGINT NOT NULL,
    plot_id BIGINT NOT NULL,
    vector BLOB NOT NULL,
    CONSTRAINT pk_embedding PRIMARY KEY (inference_id),
    CONSTRAINT fk_embedding_inference_id_inference FOREIGN KEY(inference_id) REFERENCES inference (id),
    CONSTRAINT fk_embedding_model_id_model FOREIGN KEY(model_id) REFERENCES model (id),
    CONSTRAINT fk_embedding_plot_id_plot FOREIGN KEY(plot_id) REFERENCES plot (id)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='How a model sees a plot, little-endian float16; kept for its last plots and for labelled ones' COLLATE utf8mb4_bin;

CREATE INDEX ix_embedding_model_id_inference_id ON embedding (model_id, inference_id);

CREATE INDEX ix_embedding_plot_id ON embedding (plot_id);

CREATE INDEX ix_inference_trend ON inference (plot_type_id, created_at, shadow, top_class, top_score, novelty);

DROP INDEX ix_inference_plot_type_id_created_at ON inference;

ALTER TABLE episode ADD COLUMN worst_inference_id BIGINT;

ALTER TABLE episode ADD COLUMN feedback_by VARCHAR(190);

ALTER TABLE episode ADD COLUMN feedback_at DATETIME(6);

CREATE INDEX ix_inference_status_created_at ON inference (status, created_at);

CREATE TABLE IF NOT EXISTS report_recipient (
    id BIGINT NOT NULL AUTO_INCREMENT,
    who VARCHAR(190) NOT NULL,
    email VARCHAR(190) NOT NULL,
    since DATETIME(6) NOT NULL,
    CONSTRAINT pk_report_recipient PRIMARY KEY (id),
    CONSTRAINT uq_report_recipient_who UNIQUE (who)
)ENGINE=InnoDB CHARSET=utf8mb4 COMMENT='Who asked for the daily shift report by mail' COLLATE utf8mb4_bin;

UPDATE alembic_version SET version_num='0003' WHERE alembic_version.version_num = '0002';
