\set n random(1, :clerks)
WITH logged AS (
  INSERT INTO peer_rule.request_log (agency_id, subject, request)
  SELECT agency_id, 'clerk', 'messages' FROM peer_rule.clerk WHERE n = :n RETURNING agency_id
)
SELECT json_agg(json_build_object(
  'id', r.id, 'reference', r.reference, 'status', r.status, 'dueOn', r.due_on, 'sender', s.name,
    'concern', h.concern, 'familyName', h.family_name, 'givenName', h.given_name, 'birthDate', h.birth_date,
    'postalCode', h.postal_code, 'city', h.city, 'preferredLanguage', h.preferred_language,
    'interpreterNeeded', h.interpreter_needed::boolean, 'nationalities', h.nationalities::json,
    'aufenthaltstitel', h.aufenthaltstitel, 'aufenthaltstitelValidUntil', h.aufenthaltstitel_valid_until,
    'auslaenderbehoerdeFileNumber', h.auslaenderbehoerde_file_number,
    'messages', m.messages
  ) ORDER BY r.due_on, r.id)
FROM (
  SELECT * FROM referral r WHERE r.receiver_id = (SELECT agency_id FROM logged) AND r.pending
  ORDER BY r.due_on, r.id LIMIT 50
) r
JOIN handover h ON h.referral_id = r.id
JOIN agency s ON s.id = r.sender_id
CROSS JOIN LATERAL (
  SELECT json_agg(json_build_object('sentAt', to_timestamp(m.sent_at / 1000000.0), 'text', m.body, 'author', a.name)
    ORDER BY m.sent_at, m.id) AS messages
  FROM (SELECT * FROM message m WHERE m.referral_id = r.id ORDER BY m.sent_at DESC, m.id DESC LIMIT 3) m
  JOIN agency a ON a.id = m.agency_id
) m;
