CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE feed_states (
	url TEXT NOT NULL,
	body TEXT NOT NULL,
	changed BIGINT NOT NULL,
	CONSTRAINT pk_feed_states PRIMARY KEY (url)
);
CREATE TABLE editions (
	digest TEXT NOT NULL,
	day TEXT NOT NULL,
	state TEXT NOT NULL,
	reason TEXT DEFAULT '' NOT NULL,
	number INTEGER,
	base TEXT,
	built_at BIGINT,
	version TEXT DEFAULT '' NOT NULL,
	held BOOLEAN DEFAULT false NOT NULL,
	approved_at BIGINT,
	approved_by TEXT DEFAULT '' NOT NULL,
	published_at BIGINT,
	listed_at BIGINT,
	changed BIGINT NOT NULL, retracted_at BIGINT, retraction TEXT DEFAULT '' NOT NULL, draft INTEGER DEFAULT '0' NOT NULL, opens TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_editions PRIMARY KEY (digest, day),
	CONSTRAINT uq_editions_digest_number UNIQUE (digest, number)
);
CREATE INDEX ix_editions_digest_state ON editions (digest, state);
CREATE TABLE edits (
	digest TEXT NOT NULL,
	day TEXT NOT NULL,
	sequence INTEGER NOT NULL,
	kind TEXT NOT NULL,
	target TEXT DEFAULT '' NOT NULL,
	value TEXT NOT NULL,
	"by" TEXT NOT NULL,
	at BIGINT NOT NULL,
	CONSTRAINT pk_edits PRIMARY KEY (digest, day, sequence),
	CONSTRAINT fk_edits_digest_day_editions FOREIGN KEY(digest, day) REFERENCES editions (digest, day) ON DELETE CASCADE
);
CREATE TABLE contents (
	hash TEXT NOT NULL,
	media_type TEXT NOT NULL,
	body BLOB NOT NULL,
	created BIGINT NOT NULL,
	CONSTRAINT pk_contents PRIMARY KEY (hash)
);
CREATE TABLE edition_parts (
	digest TEXT NOT NULL,
	day TEXT NOT NULL,
	version TEXT NOT NULL,
	language TEXT NOT NULL,
	hash TEXT NOT NULL,
	CONSTRAINT pk_edition_parts PRIMARY KEY (digest, day, version, language),
	CONSTRAINT fk_edition_parts_digest_day_editions FOREIGN KEY(digest, day) REFERENCES editions (digest, day) ON DELETE CASCADE,
	CONSTRAINT fk_edition_parts_hash_contents FOREIGN KEY(hash) REFERENCES contents (hash)
);
CREATE TABLE pictures (
	url TEXT NOT NULL,
	style TEXT NOT NULL,
	name TEXT NOT NULL,
	body TEXT NOT NULL,
	created BIGINT NOT NULL,
	CONSTRAINT pk_pictures PRIMARY KEY (url, style)
);
CREATE TABLE sent_events (
	digest TEXT NOT NULL,
	day TEXT NOT NULL,
	lead TEXT NOT NULL,
	body TEXT NOT NULL,
	CONSTRAINT pk_sent_events PRIMARY KEY (digest, day, lead)
);
CREATE TABLE subscribers (
	id TEXT NOT NULL,
	email TEXT NOT NULL,
	email_key TEXT NOT NULL,
	name TEXT DEFAULT '' NOT NULL,
	sections TEXT,
	digests TEXT DEFAULT 'daily' NOT NULL,
	format TEXT DEFAULT 'html' NOT NULL,
	language TEXT DEFAULT '' NOT NULL,
	time_zone TEXT DEFAULT '' NOT NULL,
	status TEXT NOT NULL,
	status_reason TEXT DEFAULT '' NOT NULL,
	status_at BIGINT NOT NULL,
	paused_until TEXT,
	consent TEXT DEFAULT '{}' NOT NULL,
	attributes TEXT DEFAULT '{}' NOT NULL,
	own TEXT DEFAULT '' NOT NULL,
	created BIGINT NOT NULL,
	changed BIGINT NOT NULL, weekdays_only BOOLEAN DEFAULT false NOT NULL,
	CONSTRAINT pk_subscribers PRIMARY KEY (id),
	CONSTRAINT uq_subscribers_email_key UNIQUE (email_key)
);
CREATE INDEX ix_subscribers_status ON subscribers (status);
CREATE TABLE suppressions (
	email_key TEXT NOT NULL,
	digest TEXT NOT NULL,
	reason TEXT NOT NULL,
	at BIGINT NOT NULL,
	source TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_suppressions PRIMARY KEY (email_key, digest)
);
CREATE TABLE deliveries (
	digest TEXT NOT NULL,
	day TEXT NOT NULL,
	subscriber TEXT NOT NULL,
	state TEXT NOT NULL,
	attempts INTEGER DEFAULT '0' NOT NULL,
	due BIGINT DEFAULT '0' NOT NULL,
	first_attempt BIGINT,
	owner TEXT DEFAULT '' NOT NULL,
	lease_until BIGINT,
	message_id TEXT DEFAULT '' NOT NULL,
	reply TEXT DEFAULT '' NOT NULL,
	changed BIGINT NOT NULL,
	CONSTRAINT pk_deliveries PRIMARY KEY (digest, day, subscriber)
)
 WITHOUT ROWID
;
CREATE INDEX ix_deliveries_digest_day_state_due ON deliveries (digest, day, state, due);
CREATE INDEX ix_deliveries_subscriber ON deliveries (subscriber);
CREATE TABLE attempts (
	id INTEGER NOT NULL,
	digest TEXT NOT NULL,
	day TEXT NOT NULL,
	subscriber TEXT NOT NULL,
	at BIGINT NOT NULL,
	outcome TEXT NOT NULL,
	code INTEGER DEFAULT '0' NOT NULL,
	enhanced TEXT DEFAULT '' NOT NULL,
	phase TEXT DEFAULT '' NOT NULL,
	reply TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_attempts PRIMARY KEY (id)
);
CREATE INDEX ix_attempts_digest_day_subscriber ON attempts (digest, day, subscriber);
CREATE INDEX ix_attempts_subscriber ON attempts (subscriber);
CREATE TABLE delivery_counts (
	digest TEXT NOT NULL,
	day TEXT NOT NULL,
	state TEXT NOT NULL,
	count INTEGER NOT NULL,
	CONSTRAINT pk_delivery_counts PRIMARY KEY (digest, day, state)
);
CREATE TABLE notices (
	"key" TEXT NOT NULL,
	kind TEXT NOT NULL,
	recipient TEXT NOT NULL,
	body TEXT NOT NULL,
	state TEXT NOT NULL,
	attempts INTEGER DEFAULT '0' NOT NULL,
	due BIGINT DEFAULT '0' NOT NULL,
	reply TEXT DEFAULT '' NOT NULL,
	created BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	CONSTRAINT pk_notices PRIMARY KEY ("key")
);
CREATE INDEX ix_notices_state_due ON notices (state, due);
CREATE TABLE rosters (
	path TEXT NOT NULL,
	hash TEXT NOT NULL,
	rows INTEGER NOT NULL,
	merged_at BIGINT NOT NULL,
	CONSTRAINT pk_rosters PRIMARY KEY (path)
);
CREATE TABLE lock_holders (
	name TEXT NOT NULL,
	holder TEXT NOT NULL,
	since BIGINT NOT NULL,
	CONSTRAINT pk_lock_holders PRIMARY KEY (name)
);
CREATE TABLE runs (
	id INTEGER NOT NULL,
	digest TEXT NOT NULL,
	day TEXT NOT NULL,
	command TEXT NOT NULL,
	started BIGINT NOT NULL,
	finished BIGINT,
	exit_code INTEGER,
	summary TEXT DEFAULT '{}' NOT NULL,
	CONSTRAINT pk_runs PRIMARY KEY (id)
);
CREATE INDEX ix_runs_digest_started ON runs (digest, started);
CREATE TABLE stories (
	id TEXT NOT NULL,
	feed TEXT NOT NULL,
	canonical_url TEXT NOT NULL,
	seen BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	published BIGINT,
	body TEXT NOT NULL,
	CONSTRAINT pk_stories PRIMARY KEY (id, feed)
);
CREATE INDEX ix_stories_feed_seen ON stories (feed, seen);
CREATE INDEX ix_stories_seen ON stories (seen);
CREATE TABLE pages (
	url TEXT NOT NULL,
	body TEXT NOT NULL,
	changed BIGINT NOT NULL,
	CONSTRAINT pk_pages PRIMARY KEY (url)
);
CREATE TABLE pauses (
	digest TEXT NOT NULL,
	until TEXT NOT NULL,
	"by" TEXT NOT NULL,
	at BIGINT NOT NULL,
	CONSTRAINT pk_pauses PRIMARY KEY (digest)
);
CREATE TABLE alarms (
	topic TEXT NOT NULL,
	state TEXT NOT NULL,
	number INTEGER NOT NULL,
	changed BIGINT NOT NULL,
	CONSTRAINT pk_alarms PRIMARY KEY (topic)
);
CREATE TABLE signups (
	id TEXT NOT NULL,
	email TEXT NOT NULL,
	email_key TEXT NOT NULL,
	name TEXT DEFAULT '' NOT NULL,
	digests TEXT NOT NULL,
	sections TEXT,
	language TEXT DEFAULT '' NOT NULL,
	consent TEXT DEFAULT '{}' NOT NULL,
	asked_at BIGINT NOT NULL,
	confirmed_at BIGINT,
	CONSTRAINT pk_signups PRIMARY KEY (id)
);
CREATE INDEX ix_signups_email_key ON signups (email_key);
CREATE INDEX ix_signups_asked_at ON signups (asked_at);
CREATE TABLE paces (
	name TEXT NOT NULL,
	due BIGINT DEFAULT '0' NOT NULL,
	used BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_paces PRIMARY KEY (name)
);
CREATE TABLE workers (
	name TEXT NOT NULL,
	host TEXT NOT NULL,
	pid INTEGER NOT NULL,
	version TEXT NOT NULL,
	keys TEXT DEFAULT '' NOT NULL,
	started BIGINT NOT NULL,
	seen BIGINT NOT NULL,
	doing TEXT DEFAULT '' NOT NULL,
	accepted BIGINT DEFAULT '0' NOT NULL,
	CONSTRAINT pk_workers PRIMARY KEY (name)
);
CREATE TABLE copies (
	name TEXT NOT NULL,
	source TEXT NOT NULL,
	last TEXT DEFAULT '' NOT NULL,
	rows BIGINT DEFAULT '0' NOT NULL,
	finished BIGINT,
	CONSTRAINT pk_copies PRIMARY KEY (name)
);
CREATE TABLE queue_migrations (
	name TEXT NOT NULL,
	at BIGINT NOT NULL,
	CONSTRAINT pk_queue_migrations PRIMARY KEY (name)
);
CREATE TABLE returns (
	fingerprint TEXT NOT NULL,
	subscriber TEXT NOT NULL,
	kind TEXT NOT NULL,
	day TEXT DEFAULT '' NOT NULL,
	permanent BOOLEAN DEFAULT false NOT NULL,
	code TEXT DEFAULT '' NOT NULL,
	reply TEXT DEFAULT '' NOT NULL,
	at BIGINT NOT NULL,
	CONSTRAINT pk_returns PRIMARY KEY (fingerprint, subscriber)
);
CREATE INDEX ix_returns_subscriber ON returns (subscriber);
CREATE INDEX ix_returns_at ON returns (at);
CREATE INDEX ix_edits_kind_at ON edits (kind, at);
CREATE TABLE desk_users (
	name TEXT NOT NULL,
	role TEXT NOT NULL,
	password TEXT NOT NULL,
	created BIGINT NOT NULL,
	changed BIGINT NOT NULL,
	CONSTRAINT pk_desk_users PRIMARY KEY (name)
);
CREATE TABLE desk_sessions (
	token TEXT NOT NULL,
	kind TEXT NOT NULL,
	name TEXT NOT NULL,
	role TEXT DEFAULT '' NOT NULL,
	csrf TEXT DEFAULT '' NOT NULL,
	created BIGINT NOT NULL,
	seen BIGINT NOT NULL,
	until BIGINT NOT NULL,
	CONSTRAINT pk_desk_sessions PRIMARY KEY (token)
);
CREATE INDEX ix_desk_sessions_name ON desk_sessions (name);
CREATE TABLE desk_log (
	id INTEGER NOT NULL,
	at BIGINT NOT NULL,
	"by" TEXT NOT NULL,
	did TEXT NOT NULL,
	about TEXT DEFAULT '' NOT NULL,
	address TEXT DEFAULT '' NOT NULL,
	CONSTRAINT pk_desk_log PRIMARY KEY (id)
);
CREATE INDEX ix_desk_log_at ON desk_log (at);
CREATE INDEX ix_stories_published_seen ON stories (published, seen);
CREATE INDEX ix_pages_changed ON pages (changed);
CREATE INDEX ix_notices_changed ON notices (changed);
CREATE INDEX ix_runs_started ON runs (started);
CREATE INDEX ix_subscribers_time_zone ON subscribers (time_zone);
CREATE TABLE search_items (
	id BIGINT NOT NULL,
	digest TEXT NOT NULL,
	day TEXT NOT NULL,
	body TEXT NOT NULL,
	"indexed" BIGINT NOT NULL,
	CONSTRAINT pk_search_items PRIMARY KEY (id)
);
CREATE INDEX ix_search_items_digest_day ON search_items (digest, day);
CREATE VIRTUAL TABLE search_index USING fts5(headline, body, facets, prefix = '3 4', tokenize = "unicode61 remove_diacritics 0 categories 'L* N* M* Co'");
CREATE INDEX ix_editions_standing ON editions (digest, day, state, number, version, published_at, listed_at, retracted_at);
INSERT INTO alembic_version VALUES ('0015');
