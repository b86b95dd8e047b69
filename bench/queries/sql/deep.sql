\set n random(1, :clerks)
WITH logged AS (
  INSERT INTO peer_rule.request_log (agency_id, subject, request)
  SELECT agency_id, 'clerk', 'deep' FROM peer_rule.clerk WHERE n = :n RETURNING agency_id
)
SELECT json_agg(json_build_object(
  'id', r.id, 'reference', r.reference, 'status', r.status, 'dueOn', r.due_on, 'sender', s.name,
    'concern', CASE WHEN v.open THEN h.concern END, 'familyName', CASE WHEN v.open THEN h.family_name END,
    'givenName', CASE WHEN v.open THEN h.given_name END, 'birthDate', CASE WHEN v.open THEN h.birth_date END,
    'postalCode', CASE WHEN v.open THEN h.postal_code END, 'city', CASE WHEN v.open THEN h.city END,
    'preferredLanguage', CASE WHEN v.open THEN h.preferred_language END,
    'interpreterNeeded', CASE WHEN v.open THEN h.interpreter_needed::boolean END,
    'nationalities', CASE WHEN v.open THEN h.nationalities::json END,
    'aufenthaltstitel', CASE WHEN v.open THEN h.aufenthaltstitel END,
    'aufenthaltstitelValidUntil', CASE WHEN v.open THEN h.aufenthaltstitel_valid_until END,
    'auslaenderbehoerdeFileNumber', CASE WHEN v.open THEN h.auslaenderbehoerde_file_number END
  ) ORDER BY r.due_on, r.id)
FROM (
  SELECT * FROM referral r WHERE r.receiver_id = (SELECT agency_id FROM logged) AND (r.due_on, r.id) > (
    SELECT due_on, id FROM peer_rule.clerk WHERE n = :n)
  ORDER BY r.due_on, r.id LIMIT 50
) r
JOIN handover h ON h.referral_id = r.id
JOIN agency s ON s.id = r.sender_id
JOIN agreement a ON a.id = r.agreement_id
CROSS JOIN LATERAL (SELECT r.status IN ('OFFERED', 'ACKNOWLEDGED', 'INFO_REQUESTED', 'ACCEPTED', 'IN_PROGRESS')
  OR (r.status IN ('COMPLETED', 'FAILED') AND r.closed_on + a.access_days >= current_date) AS open) v;
