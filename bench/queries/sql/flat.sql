\set n random(1, :clerks)
WITH logged AS (
  INSERT INTO peer_rule.request_log (agency_id, subject, request)
  SELECT agency_id, 'clerk', 'flat' FROM peer_rule.clerk WHERE n = :n RETURNING agency_id
)
SELECT json_agg(json_build_object(
  'id', r.id, 'reference', r.reference, 'status', r.status, 'dueOn', r.due_on,
    'familyName', h.family_name, 'givenName', h.given_name, 'birthDate', h.birth_date
  ) ORDER BY r.due_on, r.id)
FROM (
  SELECT * FROM referral r WHERE r.receiver_id = (SELECT agency_id FROM logged) AND r.pending
  ORDER BY r.due_on, r.id LIMIT 20
) r
JOIN handover h ON h.referral_id = r.id;
