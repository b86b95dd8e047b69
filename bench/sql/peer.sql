-- The peers' database: the same rows in plain tables, and the same rules with PostgreSQL's means (row-level security by
-- the token's agency, column grants by its role), one log row per request. Expensive work is done in advance wherever
-- possible, in the peers' favour: the rule is evaluated when the rows are copied, and every message contains its
-- receiver.
DROP SCHEMA IF EXISTS peer, peer_rule CASCADE;
CREATE SCHEMA peer;
-- Schema that the peers must not expose.
CREATE SCHEMA peer_rule;

CREATE TABLE peer.agency AS SELECT id, slug, name, kind FROM agency;
ALTER TABLE peer.agency ADD PRIMARY KEY (id);

-- What the receiver would see today; nothing of the handover once a referral is finally closed.
CREATE TABLE peer.referral AS
SELECT r.id, r.reference, r.status, r.version, r.due_on, r.pending, r.receiver_id, r.sender_id, v.*
FROM referral r
JOIN agreement a ON a.id = r.agreement_id
JOIN handover h ON h.referral_id = r.id
LEFT JOIN LATERAL (
    SELECT h.concern, h.family_name, h.given_name, h.birth_date::date AS birth_date, h.postal_code, h.city,
           h.preferred_language, h.interpreter_needed::boolean AS interpreter_needed,
           CASE WHEN h.nationalities IS NOT NULL
                THEN ARRAY(SELECT json_array_elements_text(h.nationalities::json)) END AS nationalities,
           h.aufenthaltstitel, h.aufenthaltstitel_valid_until::date AS aufenthaltstitel_valid_until,
           h.auslaenderbehoerde_file_number
    WHERE r.status IN ('OFFERED', 'ACKNOWLEDGED', 'INFO_REQUESTED', 'ACCEPTED', 'IN_PROGRESS')
       OR (r.status IN ('COMPLETED', 'FAILED') AND r.closed_on + a.access_days >= current_date)
) v ON true
ORDER BY r.id;
ALTER TABLE peer.referral
    ADD PRIMARY KEY (id), ALTER receiver_id SET NOT NULL, ALTER sender_id SET NOT NULL, ALTER due_on SET NOT NULL,
    ALTER status SET NOT NULL, ALTER reference SET NOT NULL, ALTER version SET NOT NULL, ALTER pending SET NOT NULL,
    ADD CONSTRAINT referral_sender FOREIGN KEY (sender_id) REFERENCES peer.agency (id);
CREATE INDEX ON peer.referral (receiver_id, due_on, id) WHERE pending;
-- A peer's query contains pending = $1. A cached plan for it cannot use the index above.
CREATE INDEX ON peer.referral (receiver_id, pending, due_on, id);
CREATE INDEX ON peer.referral (receiver_id, due_on, id);
CREATE INDEX ON peer.referral (receiver_id, status) INCLUDE (pending, due_on);
CREATE INDEX ON peer.referral (sender_id);

CREATE TABLE peer.message AS
SELECT m.id, m.referral_id, r.receiver_id, timestamptz 'epoch' + m.sent_at * interval '1 microsecond' AS sent_at,
        m.agency_id AS author_id, m.body
FROM message m JOIN referral r ON r.id = m.referral_id ORDER BY m.id;
ALTER TABLE peer.message
    ADD PRIMARY KEY (id), ALTER referral_id SET NOT NULL, ALTER receiver_id SET NOT NULL, ALTER author_id SET NOT NULL,
    ALTER sent_at SET NOT NULL, ALTER body SET NOT NULL,
    ADD CONSTRAINT message_referral FOREIGN KEY (referral_id) REFERENCES peer.referral (id),
    ADD CONSTRAINT message_author FOREIGN KEY (author_id) REFERENCES peer.agency (id);
CREATE INDEX ON peer.message (referral_id, sent_at, id);
CREATE INDEX ON peer.message (author_id);

CREATE TABLE peer_rule.request_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
    agency_id uuid NOT NULL, subject text NOT NULL, request text NOT NULL
);
CREATE TABLE peer_rule.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT clock_timestamp(),
    referral_id uuid NOT NULL, from_status text NOT NULL, to_status text NOT NULL
);

-- The token's claims: one peer has a setting per claim, the other one setting for all claims.
CREATE FUNCTION peer_rule.agency_of_token() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(nullif(current_setting('jwt.claims.agency_id', true), ''),
                    nullif(current_setting('request.jwt.claims', true), '')::json ->> 'agency_id')::uuid
$$;

-- Policies call it as (SELECT peer_rule.log_request()), which is evaluated once per statement, so it writes one row per
-- request. It is written in plpgsql, which caches its plans.
CREATE FUNCTION peer_rule.log_request() RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER AS $$
BEGIN
    INSERT INTO peer_rule.request_log (agency_id, subject, request)
    VALUES (peer_rule.agency_of_token(), coalesce(nullif(current_setting('jwt.claims.sub', true), ''), 'clerk'), 'referrals');
    RETURN true;
END $$;

CREATE FUNCTION peer_rule.moved() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF NEW.version <> OLD.version + 1 OR OLD.status NOT IN ('OFFERED', 'ACKNOWLEDGED') THEN
        RAISE EXCEPTION 'CONFLICT';
    END IF;
    NEW.pending := false;
    INSERT INTO peer_rule.event (referral_id, from_status, to_status) VALUES (NEW.id, OLD.status, NEW.status);
    RETURN NEW;
END $$;
CREATE TRIGGER moved BEFORE UPDATE OF status ON peer.referral FOR EACH ROW EXECUTE FUNCTION peer_rule.moved();

ALTER TABLE peer.referral ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_receiver ON peer.referral FOR SELECT
    USING (receiver_id = (SELECT peer_rule.agency_of_token()) AND (SELECT peer_rule.log_request()));
-- An update also reads the row, and the policy above logs that.
CREATE POLICY by_the_receiver ON peer.referral FOR UPDATE USING (true) WITH CHECK (true);
ALTER TABLE peer.message ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_receiver ON peer.message FOR SELECT USING (receiver_id = (SELECT peer_rule.agency_of_token()));

-- The dashboard's numbers as a view that bypasses row-level security and filters by itself. Numbers identify nobody, so
-- no subject logs them.
CREATE VIEW peer.dashboard AS
SELECT status, count(*)::int AS count, count(*) FILTER (WHERE pending)::int AS pending,
       count(*) FILTER (WHERE due_on < current_date
                        AND status IN ('OFFERED', 'ACKNOWLEDGED', 'ACCEPTED', 'IN_PROGRESS'))::int AS overdue
FROM peer.referral WHERE receiver_id = (SELECT peer_rule.agency_of_token()) GROUP BY status;

-- The roles have the names that the token's claim contains. `visitor` is the role without a token.
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'CLERK') THEN CREATE ROLE "CLERK"; END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'visitor') THEN CREATE ROLE visitor; END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'peer') THEN CREATE ROLE peer LOGIN NOINHERIT; END IF;
END $$;
GRANT "CLERK", visitor TO peer;
GRANT USAGE ON SCHEMA peer, peer_rule TO "CLERK", visitor, peer;
GRANT SELECT (id, slug, name, kind) ON peer.agency TO "CLERK";
GRANT SELECT (id, reference, status, version, due_on, pending, receiver_id, sender_id, concern, family_name,
              given_name, birth_date, postal_code, city, preferred_language, interpreter_needed, nationalities,
              aufenthaltstitel, aufenthaltstitel_valid_until, auslaenderbehoerde_file_number),
      UPDATE (status, version) ON peer.referral TO "CLERK";
GRANT SELECT (id, referral_id, receiver_id, sent_at, author_id, body) ON peer.message TO "CLERK";
GRANT SELECT ON peer.dashboard TO "CLERK";
-- One peer offers no update unless some role may update whole rows. Nobody uses this role.
GRANT UPDATE ON peer.referral TO peer;
