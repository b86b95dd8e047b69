\set n random(1, :singles)
WITH logged AS (
  INSERT INTO peer_rule.request_log (agency_id, subject, request)
  SELECT agency_id, 'clerk', 'one' FROM peer_rule.single WHERE n = :n RETURNING agency_id
)
SELECT json_build_object(
  'id', r.id, 'reference', r.reference, 'status', r.status, 'dueOn', r.due_on, 'sender', s.name,
    'concern', h.concern, 'familyName', h.family_name, 'givenName', h.given_name, 'birthDate', h.birth_date,
    'postalCode', h.postal_code, 'city', h.city, 'preferredLanguage', h.preferred_language,
    'interpreterNeeded', h.interpreter_needed::boolean, 'nationalities', h.nationalities::json,
    'aufenthaltstitel', h.aufenthaltstitel, 'aufenthaltstitelValidUntil', h.aufenthaltstitel_valid_until,
    'auslaenderbehoerdeFileNumber', h.auslaenderbehoerde_file_number
  )
FROM referral r
JOIN handover h ON h.referral_id = r.id
JOIN agency s ON s.id = r.sender_id
WHERE r.id = (SELECT id FROM peer_rule.single WHERE n = :n) AND r.receiver_id = (SELECT agency_id FROM logged);
